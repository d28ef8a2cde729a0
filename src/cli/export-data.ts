import { createWriteStream, mkdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type InputArtifact, StageError } from "../contract/stage.js";
import { checkFile } from "../core/blobs.js";
import { Duck } from "../core/duck.js";
import { Rights } from "../runner/lineage/rights.js";
import type { Store } from "../runner/store/store.js";
import type { Tree } from "../runner/store/trees.js";
import { Dataset } from "../student/dataset.js";
import { exportParquet, writeCard } from "../student/export/parquet.js";
import { exportSeedFiles } from "../student/export/seed.js";
import type { ExportWriter } from "./export.js";
import { rightsMarkdown } from "./lineage-rights.js";
import { findArtifact, type Sort } from "./shared/artifact.js";
import { count, plural } from "./shared/format.js";
import { intoFresh } from "./shared/fresh-folder.js";
import type { Terminal } from "./shared/output.js";
import { withExistingStore } from "./shared/session.js";
import { stepPrinter } from "./shared/steps.js";

const DATA_SET: Sort = { noun: "data set", marks: ["dataset.json"], from: "pack" };

interface ExportContext {
  readonly store: Store;
  /** As the user named it. */
  readonly name: string;
  readonly artifact: Tree;
  /** An empty folder, which takes its final name when the writer is done. */
  readonly folder: string;
  readonly terminal: Terminal;
}

/** A writer of the data set that goes by the name, into a fresh folder. */
function dataSetWriter(write: (context: ExportContext) => Promise<string>): ExportWriter {
  return ({ store: root, name, target, terminal }) =>
    withExistingStore(root, async (store) => {
      const artifact = findArtifact(store, name, DATA_SET);
      return intoFresh(target, (folder) => write({ store, name, artifact, folder, terminal }));
    });
}

/** Writes data/*.parquet, README.md and ATTRIBUTION.md. */
export const writeParquet = dataSetWriter((context) => {
  const { name, folder } = context;
  return exporting(context, async ({ data, input, scratch, onShard }) => {
    const origin = join(scratch, "origin.parquet");
    await writeCredits(context, scratch, origin);
    const duck = await Duck.open({ scratch });
    try {
      const sources = { data, samples: input.path("samples.parquet"), origin, onShard };
      const files = await exportParquet(duck, sources, folder);
      writeCard(folder, basename(name), data, files);
      return `${plural(files.train.length + files.holdout.length, "Parquet file")} with ${images(data.counts)}`;
    } finally {
      duck.close();
    }
  });
});

/** Writes dataset/*.pkl, holdout/*.pkl, tag_index.json and ATTRIBUTION.md. */
export const writeSeed = dataSetWriter((context) =>
  exporting(context, async ({ data, scratch, onShard }) => {
    await writeCredits(context, scratch);
    return images(await exportSeedFiles(data, context.folder, onShard));
  }),
);

interface Parts {
  readonly input: InputArtifact;
  readonly data: Dataset;
  readonly scratch: string;
  onShard(shard: string): void;
}

/** Opens the data set and tells on stderr how far its shards are. */
async function exporting(
  { store, artifact, folder, terminal }: ExportContext,
  work: (parts: Parts) => Promise<string>,
): Promise<string> {
  // Inside the draft, so that an interrupted export leaves nothing anywhere.
  const scratch = join(folder, ".scratch");
  mkdirSync(scratch);
  const steps = stepPrinter(terminal);
  let done = 0;
  const show = () => steps.show("writing", done, artifact.bytes);
  try {
    const input = inputOf(store, artifact);
    show();
    return await work({
      input,
      data: new Dataset(input),
      scratch,
      onShard(shard) {
        done += artifact.entries[shard]?.bytes ?? 0;
        show();
      },
    });
  } finally {
    steps.end();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** An artifact as stages see it; each file is checked when it is opened. */
function inputOf(store: Store, artifact: Tree): InputArtifact {
  return {
    hash: artifact.hash,
    files: Object.keys(artifact.entries).sort(),
    path(name) {
      const entry = artifact.entries[name];
      if (!entry) throw new StageError(`the artifact ${artifact.hash.slice(0, 12)} has no file ${name}`);
      const path = store.blobs.path(entry.blob);
      checkFile(path, entry.blob, name);
      return path;
    },
  };
}

/** Writes ATTRIBUTION.md and, where wanted, the table of origins. */
async function writeCredits(context: ExportContext, scratch: string, origin?: string): Promise<void> {
  const { store, name, artifact, folder } = context;
  const rights = await Rights.open(store, artifact, scratch);
  try {
    if (origin !== undefined) await rights.saveTo(origin);
    const text = Readable.from(rightsMarkdown(name, rights));
    await pipeline(text, createWriteStream(join(folder, "ATTRIBUTION.md")));
  } finally {
    rights.close();
  }
}

function images({ train, holdout }: { readonly train: number; readonly holdout: number }): string {
  return `${count(train)} training and ${count(holdout)} held-out images`;
}
