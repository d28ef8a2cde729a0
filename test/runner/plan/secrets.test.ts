import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { PhotoRig } from "../../e2e/rig.js";
import { VisionServer } from "../../rigs/vision-server.js";

let server: VisionServer;
before(async () => {
  server = await VisionServer.start({ key: "s3cret" });
});
after(() => server.close());

const KEY = { MY_KEY: "s3cret" };

/** local → resize → one more stage. */
function rigWith(last: string): Promise<PhotoRig> {
  const resize = "  resize: { uses: resize, inputs: { images: crawl }, with: { size: 32 } }";
  return PhotoRig.with(3, "keys", `${resize}\n  ${last}`);
}

const labelBy = (teacher: string) =>
  rigWith(`label: { uses: label, inputs: { images: resize }, with: { teacher: { ${teacher} } } }`);
const byHttp = () => labelBy(`type: http, url: "${server.endpoint}/v1/images:annotate", key_env: MY_KEY`);
const byGoogle = () => labelBy(`type: google-vision, endpoint: "${server.endpoint}", key_env: MY_KEY`);

const run = (rig: PhotoRig, env: NodeJS.ProcessEnv = {}) => rig.start(["run", "p.yaml"], env).finished;
const forget = (rig: PhotoRig, ...parts: string[]) => {
  for (const part of parts) rmSync(join(rig.folder, "artifacts", part), { recursive: true });
};

test("a key that is not set is said by the plan, and ends a run before anything starts", async () => {
  for (const rig of [await byHttp(), await byGoogle()]) {
    const plan = await rig.pipe("plan", "p.yaml");
    assert.match(
      plan.stdout,
      /^label cannot run here: the environment variable MY_KEY is not set\n {2}hint: export MY_KEY=…$/m,
    );
    const refused = await run(rig);
    assert.equal(refused.code, 2);
    assert.match(
      refused.stderr,
      /^error: label cannot run here: the environment variable MY_KEY is not set\n {2}hint: export MY_KEY=…$/m,
    );
    assert.ok(!existsSync(join(rig.folder, "artifacts/runs")), "a run was begun");
    assert.equal((await rig.pipe("run", "p.yaml", "resize")).code, 0, "what needs no key runs");
    assert.equal((await run(rig)).code, 2);
    assert.equal((await run(rig, KEY)).code, 0);
  }
});

test("a stage that is up to date needs no key, nor one whose items are all known", async () => {
  const rig = await byHttp();
  assert.equal((await run(rig, KEY)).code, 0);
  assert.doesNotMatch((await rig.pipe("plan", "p.yaml")).stdout, /MY_KEY/);
  assert.equal((await run(rig)).code, 0);
  forget(rig, "results");
  const again = await run(rig);
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stderr, /^label will stop if it has anything to do: the environment variable MY_KEY/m);
  assert.equal((await rig.pipe("run", "p.yaml", "--force", "label")).code, 0);
});

test("a key that may be needed is asked for before the run, one that surely is ends it", async () => {
  const rig = await byHttp();
  assert.equal((await run(rig, KEY)).code, 0);
  await rig.picture("new.png", 99);
  const risk = /^label will stop if it has anything to do: .*\n {2}hint: export MY_KEY=…$/m;
  assert.match((await rig.pipe("plan", "p.yaml")).stdout, risk);
  const failed = await run(rig);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, risk);
  assert.match((await rig.pipe("plan", "p.yaml")).stdout, /^label cannot run here/m);
  assert.equal((await run(rig)).code, 2);
});

test("answers that were paid for are read without a key", async () => {
  const rig = await byGoogle();
  assert.equal((await run(rig, KEY)).code, 0);
  forget(rig, "results", "cache", "latest");
  const sent = server.requests.length;
  const again = await run(rig);
  assert.equal(again.code, 0, again.stderr);
  forget(rig, "results", "cache");
  assert.equal((await rig.pipe("run", "p.yaml", "resize")).code, 0);
  assert.doesNotMatch((await rig.pipe("plan", "p.yaml")).stdout, /MY_KEY/, "all are answered");
  assert.equal((await run(rig)).code, 0);
  assert.equal(server.requests.length, sent);
});

test("Google itself is also asked with other credentials than a key", async (context) => {
  const firmware = "/sys/class/dmi/id/bios_vendor";
  if (existsSync(firmware) && readFileSync(firmware, "utf8").includes("Google")) {
    return context.skip("this machine has an account at Google");
  }
  const rig = await labelBy("type: google-vision");
  const bare = { HOME: rig.folder, GOOGLE: undefined, GOOGLE_APPLICATION_CREDENTIALS: undefined };
  const plan = async (env: NodeJS.ProcessEnv) =>
    (await rig.start(["plan", "p.yaml"], { ...bare, ...env }).finished).stdout;
  assert.match(
    await plan({}),
    /^label cannot run here: the environment variable GOOGLE is not set\n {2}hint: export GOOGLE=…, or set GOOGLE_APPLICATION_CREDENTIALS/m,
  );
  assert.doesNotMatch(await plan({ GOOGLE: "key" }), /cannot run/);
  assert.doesNotMatch(await plan({ GOOGLE_APPLICATION_CREDENTIALS: "a.json" }), /cannot run/);
  rig.write(".config/gcloud/application_default_credentials.json", "{}");
  assert.doesNotMatch(await plan({}), /cannot run/);
});

test("a command names each variable that is not set, and may be up to date without", async () => {
  const rig = await rigWith(
    `count: { uses: exec, inputs: { images: resize }, with: { command: 'echo "$A$B" | wc -c > $OUTPUT/n', env: [A, B, PATH] } }`,
  );
  const refused = await run(rig);
  assert.equal(refused.code, 2);
  assert.match(
    refused.stderr,
    /count cannot run here: the environment variables A and B are not set\n {2}hint: export A=… B=…$/m,
  );
  assert.equal((await run(rig, { A: "one", B: "two" })).code, 0);
  assert.equal((await run(rig)).code, 0);
  // Another picture gives another input, a touched one may give the same.
  await rig.picture("new.png", 99);
  assert.match((await rig.pipe("plan", "p.yaml")).stdout, /^count will stop if it has anything to do/m);
});

test("a source says it where it would use the key alone", async () => {
  const rig = new PhotoRig();
  const plan = async (source: string) => {
    rig.write(
      "p.yaml",
      `version: 1\nname: keys\nstages:\n  crawl: { uses: crawl, with: { source: { ${source} } } }\n`,
    );
    return (await rig.pipe("plan", "p.yaml")).stdout;
  };
  rig.write("list.txt", "http://example.org/a.jpg\n");
  assert.match(await plan("type: pixabay, queries: [cats]"), /variable PIXABAY_KEY is not set/);
  assert.match(await plan('type: urls, list: "https://example.org/l.txt", authorization_env: AUTH'), /AUTH/);
  assert.doesNotMatch(await plan("type: urls, list: list.txt, authorization_env: AUTH"), /AUTH is not set/);
  assert.doesNotMatch(await plan("type: openverse, queries: [cats], client_id_env: ID"), /ID is not set/);
  assert.match(
    await plan("type: openverse, queries: [cats], client_id_env: ID, client_secret_env: SECRET"),
    /variables ID and SECRET are not set/,
  );
});
