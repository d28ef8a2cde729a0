import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { reportPage } from "../../../src/stages/eval/report/page.js";
import { CHROMIUM, CHROMIUM_FLAGS } from "../../rigs/chromium.js";
import { temporaryFolder } from "../../rigs/folder.js";
import { syntheticReport } from "./synthetic.js";

const SKIP = existsSync(CHROMIUM) ? false : `no Chromium at ${CHROMIUM} (apt-get install chromium)`;
/** Tags that would run, fetch or break something if any stood in the page unescaped. */
const HOSTILE = [
  "<script>document.title='owned'</script>",
  '"><img src=http://127.0.0.1:9/x onerror="document.title=\'owned\'">',
  "</script><b>bold</b>",
  "'; document.title='owned'; //",
  "\u202egnp.exe",
];

async function writeReport(tags: readonly string[]): Promise<string> {
  const path = join(temporaryFolder(), "report.html");
  writeFileSync(path, reportPage(await syntheticReport({ tags, images: 120 })));
  return path;
}

test("values are escaped and the policy allows nothing but the page's own script and style", async () => {
  const data = await syntheticReport({ tags: [...HOSTILE, "red"], images: 40 });
  const page = reportPage(data);
  assert.equal(page.split("<script>").length, 2, "one script element");
  assert.ok(!page.includes("<img src=http"));
  assert.ok(page.includes("&lt;script&gt;document.title=&#39;owned&#39;&lt;/script&gt;"));
  assert.match(
    page,
    /Content-Security-Policy" content="default-src &#39;none&#39;; img-src data:; style-src /,
  );
  assert.ok(!/\sstyle="|\son\w+="/.test(page), "no inline style or handler, which the policy would refuse");
});

test("a report says where its numbers must not be taken at face value", async () => {
  const data = await syntheticReport({ tags: ["red", "green"], images: 80 });
  const notes = (page: string) => [...page.matchAll(/role="note"><strong>(.*?)<\/strong>/g)].map((m) => m[1]);
  assert.deepEqual(notes(reportPage(data)), []);
  assert.deepEqual(notes(reportPage({ ...data, calibrated: false })), ["Trained with kl:"]);
  const collapsed = { ...data.metrics, map: data.baseline.map };
  assert.deepEqual(notes(reportPage({ ...data, metrics: collapsed })), [
    "The student is hardly better than the baseline.",
  ]);
  const none = { ...data.metrics, map: Number.NaN, tags: 0 };
  const page = reportPage({ ...data, metrics: none, history: [] });
  assert.deepEqual(notes(page), ["No tag counts for macro mAP."]);
  assert.ok(!page.includes("NaN"));
  assert.ok(page.includes("The model carries no history."));
});

test("in Chromium: nothing is fetched, no error, the table sorts and the filter filters", {
  skip: SKIP,
}, async () => {
  const tags = [...HOSTILE, "red", "dark red", ...Array.from({ length: 73 }, (_, i) => `tag ${i}`)];
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS });
  try {
    const page = await browser.newPage();
    const problems: string[] = [];
    const requests: string[] = [];
    page.on("console", (message) => void problems.push(message.text()));
    page.on("pageerror", (error) => void problems.push(error.message));
    page.on("request", (request) => void requests.push(request.url()));
    const url = pathToFileURL(await writeReport(tags)).href;
    await page.goto(url);

    assert.equal(await page.title(), "Student report");
    assert.equal(await page.locator("#tags tbody tr:visible").count(), 25, "a long table starts folded");
    await page.click("#more");
    assert.equal(await page.locator("#tags tbody tr:visible").count(), 80);

    await page.fill("#tag", "dark RED");
    assert.equal(await page.locator("#tags tbody tr:visible").count(), 1);
    const shown = page.locator(".pictures > li:visible");
    assert.ok((await shown.count()) < 36, "pictures without the tag are hidden");
    for (const card of await shown.all()) {
      assert.equal(await card.locator('[data-tag="dark red"]').count(), 1);
    }
    assert.match((await page.textContent("#found")) ?? "", /^1 tag, \d+ pictures?$/);
    await page.click("#clear");
    assert.equal(await page.locator(".pictures > li:visible").count(), 36);

    const first = () => page.locator("#tags tbody tr").first().getAttribute("data-tag");
    await page.click("#tags thead th:nth-child(1) button");
    assert.equal(await first(), [...tags].sort()[0]);
    await page.click("#tags thead th:nth-child(3) button");
    assert.equal(await page.getAttribute("#tags thead th:nth-child(3)", "aria-sort"), "descending");
    const positives = await page
      .locator("#tags tbody tr td:nth-child(3)")
      .evaluateAll((cells) =>
        cells.map((cell) => Number((cell as { dataset?: { value?: string } }).dataset?.value)),
      );
    assert.deepEqual(
      positives,
      [...positives].sort((a, b) => b - a),
    );

    await page.locator(".pictures .pick").first().click();
    assert.notEqual(await page.inputValue("#tag"), "");
    assert.deepEqual(
      requests.filter((request) => !request.startsWith("data:")),
      [url],
    );
    assert.deepEqual(problems, []);
  } finally {
    await browser.close();
  }
});
