import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "../../../src/core/hash.js";
import { kind } from "../../../src/stages/eval/kind.js";
import { reportPage } from "../../../src/stages/eval/report/page.js";
import { flatMetrics } from "../../../src/stages/eval/write.js";
import { measureSynthetic, syntheticReport } from "./synthetic.js";

const SET = { tags: ["red", "green", "blue", "dark", "bright"], images: 100 };

/** A change here changes what eval writes for equal input: raise `version` in kind.ts together with it. */
const GOLDEN = {
  version: 2,
  page: "0c917f977d5dff9f9192668410840b1fcb8e3402d9c50c6f324eeac6d0fd584c",
  metrics: {
    map: 0.937756,
    micro_map: 0.946932,
    p_at_1: 0.79,
    p_at_5: 0.272,
    f1_micro: 0.851986,
    f1_macro: 0.81078,
    ece: 0.15114,
    kl: 0.078517,
    agreement_at_1: 0.76,
    agreement_at_5: 0.903333,
    map_baseline: 0.2125,
    micro_map_baseline: 0.414767,
    p_at_1_baseline: 0.51,
    p_at_5_baseline: 0.272,
    f1_micro_baseline: 0.482143,
    f1_macro_baseline: 0.115385,
    ece_baseline: 0.03,
    kl_baseline: 0.261148,
    agreement_at_1_baseline: 0.45,
    agreement_at_5_baseline: 0.778333,
    map_tags: 4,
    images: 100,
    threshold: 0.45,
    threshold_chosen_on: "100 training images",
  },
};

test("equal input gives the numbers and the page of this version", async () => {
  const data = await syntheticReport(SET);
  const bare = (cards: typeof data.best) => cards.map(({ id, kl, tags }) => ({ id, kl, tags }));
  const { best, worst, random } = data;
  // Without pictures: their encoding depends on libvips, which stands in the fingerprint.
  const page = reportPage({ ...data, best: bare(best), worst: bare(worst), random: bare(random) });
  assert.deepEqual(
    { version: kind.version, page: sha256(page), metrics: flatMetrics(await measureSynthetic(SET)) },
    GOLDEN,
  );
});
