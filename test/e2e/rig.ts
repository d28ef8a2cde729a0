import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import type { RunRecord, StageRecord } from "../../src/runner/lineage/record.js";
import { CliRig } from "../rigs/cli.js";

/** local → resize → label over a folder of pictures, with a module that waits on request. */
export const PHOTOS = `version: 1
name: photos
params: { size: 32 }
stages:
  crawl: { uses: crawl, with: { source: { type: local, path: pictures } } }
  resize: { uses: resize, inputs: { images: crawl }, with: { size: "\${params.size}" } }
  label: { uses: label, inputs: { images: resize }, with: { teacher: { type: builtin } } }
`;

/** A rig with a folder of pictures and runs whose record is read back. */
export class PhotoRig extends CliRig {
  /**
   * A rig with so many pictures and a pipeline p.yaml that crawls them.
   *
   * @param stages the YAML of those after crawl
   */
  static async with(count: number, name: string, stages: string): Promise<PhotoRig> {
    const rig = new PhotoRig();
    await rig.pictures(count);
    const crawl = "  crawl: { uses: crawl, with: { source: { type: local, path: pictures } } }";
    rig.write("p.yaml", `version: 1\nname: ${name}\nstages:\n${crawl}\n${stages}\n`);
    return rig;
  }

  /** Writes a picture whose pixels depend on `look` alone. */
  async picture(name: string, look: number): Promise<string> {
    const path = join(this.folder, "pictures", name);
    mkdirSync(join(path, ".."), { recursive: true });
    const pixels = Buffer.alloc(40 * 30 * 3);
    for (let i = 0; i < pixels.length; i++) pixels[i] = (look * 53 + i * (3 + (look % 5))) & 255;
    await sharp(pixels, { raw: { width: 40, height: 30, channels: 3 } }).toFile(path);
    return path;
  }

  async pictures(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.picture(`p${i}.png`, i);
  }

  /** `pipe run p.yaml --json …` that must end with `code`; its record. */
  async run(args: readonly string[] = [], code = 0): Promise<RunRecord> {
    const done = await this.pipe("run", "p.yaml", "--json", ...args);
    assert.equal(done.code, code, done.stderr);
    return JSON.parse(done.stdout) as RunRecord;
  }
}

export function stageOf(record: RunRecord, name: string): StageRecord {
  const stage = record.stages.find((candidate) => candidate.name === name);
  assert.ok(stage, `the record has no stage ${name}`);
  return stage;
}

/** "crawl cached, resize ran 1/12": what became of each stage, with processed/total for item stages. */
export function fates(record: RunRecord): string {
  return record.stages
    .map(({ name, status, items }) =>
      status === "ran" && items ? `${name} ran ${items.processed}/${items.total}` : `${name} ${status}`,
    )
    .join(", ");
}

/** Hash of every output of every stage. */
export function hashes(record: RunRecord): Record<string, string> {
  return Object.fromEntries(
    record.stages.flatMap(({ name, outputs }) =>
      Object.entries(outputs).map(([port, { hash }]) => [`${name}.${port}`, hash]),
    ),
  );
}
