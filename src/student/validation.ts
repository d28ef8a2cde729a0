import { createHash } from "node:crypto";

/** Says which training images are put aside to judge epochs by. */
export type PutAside = (id: string) => boolean;

/** A share of the 32-bit hashes, as the first hash beyond it. */
export function hashThreshold(share: number): number {
  return Math.round(share * 2 ** 32);
}

/**
 * Puts a share of the images aside by a hash of their ids: a new image moves none. The first 32 bits of
 * sha256("validation:" + id) lie below the threshold.
 */
export function validationShare(share: number): PutAside {
  const threshold = hashThreshold(share);
  return (id) => createHash("sha256").update(`validation:${id}`).digest().readUInt32BE(0) < threshold;
}
