import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { StageError } from "../contract/stage.js";

let known: string | undefined;

/**
 * What resizes: "libvips 8.18.7". Read from the list beside sharp's binary, because loading sharp takes longer than
 * a run that has nothing to do. Where libvips is not sharp's own, sharp is asked.
 *
 * @throws StageError where sharp is not installed.
 */
export function libvipsId(): string {
  known ??= `libvips ${listedVersion() ?? loadedVersion()}`;
  return known;
}

function listedVersion(): string | undefined {
  const platforms = process.platform === "linux" ? ["linux", "linuxmusl"] : [process.platform];
  for (const platform of platforms) {
    try {
      const require = createRequire(createRequire(import.meta.url).resolve("sharp"));
      const list = require.resolve(`@img/sharp-libvips-${platform}-${process.arch}/versions`);
      return (JSON.parse(readFileSync(list, "utf8")) as { vips?: string }).vips;
    } catch {
      // Not this platform's package.
    }
  }
  return undefined;
}

function loadedVersion(): string {
  try {
    const sharp = createRequire(import.meta.url)("sharp") as typeof import("sharp");
    return sharp.versions.vips;
  } catch (error) {
    throw new StageError(`sharp cannot be loaded: ${(error as Error).message}`, {
      class: "sharp-missing",
      hint: "run npm ci again, on this machine and without --omit=optional: sharp comes in one package for each platform",
    });
  }
}
