import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { CHROMIUM, CHROMIUM_FLAGS } from "../rigs/chromium.js";
import { picture, ServeRig } from "./rig.js";

const SKIP = existsSync(CHROMIUM) ? false : `no Chromium at ${CHROMIUM} (apt-get install chromium)`;

test("the page shows the tags of chosen pictures, and why one has none", { skip: SKIP }, async () => {
  const rig = new ServeRig();
  const server = await rig.start(["--key-env", "DEMO_KEY"], { DEMO_KEY: "k" });
  const good = join(rig.cli.folder, "<b>red.png");
  const bad = join(rig.cli.folder, "bad.png");
  writeFileSync(good, Buffer.from(await picture("#d03030", 80), "base64"));
  writeFileSync(bad, "no picture");
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS });
  try {
    const page = await browser.newPage({ viewport: { width: 1000, height: 800 } });
    const problems: string[] = [];
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    page.on("pageerror", (error) => problems.push(error.message));
    await page.goto(server.url);
    const files = page.getByLabel("choose files");
    await files.setInputFiles([good]);
    await page.getByText("This server asks for a key").waitFor();
    assert.deepEqual(problems.splice(0).length, 1, "the refused request, and nothing of the policy");
    await page.getByLabel("Key").fill("k");
    await files.setInputFiles([good, bad]);
    await page.getByText("2 pictures done").waitFor();
    const results = page.getByRole("list", { name: "Pictures and their tags" }).getByRole("listitem");
    assert.equal(await results.count(), 3);
    assert.match((await results.nth(0).textContent()) ?? "", /bad\.pngBad image data\./);
    const rows = results.nth(1).getByRole("row");
    assert.equal(await rows.count(), 4);
    assert.equal(await results.nth(1).getByRole("heading").textContent(), "<b>red.png");
    for (const row of await rows.all())
      assert.match((await row.textContent())!, /^(red|green|blue|tall)\d+\.\d %$/);
    assert.deepEqual(problems, []);
    if (process.env.SHOT) await page.screenshot({ path: process.env.SHOT });
  } finally {
    await browser.close();
    server.kill("SIGTERM");
    await server.finished;
  }
});
