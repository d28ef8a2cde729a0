import { Duck } from "../../core/duck.js";
import type { Sha256 } from "../../core/hash.js";
import { BlobLedger, type BlobSet } from "./du-blobs.js";
import { type Claim, claimsOf } from "./du-claims.js";
import { PARTS, type Part, type Space, walkStore } from "./du-parts.js";
import { remove } from "./paths.js";
import type { Store } from "./store.js";

/** Blobs that a stage, run or pipeline refers to, in bytes. */
export interface Share {
  readonly name: string;
  /** Referred to by no other of its list: what goes when it goes. */
  readonly alone: number;
  /** Referred to by others of its list too. */
  readonly shared: number;
}

/** One way of looking at the blobs: its `alone`, `shared` and `rest` together are all of them. */
export interface Breakdown<Entry extends Share = Share> {
  readonly entries: readonly Entry[];
  /** What several entries refer to, counted once. */
  readonly shared: number;
  /** What no entry refers to. */
  readonly rest: number;
}

export interface Usage {
  readonly root: string;
  readonly total: Space;
  readonly parts: Readonly<Record<Part, Space>>;
  readonly blobs: {
    /** In files of their own and in packs. */
    readonly bytes: number;
    /** Only the item cache still gives them. */
    readonly cacheOnly: number;
    /** Nothing refers to them: gc removes them. */
    readonly unreferenced: number;
  };
  readonly kinds: Breakdown;
  readonly stages: Breakdown<Share & { readonly kind: string }>;
  readonly pipelines: Breakdown;
  /** Oldest first. `folder`: bytes of the run's own records and logs. */
  readonly runs: Breakdown<Share & { readonly pipeline: string; readonly folder: number }>;
}

/** What takes the space in a store: by part, and its blobs by who refers to them. */
export async function diskUsage(store: Store): Promise<Usage> {
  const scratch = store.workFolder("du");
  const duck = await Duck.open({ scratch });
  try {
    const ledger = new BlobLedger(duck, scratch);
    const walk = walkStore(store.root, (hash, bytes) => ledger.add(hash, bytes, false));
    for (const folder of walk.unreadable) store.notices.add(`${folder} cannot be read: it is not counted`);
    ledger.addPacksAndCache(store);
    const claims = claimsOf(store);
    const trees = [...claims.trees.keys()].flatMap((hash) => store.trees.get(hash) ?? []);
    const { bytes, sets } = await ledger.sets(store, trees);
    const referred = sum(sets.map((set) => set.bytes));
    const cacheOnly = sum(sets.filter((set) => set.trees.length === 0).map((set) => set.bytes));
    const breakdown = (nameOf: (claim: Claim) => string | undefined, names: readonly string[] = []) =>
      breakDown(bytes, sets, claims.trees, nameOf, names);
    const stages = breakdown(({ stage }) => stage);
    const kindOf = new Map([...claims.trees.values()].flat().map(({ stage, kind }) => [stage, kind]));
    const runs = breakdown(
      ({ run }) => run,
      claims.runs.map(({ run }) => run),
    );
    const pipelineOf = new Map(claims.runs.map(({ run, pipeline }) => [run, pipeline]));
    return {
      root: store.root,
      total: totalOf(walk.parts),
      parts: walk.parts,
      blobs: { bytes, cacheOnly, unreferenced: bytes - referred },
      kinds: breakdown(({ kind }) => kind),
      stages: {
        ...stages,
        entries: stages.entries.map((entry) => ({ ...entry, kind: kindOf.get(entry.name) ?? "" })),
      },
      pipelines: breakdown(({ pipeline }) => pipeline),
      runs: {
        ...runs,
        entries: runs.entries.map((entry) => ({
          ...entry,
          pipeline: pipelineOf.get(entry.name) ?? "",
          folder: walk.runs.get(entry.name) ?? 0,
        })),
      },
    };
  } finally {
    duck.close();
    remove(scratch);
  }
}

/** Adds the sets up by a property of their claims. @param names those that are listed even if nothing is theirs */
function breakDown(
  total: number,
  sets: readonly BlobSet[],
  claims: ReadonlyMap<Sha256, readonly Claim[]>,
  nameOf: (claim: Claim) => string | undefined,
  names: readonly string[],
): Breakdown {
  const shares = new Map(names.map((name) => [name, { alone: 0, shared: 0 }]));
  let shared = 0;
  let rest = total;
  for (const { trees, bytes } of sets) {
    const owners = new Set(
      trees.flatMap((tree) => claims.get(tree) ?? []).flatMap((claim) => nameOf(claim) ?? []),
    );
    if (owners.size > 0) rest -= bytes;
    if (owners.size > 1) shared += bytes;
    for (const owner of owners) {
      const share = shares.get(owner) ?? { alone: 0, shared: 0 };
      share[owners.size > 1 ? "shared" : "alone"] += bytes;
      shares.set(owner, share);
    }
  }
  const sorted = [...shares].sort(([a], [b]) => (a < b ? -1 : 1));
  return { entries: sorted.map(([name, share]) => ({ name, ...share })), shared, rest };
}

function totalOf(parts: Readonly<Record<Part, Space>>): Space {
  const of = (field: keyof Space) => sum(PARTS.map((part) => parts[part][field]));
  return { files: of("files"), bytes: of("bytes"), diskBytes: of("diskBytes") };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
