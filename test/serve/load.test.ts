import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { annotate, LABELS, picture, ServeRig } from "./rig.js";

/** Images accepted and not yet answered. */
async function waiting(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^pipestill_waiting_images (\d+)$/m.exec(metrics)![1]);
}

test("a full queue sheds: each of 400 requests gets one answer, 200 or 429 with Retry-After, and the server is well", async () => {
  const server = await new ServeRig().start(["--queue", "16"]);
  const image = { content: await picture("#40a040", 64) };
  const body = { requests: Array(4).fill({ image, features: LABELS }) };
  const answers = await Promise.all(Array.from({ length: 400 }, () => annotate(server.url, body)));
  const counts = new Map<number, number>();
  for (const { status, headers, body } of answers) {
    counts.set(status, (counts.get(status) ?? 0) + 1);
    if (status === 200) {
      assert.deepEqual(
        body.responses!.map(({ labelAnnotations }) => labelAnnotations?.length),
        [3, 3, 3, 3],
      );
    } else {
      assert.equal(body.error!.status, "RESOURCE_EXHAUSTED");
      assert.ok(Number(headers.get("retry-after")) >= 1);
    }
  }
  assert.deepEqual([...counts.keys()].sort(), [200, 429]);
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  assert.match(metrics, new RegExp(`^pipestill_images_total\\{code="0"\\} ${4 * counts.get(200)!}$`, "m"));
  assert.match(metrics, /^pipestill_waiting_images 0$/m);
  assert.equal((await annotate(server.url, body)).status, 200);
  server.kill("SIGTERM");
  assert.equal((await server.finished).code, 0);
});

test("SIGTERM: what was accepted is answered, nothing more is taken, exit code 0", async () => {
  const server = await new ServeRig().start();
  const image = { content: await picture("#4040a0", 4000) };
  const accepted = annotate(server.url, { requests: Array(16).fill({ image, features: LABELS }) });
  while ((await waiting(server.url)) !== 16) await sleep(5);
  server.kill("SIGTERM");
  const { status, body } = await accepted;
  assert.equal(status, 200);
  assert.equal(body.responses!.filter(({ labelAnnotations }) => labelAnnotations?.length === 3).length, 16);
  const { code, stderr } = await server.finished;
  assert.equal(code, 0, stderr);
  await assert.rejects(fetch(server.url));
});

test("a client that goes away, or never ends its request, holds nothing back", async () => {
  const server = await new ServeRig().start(["--queue", "16"]);
  const slow = connect(server.port, "127.0.0.1");
  slow.write(
    "POST /v1/images:annotate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{",
  );
  while ((await waiting(server.url)) !== 1) await sleep(5);
  slow.destroy();
  while ((await waiting(server.url)) !== 0) await sleep(5);
  server.kill("SIGTERM");
  assert.equal((await server.finished).code, 0);
});

test("a key: asked for on all forms of the path, never printed", async () => {
  const rig = new ServeRig();
  const server = await rig.start(["--key-env", "DEMO_KEY"], { DEMO_KEY: "canary-7c1" });
  const body = { requests: [{ image: { content: await picture("#a04040") }, features: LABELS }] };
  const post = async (path: string, headers: Record<string, string> = {}) =>
    (
      await fetch(`${server.url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      })
    ).status;
  const path = "/v1/images:annotate";
  assert.equal(await post(path), 401);
  assert.equal(await post(`${path}?key=other`), 403);
  assert.equal(await post(`${path}?key=canary-7c1`), 200);
  assert.equal(await post(path, { "x-goog-api-key": "canary-7c1" }), 200);
  assert.equal(await post(path, { authorization: "Bearer canary-7c1" }), 200);
  assert.equal(await post("/v1/projects/p/locations/eu/images:annotate"), 401);
  assert.equal(await post("/v1/projects/p/images:annotate?key=canary-7c1"), 200);
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
  server.kill("SIGTERM");
  const { code, stdout, stderr } = await server.finished;
  assert.equal(code, 0);
  assert.ok(!`${stdout}${stderr}`.includes("canary"), "the key was printed");
  assert.equal(server.lines.filter(({ status }) => status === 200).length, 5);

  const without = await rig.cli.pipe("serve", rig.model, "--key-env", "NO_SUCH_KEY");
  assert.equal(without.code, 2);
  assert.match(without.stderr, /the environment variable NO_SUCH_KEY holds no key/);
});

test("what cannot be served: said at once, with what to do", async () => {
  const rig = new ServeRig();
  const server = await rig.start();
  for (const [args, code, message] of [
    [["nothing"], 2, /there is no model nothing/],
    [[rig.model, "--port", "70000"], 2, /Expected a port/],
    [[rig.model, "--queue", "3"], 2, /at least 16/],
    [[rig.model, "--port", String(server.port)], 1, /port \d+ of 127\.0\.0\.1 is in use\n {2}hint: .*--port/],
    // An address kept for documentation (RFC 5737): no machine's own.
    [[rig.model, "--host", "192.0.2.1"], 2, /192\.0\.2\.1 is no address of this machine/],
  ] as const) {
    const ran = await rig.cli.pipe("serve", ...args);
    assert.equal(ran.code, code, ran.stderr);
    assert.match(ran.stderr, message);
  }
  rig.cli.write("model/weights.bin", "broken");
  const broken = await rig.cli.pipe("serve", rig.model, "--port", "0");
  assert.equal(broken.code, 1);
  assert.match(broken.stderr, /the model's weights are cut off/);
  server.kill("SIGTERM");
  await server.finished;
});
