import { mkdirSync, statfsSync, utimesSync } from "node:fs";
import { join } from "node:path";
import type { StageContext } from "../../contract/stage.js";
import { hashRecord } from "../../core/hash.js";
import type { Json } from "../../core/json.js";
import type { Engine } from "../../engine/engine.js";
import type { Dataset } from "../../student/dataset.js";
import { FeatureCache, featureBytes } from "../../student/feature-cache.js";
import type { Network } from "../../student/network.js";
import { weightsHash } from "../../student/tensor-file.js";
import { bytesOf } from "./bytes.js";
import type { Params } from "./schema.js";

/**
 * The cache of frozen features of a training, where it can have one: layers are frozen, images come as they are, and
 * there is room.
 *
 * @param onPrepared after each batch, with the number of images whose features were computed
 */
export function featureCache(
  context: Pick<StageContext, "shared" | "signal" | "note">,
  { feature_cache, flip, crop, colour }: Params,
  { network, dataset, engine }: { network: Network; dataset: Dataset; engine: Engine },
  onPrepared: (images: number) => void,
): FeatureCache | undefined {
  const allowed = bytesOf(feature_cache.max_bytes);
  if (network.frozenPart === undefined || flip || crop > 0 || colour > 0 || allowed === 0) return undefined;
  const folder = join(context.shared, `features-${keyOf(network, engine)}`);
  mkdirSync(folder, { recursive: true });
  // For gc: this training has use for it.
  const now = new Date();
  utimesSync(folder, now, now);
  const needed = dataset.counts.train * featureBytes(network);
  const { bavail, bsize } = statfsSync(folder);
  const short = (limit: string) =>
    context.note(
      `frozen features would take ${gigabytes(needed)}, ${limit}: they are computed anew in each epoch`,
    );
  if (needed > allowed) short(`feature_cache.max_bytes allows ${gigabytes(allowed)}`);
  else if (needed > bavail * bsize) short(`the disk has room for ${gigabytes(bavail * bsize)}`);
  else {
    const { signal } = context;
    return new FeatureCache({
      folder,
      network,
      dataset,
      signal,
      onPrepared,
      note: (text) => context.note(text),
    });
  }
  return undefined;
}

/** Names all that determines features beside the pictures. */
function keyOf(network: Network, engine: Engine): string {
  const { layers, weights } = network.frozenPart!;
  const { preprocess, size } = network.spec;
  return hashRecord({
    tag: "features/1",
    engine: engine.description,
    layers: layers as unknown as Json,
    weights: weightsHash(weights),
    preprocess,
    size: { ...size },
    precision: network.precision,
  });
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(bytes < 1e10 ? 1 : 0)} GB`;
