import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { ImageAnnotatorClient } from "@google-cloud/vision";
import { annotate, LABELS, picture, ServeRig } from "./rig.js";

const rig = new ServeRig();
const server = await rig.start();
const red = await picture("#e02020");

test("labels as predict gives them, in Vision's terms, in the order of the request", async () => {
  const blue = await picture("#2040e0");
  const { status, body } = await annotate(server.url, {
    requests: [red, blue].map((content) => ({ image: { content }, features: LABELS })),
  });
  assert.equal(status, 200);
  for (const [name, content, response] of [
    ["red.png", red, body.responses![0]!],
    ["blue.png", blue, body.responses![1]!],
  ] as const) {
    writeFileSync(join(rig.cli.folder, name), Buffer.from(content, "base64"));
    const { stdout } = await rig.cli.pipe("predict", rig.model, name, "--json", "--top", "3");
    assert.deepEqual(
      response.labelAnnotations!.map(({ description, score }) => ({ tag: description, score })),
      JSON.parse(stdout).labels,
    );
    for (const { score, topicality } of response.labelAnnotations!) assert.equal(topicality, score);
  }
});

test("the official Node client works with another endpoint alone", async () => {
  const client = new ImageAnnotatorClient({
    apiEndpoint: "127.0.0.1",
    port: server.port,
    protocol: "http",
    fallback: "rest",
    apiKey: "not asked for",
  } as unknown as ConstructorParameters<typeof ImageAnnotatorClient>[0]);
  const [answer] = await client.batchAnnotateImages({
    requests: [
      {
        image: { content: Buffer.from(red, "base64") },
        features: [{ type: "LABEL_DETECTION", maxResults: 2 }],
      },
      { image: { content: Buffer.from("no picture") }, features: [{ type: "LABEL_DETECTION" }] },
    ],
  });
  const [first, second] = answer.responses!;
  assert.equal(first!.labelAnnotations!.length, 2);
  assert.ok(["red", "green", "blue", "tall"].includes(first!.labelAnnotations![0]!.description!));
  assert.deepEqual([second!.error!.code, second!.error!.message], [3, "Bad image data."]);
  await client.close();
});

test("each image that cannot be labelled has an error of its own", async () => {
  const image = { content: red };
  const { status, body } = await annotate(server.url, {
    requests: [
      { image, features: LABELS },
      { image: { content: "" }, features: LABELS },
      { image: { content: "a b*c" }, features: LABELS },
      { image: { content: Buffer.from("<svg/>").toString("base64") }, features: LABELS },
      { image: { source: { imageUri: "http://127.0.0.1/x.png" } }, features: LABELS },
      { image, features: [] },
      { image, features: [{ type: "FACE_DETECTION" }] },
      { image, features: [...LABELS, { type: 11 }] },
      { image, features: [{ type: "LABEL_DETECTION", maxResults: -1 }] },
      { image, features: [{ type: 4, max_results: 1 }] },
    ],
  });
  assert.equal(status, 200);
  // Numbers of google.rpc.Code: 3 INVALID_ARGUMENT, 7 PERMISSION_DENIED, 12 UNIMPLEMENTED.
  assert.deepEqual(
    body.responses!.map(({ error }) => error?.code),
    [undefined, 3, 3, 3, 7, 3, 12, 12, 3, undefined],
  );
  assert.deepEqual(
    body.responses!.map(({ labelAnnotations }) => labelAnnotations?.length),
    [3, undefined, undefined, undefined, undefined, undefined, undefined, 3, undefined, 1],
  );
});

test("imageUri where it is allowed: fetched, and what cannot be had is the image's own error", async () => {
  const web = createServer((request, response) => {
    if (request.url !== "/red.png") return response.writeHead(request.url === "/later" ? 503 : 404).end();
    return response.end(Buffer.from(red, "base64"));
  });
  await once(web.listen(0, "127.0.0.1"), "listening");
  const origin = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
  const requests = ["/red.png", "/none", "/later"].map((path) => ({
    image: { source: { imageUri: origin + path } },
    features: LABELS,
  }));
  const any = await rig.start(["--urls", "any"]);
  const { body } = await annotate(any.url, { requests });
  assert.equal(body.responses![0]!.labelAnnotations!.length, 3);
  assert.deepEqual(
    body.responses!.map(({ error }) => error?.code),
    [undefined, 3, 14],
  );
  const open = await rig.start(["--urls", "public"]);
  const refused = await annotate(open.url, { requests });
  assert.equal(refused.body.responses![0]!.error!.code, 3);
  assert.match(refused.body.responses![0]!.error!.message, /127\.0\.0\.1 is no public address \(loopback\)/);
  web.close();
});

test("requests that are refused whole: Google's envelope and status", async () => {
  const one = { image: { content: red }, features: LABELS };
  for (const [body, message] of [
    ["{", /JSON/],
    [{}, /requests/],
    [{ requests: [] }, /must NOT have fewer than 1 items/],
    [{ requests: Array(17).fill(one) }, /must NOT have more than 16 items/],
    [{ requests: [{ image: { content: 5 } }] }, /must be string/],
    ["x".repeat(10 * 2 ** 20 + 1), /Request payload size exceeds the limit: 10485760 bytes/],
  ] as const) {
    const { status, body: answer } = await annotate(server.url, body);
    assert.equal(status, 400);
    assert.equal(answer.error!.status, "INVALID_ARGUMENT");
    assert.equal(answer.error!.code, 400);
    assert.match(answer.error!.message, message);
  }
  const missing = await fetch(`${server.url}/v1/nothing?key=canary`);
  assert.equal(missing.status, 404);
  assert.deepEqual(await missing.json(), {
    error: { code: 404, message: "There is no GET /v1/nothing here.", status: "NOT_FOUND" },
  });
});

test("a body that is not said to be JSON: which content type is wanted, and which came", async () => {
  const body = JSON.stringify({ requests: [{ image: { content: red }, features: LABELS }] });
  for (const [sent, said] of [
    ["application/x-www-form-urlencoded", "not application/x-www-form-urlencoded"],
    ["text/plain;charset=UTF-8", "not text/plain;charset=UTF-8"],
    [undefined, "none was sent"],
  ] as const) {
    const headers: Record<string, string> = sent === undefined ? {} : { "content-type": sent };
    const answer = await fetch(`${server.url}/v1/images:annotate`, {
      method: "POST",
      headers,
      body: Buffer.from(body),
    });
    assert.deepEqual(await answer.json(), {
      error: {
        code: 400,
        message: `The content type has to be application/json, ${said}.`,
        status: "INVALID_ARGUMENT",
      },
    });
  }
});

test("health, metrics and its own description", async () => {
  const health = (await (await fetch(`${server.url}/healthz`)).json()) as Record<string, unknown>;
  assert.deepEqual([health.status, health.tags], ["ok", 4]);
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  assert.match(metrics, /^pipestill_images_total\{code="0"\} [1-9]/m);
  assert.match(metrics, /^pipestill_images_total\{code="3"\} [1-9]/m);
  assert.match(metrics, /^pipestill_request_seconds_count [1-9]/m);
  assert.match(metrics, /^pipestill_waiting_images 0$/m);
  const description = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
    openapi: string;
    paths: object;
  };
  assert.equal(description.openapi, "3.1.0");
  assert.ok("/v1/images:annotate" in description.paths);
});
