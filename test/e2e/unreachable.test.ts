import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { VisionServer } from "../rigs/vision-server.js";
import { PhotoRig } from "./rig.js";

/** local → label by a teacher. */
function rigWith(teacher: string): Promise<PhotoRig> {
  const label = `  label: { uses: label, inputs: { images: crawl }, with: { teacher: { ${teacher} } } }`;
  return PhotoRig.with(2, "away", label);
}

/** A port at which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("a teacher that cannot be reached is given up soon, one that has answered is waited for", async () => {
  const port = await freePort();
  const unreachable = async (teacher: string, says: RegExp) => {
    const rig = await rigWith(teacher);
    const start = performance.now();
    const done = await rig.pipe("run", "p.yaml");
    const seconds = (performance.now() - start) / 1000;
    assert.equal(done.code, 1);
    assert.match(done.stderr, says);
    assert.match(done.stderr, /hint: it has not answered once: look at the address/);
    assert.ok(seconds > 10 && seconds < 20, `given up after ${seconds} s`);
  };
  const answersOnce = async () => {
    const server = await VisionServer.start({
      onRequest(n) {
        if (n === 2) void server.close();
        return n >= 2;
      },
    });
    const rig = await rigWith(
      `type: http, url: "${server.endpoint}/v1/images:annotate", batch: 1, concurrency: 1`,
    );
    const run = rig.start(["run", "p.yaml", "--verbose"]);
    await run.stderrHas("tries again");
    await Promise.race([sleep(16_000), run.finished]);
    assert.equal(run.child.exitCode, null, "it was given up");
    run.child.kill("SIGINT");
    assert.equal((await run.finished).code, 130);
  };
  const refused = `127\\.0\\.0\\.1:${port}`;
  await Promise.all([
    unreachable(
      `type: http, url: "http://127.0.0.1:${port}/v1/images:annotate"`,
      new RegExp(`${refused}/v1/images:annotate cannot be reached: connect ECONNREFUSED.*tried \\d+ times`),
    ),
    unreachable(
      `type: google-vision, endpoint: "http://127.0.0.1:${port}"`,
      new RegExp(`google-vision at ${refused} cannot be reached: .*ECONNREFUSED.*tried \\d+ times`),
    ),
    unreachable(
      'type: http, url: "http://no-such-host.invalid/v1/images:annotate"',
      /no-such-host\.invalid.* cannot be reached: getaddrinfo (ENOTFOUND|EAI_AGAIN)/,
    ),
    answersOnce(),
  ]);
});
