import type { Finding } from "../core/finding.js";

/** Loads sharp, which every stage that touches pictures needs, and tells its version and libvips'. */
export async function examineSharp(): Promise<Finding> {
  try {
    const { default: sharp } = await import("sharp");
    const { sharp: version, vips } = sharp.versions;
    return { check: "sharp", level: "ok", message: `${version}, libvips ${vips}` };
  } catch (error) {
    const [message] = (error as Error).message.split("\n");
    return {
      check: "sharp",
      level: "problem",
      message: `cannot be loaded: ${message}`,
      fix: "npm ci, on this machine and without --omit=optional: sharp comes in one package for each platform",
    };
  }
}
