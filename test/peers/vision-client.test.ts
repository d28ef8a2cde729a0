import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { peers } from "../rigs/python.js";
import { picture, ServeRig } from "../serve/rig.js";

const found = peers();

/** Google's Python client over REST; it speaks https unless its transport is told otherwise. */
const CLIENT = `
import base64, json, sys
from google.auth.credentials import AnonymousCredentials
from google.cloud import vision
from google.cloud.vision_v1.services.image_annotator.transports.rest import ImageAnnotatorRestTransport
host, content = json.load(sys.stdin)
transport = ImageAnnotatorRestTransport(host=host, url_scheme="http", credentials=AnonymousCredentials())
client = vision.ImageAnnotatorClient(transport=transport)
picture = vision.Image(content=base64.b64decode(content))
labels = client.label_detection(image=picture, max_results=2)
broken = client.label_detection(image=vision.Image(content=b"no picture"))
print(json.dumps({
  "labels": [[l.description, l.score, l.topicality] for l in labels.label_annotations],
  "error": [broken.error.code, broken.error.message],
}))
`;

test("the official Python client, with its REST transport", { skip: found.skip }, async () => {
  assert.ok(found.skip === false);
  const server = await new ServeRig().start();
  const child = spawn(found.python, ["-c", CLIENT], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(JSON.stringify([new URL(server.url).host, await picture("#20a0e0")]));
  const [text] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
  const { labels, error } = JSON.parse(text) as { labels: [string, number, number][]; error: unknown[] };
  assert.equal(labels.length, 2);
  for (const [tag, score, topicality] of labels) {
    assert.ok(["red", "green", "blue", "tall"].includes(tag));
    assert.ok(score > 0 && score < 1 && score === topicality);
  }
  assert.deepEqual(error, [3, "Bad image data."]);
  server.kill("SIGTERM");
  assert.equal((await server.finished).code, 0);
});
