import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { after, before, test } from "node:test";
import sharp from "sharp";
import type { ItemOutcome, PaidAnswers } from "../../../src/contract/stage.js";
import { sha256 } from "../../../src/core/hash.js";
import type { JsonObject } from "../../../src/core/json.js";
import { items as label } from "../../../src/stages/label/run.js";
import { rigContext } from "../../rigs/context.js";
import { reply, VisionServer } from "../../rigs/vision-server.js";
import { teacherConformance } from "./teachers-conformance.js";

/** Defaults of the params that both teachers share; no waiting for a quota. */
const ASKING = {
  safe_search: false,
  max_results: 50,
  batch: 16,
  concurrency: 4,
  requests_per_minute: 1e6,
  images_per_minute: 1e6,
  retries: 3,
  timeout: 20,
};

let open: VisionServer;
before(async () => {
  open = await VisionServer.start();
});
after(() => open.close());

const google = (endpoint: string, more: JsonObject = {}): JsonObject => ({
  type: "google-vision",
  key_env: "GOOGLE",
  max_cost: 5,
  endpoint,
  ...ASKING,
  ...more,
});
const http = (endpoint: string, more: JsonObject = {}): JsonObject => ({
  type: "http",
  url: `${endpoint}/v1/images:annotate`,
  key_header: "x-goog-api-key",
  ...ASKING,
  ...more,
});
const BOTH = { "google-vision": google, http };

teacherConformance("google-vision", () => google(open.endpoint));
teacherConformance("http", () => http(open.endpoint));

async function plain(red: number, size = 8): Promise<Buffer> {
  const background = { r: red, g: 40, b: 10 };
  return sharp({ create: { width: size, height: size, channels: 3, background } })
    .png()
    .toBuffer();
}

interface Asked {
  readonly outcomes: readonly ItemOutcome[];
  readonly notes: readonly string[];
}

/** Labels pictures through the stage's own worker, in batches of the teacher's size. */
async function ask(
  teacher: JsonObject,
  pictures: readonly Buffer[],
  more: { readonly secrets?: Record<string, string>; readonly paid?: PaidAnswers } = {},
): Promise<Asked> {
  const { secrets = {}, paid } = more;
  const context = rigContext({ with: { teacher } });
  const worker = await label.open({
    ...context,
    hasSecret: (name) => name in secrets,
    secret: (name) => secrets[name] ?? context.secret(name),
    ...(paid ? { paid } : {}),
  });
  try {
    const outcomes: ItemOutcome[] = [];
    const all = pictures.map((bytes, i) => {
      const blob = context.addBlob(bytes);
      return { id: `p${i}`, input: blob, locator: "", row: { blob } };
    });
    for (let at = 0; at < all.length; at += worker.batch!) {
      outcomes.push(...(await worker.process(all.slice(at, at + worker.batch!))));
    }
    return { outcomes, notes: context.notes };
  } finally {
    await worker.close?.();
  }
}

async function withServer<T>(
  options: Parameters<typeof VisionServer.start>[0],
  use: (server: VisionServer) => Promise<T>,
): Promise<T> {
  const server = await VisionServer.start(options);
  try {
    return await use(server);
  } finally {
    await server.close();
  }
}

const classes = (outcomes: readonly ItemOutcome[]) =>
  outcomes.map((outcome) => (outcome.ok ? "ok" : `${outcome.class}${outcome.transient ? " (passing)" : ""}`));

