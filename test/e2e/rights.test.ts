import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parquet } from "../../src/core/duck.js";
import { WebRig } from "../rigs/web.js";
import { withDuck } from "../runner/store/rig.js";
import { fates, PhotoRig, stageOf } from "./rig.js";

const PIPELINE = `version: 1
name: web
stages:
  crawl:
    uses: crawl
    with:
      source: { type: urls, list: list.csv, allow_private: true, columns: { author: who, license: terms } }
      rights: { allow: [cc-by, cc0], unknown: drop }
  resize: { uses: resize, inputs: { images: crawl }, with: { size: 32 } }
`;

test("licences decide what a crawl takes, and follow every picture to its credits", async (t) => {
  const rig = new PhotoRig();
  for (let look = 0; look < 5; look++) await rig.picture(`p${look}.png`, look);
  const web = await WebRig.start({
    "/p": (_, response, url) => void response.end(readFileSync(join(rig.folder, "pictures", url.pathname))),
  });
  const pictures = () => web.seen.flatMap(({ path }) => (path.endsWith(".png") ? [path] : [])).sort();
  const root = web.origin;
  const list = [
    [`${root}/p0.png`, "Ann", "CC BY 4.0"],
    [`${root}/p1.png`, "Bea", "CC BY-NC 4.0"],
    [`${root}/p2.png`, "Cid", ""],
    [`${root}/p3.png`, "", "https://creativecommons.org/publicdomain/zero/1.0/"],
    [`${root}/p4.png`, "Eve", "All rights reserved"],
  ];
  rig.write("list.csv", ["url,who,terms", ...list.map((row) => row.join(","))].join("\n"));
  rig.write("p.yaml", PIPELINE);
  const record = await rig.run();

  await t.test("what is not wanted is never fetched, and stands in failures with its class", async () => {
    assert.equal(fates(record), "crawl ran 2/5, resize ran 2/2");
    assert.deepEqual(pictures(), ["/p0.png", "/p3.png"]);
    const failures = join(rig.folder, "artifacts/latest/web/crawl/failures/failures.parquet");
    const rows = await withDuck((duck) =>
      duck.all(`SELECT source_url, class FROM ${parquet(failures)} ORDER BY source_url`),
    );
    assert.deepEqual(rows, [
      { source_url: `${root}/p1.png`, class: "license-not-allowed" },
      { source_url: `${root}/p2.png`, class: "license-unknown" },
      { source_url: `${root}/p4.png`, class: "license-not-allowed" },
    ]);
    assert.match(stageOf(record, "crawl").notes.join("\n"), /3 of 5 items set aside: 2 license-not-allowed/);
  });

  await t.test("loosening the rule fetches only what it lets in", async () => {
    const again = await rig.run(["-S", "crawl.rights.unknown=keep"]);
    assert.equal(fates(again), "crawl ran 1/5, resize ran 1/3");
    assert.deepEqual(pictures(), ["/p0.png", "/p2.png", "/p3.png"]);
  });

  await t.test("every picture tells its author, its licence and which opt-outs were looked at", async () => {
    const done = await rig.pipe("lineage", "resize", "--rights", "--json");
    const { licenses, sources } = JSON.parse(done.stdout);
    assert.deepEqual(licenses, [
      { license: null, images: 1 },
      { license: "cc-by-4.0", images: 1 },
      { license: "cc0-1.0", images: 1 },
    ]);
    const ann = sources.find(({ author }: { author: string }) => author === "Ann");
    assert.deepEqual(
      [ann.source_url, ann.license, ann.license_name, ann.opt_outs],
      [`${root}/p0.png`, "CC BY 4.0", "cc-by-4.0", "robots.txt, x-robots-tag, tdmrep"],
    );
    const { stdout } = await rig.pipe("lineage", "resize", "--rights", "--md");
    assert.match(stdout, /## cc-by-4\.0\n\n- by Ann · <http:\/\/127\.0\.0\.1:\d+\/p0\.png> · CC BY 4\.0\n/);
  });
});
