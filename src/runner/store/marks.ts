import { statSync } from "node:fs";
import { type Duck, parquet, sqlName } from "../../core/duck.js";
import { type Sha256, sha256FileSync } from "../../core/hash.js";
import type { Store } from "./store.js";
import type { Tree } from "./trees.js";

export interface GcPolicy {
  /** Runs to keep, counted from the newest. */
  readonly keepLast?: number;
  /** Runs that began within this time are kept. Without either, all are. */
  readonly olderThanMs?: number;
}

/** What stays. */
export interface Marks {
  /** Whether runs, and what only they refer to, are to go. */
  readonly pruning: boolean;
  readonly runs: ReadonlySet<string>;
  readonly fingerprints: ReadonlySet<Sha256>;
  /** Fingerprints of all results there are, those that go included. */
  readonly results: ReadonlySet<Sha256>;
  readonly trees: ReadonlySet<Sha256>;
  /** Files of the artifacts that stay. */
  readonly files: ReadonlySet<Sha256>;
  /** Blobs that their rows name. */
  readonly items: HashList;
  /** Spaces of the item cache that go: only results that go too have drawn from them. */
  readonly deadSpaces: ReadonlySet<Sha256>;
}

/** Finds what is referred to, from the runs that are kept and from latest/. */
export async function mark(store: Store, duck: Duck, policy: GcPolicy, now: number): Promise<Marks> {
  const runs = keptRuns(store, policy, now);
  const fingerprints = new Set<Sha256>();
  const trees = new Set<Sha256>();
  for (const id of runs) {
    for (const stage of store.runs.get(id)?.stages ?? []) {
      if (stage.fingerprint !== null) fingerprints.add(stage.fingerprint);
      for (const { hash } of Object.values(stage.outputs)) trees.add(hash);
    }
  }
  for (const { fingerprint } of store.latest.entries()) {
    if (fingerprint !== undefined) fingerprints.add(fingerprint);
  }
  const kept = new Set<Sha256>();
  const dropped = new Set<Sha256>();
  for (const { fingerprint, outputs, space } of store.results.list()) {
    const stays = fingerprints.has(fingerprint);
    if (space !== undefined) (stays ? kept : dropped).add(space);
    if (stays) for (const { hash } of Object.values(outputs)) trees.add(hash);
  }
  const live = [...trees].flatMap((hash) => store.trees.get(hash) ?? []);
  return {
    pruning: policy.keepLast !== undefined || policy.olderThanMs !== undefined,
    runs,
    fingerprints,
    results: new Set(store.results.fingerprints()),
    trees,
    files: new Set(live.flatMap((tree) => Object.values(tree.entries).map(({ blob }) => blob))),
    items: await HashList.of(
      duck,
      live.flatMap((tree) => blobQueries(store, tree)),
    ),
    deadSpaces: new Set([...dropped].filter((space) => !kept.has(space))),
  };
}

function keptRuns(store: Store, { keepLast, olderThanMs }: GcPolicy, now: number): Set<string> {
  const ids = store.runs.ids();
  if (keepLast === undefined && olderThanMs === undefined) return new Set(ids);
  const last = keepLast ? ids.slice(-keepLast) : [];
  const young = ids.filter((id) => {
    if (olderThanMs === undefined) return false;
    const began = Date.parse(store.runs.get(id)?.startedAt ?? "");
    // A run whose record tells no time is kept: gc removes what it knows to be old.
    return !(began < now - olderThanMs);
  });
  return new Set([...last, ...young]);
}

/** Queries of the one column `hash`: the blobs that the rows of an artifact's tables name. */
export function blobQueries(store: Store, tree: Tree): string[] {
  return Object.values(tree.entries).flatMap(({ blob, bytes, table }) => {
    const path = store.blobs.path(blob);
    const columns = table?.blobColumns ?? [];
    if (columns.length === 0) return [];
    // A file that is lost or damaged names nothing; verify reports it.
    if (statSync(path, { throwIfNoEntry: false })?.size !== bytes || sha256FileSync(path) !== blob) return [];
    return columns.map((column) => `SELECT ${sqlName(column)} AS hash FROM ${parquet(path)}`);
  });
}

/** A sorted list of hashes in one flat buffer: 32 bytes each, so that a million cost 32 MB. */
class HashList {
  private constructor(
    private readonly bytes: Buffer,
    readonly count: number,
  ) {}

  static async of(duck: Duck, queries: readonly string[]): Promise<HashList> {
    if (queries.length === 0) return new HashList(Buffer.alloc(0), 0);
    await duck.run(
      `CREATE OR REPLACE TEMP TABLE marked AS SELECT DISTINCT hash FROM (${queries.join(" UNION ALL ")})
       WHERE hash SIMILAR TO '[0-9a-f]{64}'`,
    );
    const bytes = Buffer.alloc(32 * (await duck.value<number>("SELECT count(*) FROM marked")));
    let count = 0;
    for await (const rows of duck.stream("SELECT hash FROM marked ORDER BY hash")) {
      for (const { hash } of rows) bytes.write(String(hash), 32 * count++, "hex");
    }
    await duck.run("DROP TABLE marked");
    return new HashList(bytes, count);
  }

  has(hash: Uint8Array): boolean {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = this.bytes.compare(hash, 0, 32, middle * 32, middle * 32 + 32);
      if (order === 0) return true;
      if (order > 0) high = middle;
      else low = middle + 1;
    }
    return false;
  }
}