for (const [name, teacher] of Object.entries(BOTH)) {
  test(`${name}: score, mid and topicality are kept, and the raw answer`, async () => {
    // Mean channels 255, 40, 10: scores (255+255+1)/512, (40+40+1)/512, (10+10+1)/512 by the rig's rule.
    const { outcomes } = await ask(teacher(open.endpoint), [await plain(255)]);
    const [outcome] = outcomes;
    assert.ok(outcome?.ok);
    assert.deepEqual(outcome.columns, {
      labels: [
        { tag: "Red", score: 0.998 },
        { tag: "Green", score: 0.1582 },
        { tag: "Blue", score: 0.041 },
      ],
      details: [
        { tag: "Red", mid: "/m/00", topicality: 0.499 },
        { tag: "Green", mid: "/m/01", topicality: 0.0791 },
        { tag: "Blue", mid: "/m/02", topicality: 0.0205 },
      ],
      safe_search: null,
    });
    const raw = JSON.parse(String(outcome.blobs?.raw)) as { labelAnnotations: object[] };
    assert.deepEqual(raw.labelAnnotations[0], {
      mid: "/m/00",
      description: "Red",
      score: 511 / 512,
      topicality: 511 / 1024,
    });
  });

  test(`${name}: SafeSearch comes where it is asked for`, async () => {
    const { outcomes } = await ask(teacher(open.endpoint, { safe_search: true, max_results: 2 }), [
      await plain(9),
    ]);
    assert.ok(outcomes[0]?.ok);
    const { safe_search: safe, labels } = outcomes[0].columns;
    assert.deepEqual(safe, {
      adult: "VERY_UNLIKELY",
      spoof: "POSSIBLE",
      medical: "UNLIKELY",
      violence: "UNLIKELY",
      racy: "LIKELY",
    });
    assert.equal((labels as unknown as object[]).length, 2);
  });

  test(`${name}: an error of one picture is its own; one that may pass is tried again, also beside labels`, async () => {
    const pictures = await Promise.all([10, 20, 30, 40, 50].map((red) => plain(red)));
    const faults = [
      undefined,
      () => ({ error: { code: 3, message: "Bad image data." } }),
      (time: number) => (time < 3 ? { error: { code: 14, message: "Try again." } } : undefined),
      () => ({ error: { code: 13, message: "Internal error." } }),
      () => ({ error: { code: 4, message: "Deadline." }, labels: true }),
    ];
    const place = new Map(pictures.map((bytes, i) => [sha256(bytes), i]));
    const onPicture = (blob: string, time: number) => faults[place.get(blob)!]?.(time);
    await withServer({ onPicture }, async (server) => {
      const { outcomes } = await ask(teacher(server.endpoint, { retries: 2 }), pictures);
      assert.deepEqual(classes(outcomes), [
        "ok",
        "refused-by-teacher",
        "ok",
        "teacher-error (passing)",
        "ok",
      ]);
      assert.match(JSON.stringify(outcomes[1]), /Bad image data\. \(code 3\)/);
      assert.deepEqual(
        pictures.map((bytes) => server.asked.get(sha256(bytes))),
        [1, 1, 3, 3, 3],
      );
    });
  });

  test(`${name}: a quota that is used up and a broken gateway are waited for, as long as the server asks`, async () => {
    const onRequest = (n: number, response: ServerResponse) => {
      const error = { code: 429, message: "Quota exceeded.", status: "RESOURCE_EXHAUSTED" };
      if (n === 1) reply(response, 429, { error }, { "retry-after": "1" });
      else if (n === 2) response.writeHead(502, { "content-type": "text/html" }).end("<html>bad gateway");
      return n <= 2;
    };
    await withServer({ onRequest }, async (server) => {
      const { outcomes, notes } = await ask(teacher(server.endpoint), [await plain(1)]);
      assert.deepEqual(classes(outcomes), ["ok"]);
      const [first, second] = server.requests;
      assert.ok(second!.at - first!.at >= 1000, `waited ${second!.at - first!.at} ms though asked for 1 s`);
      assert.equal(notes.length, 1);
      assert.match(notes[0]!, /429: Quota exceeded\.; waits 1\.0 s and tries again/);
    });
  });

  test(`${name}: a connection that is cut is made again`, async () => {
    const onRequest = (n: number, response: ServerResponse) => {
      if (n === 1) response.socket?.destroy();
      return n === 1;
    };
    await withServer({ onRequest }, async (server) => {
      const { outcomes } = await ask(teacher(server.endpoint), [await plain(1)]);
      assert.deepEqual(classes(outcomes), ["ok"]);
    });
  });

  test(`${name}: what never answers ends the stage, and says so`, async () => {
    await withServer({ onRequest: () => true }, async (server) => {
      const asking = ask(teacher(server.endpoint, { retries: 1, timeout: 0.2 }), [await plain(1)]);
      await assert.rejects(asking, /no answer within 0\.2 s \(tried 2 times\)/);
    });
  });

  test(`${name}: a key goes along in its header; a wrong one ends the stage at once`, async () => {
    await withServer({ key: "s3cret" }, async (server) => {
      const asks = teacher(server.endpoint, { key_env: "MY_KEY" });
      const { outcomes } = await ask(asks, [await plain(1)], { secrets: { MY_KEY: "s3cret" } });
      assert.deepEqual(classes(outcomes), ["ok"]);
      const wrong = ask(asks, [await plain(2)], { secrets: { MY_KEY: "other" } });
      await assert.rejects(wrong, /API key not valid/);
      assert.equal(server.headers.length, 2);
    });
  });

  test(`${name}: a request that is refused as a whole is cut until the picture at fault is alone`, async () => {
    const pictures = await Promise.all([1, 2, 3, 4, 5, 6].map((red) => plain(red)));
    const bad = sha256(pictures[4]!);
    const onRequest = (_n: number, response: ServerResponse, blobs: readonly string[]) => {
      if (!blobs.includes(bad)) return false;
      reply(response, 400, { error: { code: 400, message: "Not this one.", status: "INVALID_ARGUMENT" } });
      return true;
    };
    await withServer({ onRequest }, async (server) => {
      const { outcomes } = await ask(teacher(server.endpoint), pictures);
      assert.deepEqual(classes(outcomes), ["ok", "ok", "ok", "ok", "refused-by-teacher (passing)", "ok"]);
    });
  });
}

test("a key that a server repeats is not kept", async () => {
  const onRequest = (_n: number, response: ServerResponse) => {
    reply(response, 200, { responses: [{ labelAnnotations: [{ description: "sent s3cret", score: 0.5 }] }] });
    return true;
  };
  await withServer({ onRequest }, async (server) => {
    for (const teacher of Object.values(BOTH)) {
      const secrets = { MY_KEY: "s3cret" };
      const { outcomes } = await ask(teacher(server.endpoint, { key_env: "MY_KEY" }), [await plain(1)], {
        secrets,
      });
      assert.ok(outcomes[0]?.ok);
      assert.ok(!JSON.stringify(outcomes[0].columns).includes("s3cret"));
      assert.ok(!String(outcomes[0].blobs?.raw).includes("s3cret"));
    }
  });
});

test("google-vision: Google's key goes to nobody else", async () => {
  await withServer({}, async (server) => {
    const secrets = { GOOGLE: "for Google alone" };
    const { outcomes } = await ask(google(server.endpoint), [await plain(1)], { secrets });
    assert.deepEqual(classes(outcomes), ["ok"]);
    assert.ok(!JSON.stringify(server.headers).includes("for Google alone"));
  });
});

test("google-vision: a variable that is named and not set is said", async () => {
  const asking = ask(google(open.endpoint, { key_env: "MY_KEY" }), [await plain(1)]);
  await assert.rejects(asking, /MY_KEY/);
});

test("requests hold at most as many pictures and bytes as Vision takes; larger pictures are made smaller", async () => {
  const noise = (seed: number, side: number) => {
    const pixels = Buffer.alloc(side * side * 3);
    for (let i = 0, state = seed; i < pixels.length; i++) {
      state = (state * 48271) % 2147483647;
      pixels[i] = state & 255;
    }
    return sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
      .png()
      .toBuffer();
  };
  // 3 bytes a pixel of noise cannot be packed: 3.0 MB each, 4.0 MB in base64, and one of 9.7 MB.
  const pictures = [await noise(1, 1000), await noise(2, 1000), await noise(3, 1000), await noise(4, 1800)];
  await withServer({}, async (server) => {
    const { outcomes } = await ask(google(server.endpoint), pictures);
    assert.deepEqual(classes(outcomes), ["ok", "ok", "ok", "ok"]);
    assert.ok(server.requests.length >= 2);
    for (const { bytes } of server.requests) assert.ok(bytes <= 10_000_000, `${bytes} bytes`);
    assert.ok(server.asked.has(sha256(pictures[0]!)), "what fits goes as it is");
    assert.ok(!server.asked.has(sha256(pictures[3]!)));
  });
});

test("rows with the same bytes are asked about once", async () => {
  await withServer({}, async (server) => {
    const same = await plain(7);
    const { outcomes } = await ask(google(server.endpoint), [same, same, same, await plain(8), same]);
    assert.deepEqual(classes(outcomes), ["ok", "ok", "ok", "ok", "ok"]);
    assert.equal(server.asked.get(sha256(same)), 1);
  });
});
