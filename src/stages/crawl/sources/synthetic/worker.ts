import type { BaseContext, ItemOutcome, ItemWorker } from "../../../../contract/stage.js";
import { sharp } from "../../../../core/sharp.js";
import type { SyntheticSource } from "../../schema.js";
import { drawScene } from "./scene.js";

/** Draws scenes and stores them as a camera or an editor would. */
export async function open(context: BaseContext): Promise<ItemWorker> {
  sharp.concurrency(1);
  sharp.cache(false);
  // The drawings are its own.
  sharp.unblock({ operation: ["VipsForeignLoadSvg"] });
  const { seed, size } = context.with.source as SyntheticSource;
  const draw = async (index: number): Promise<ItemOutcome> => {
    const scene = drawScene(seed, index, size);
    const drawing = sharp(Buffer.from(scene.svg)).removeAlpha();
    const encoded = scene.format === "png" ? drawing.png() : drawing.jpeg({ quality: 92 });
    const blob = await encoded.toBuffer();
    const { format, width, height } = scene;
    return {
      ok: true,
      columns: { bytes: blob.length, format, width, height, opt_outs: null },
      blobs: { blob },
    };
  };
  return {
    concurrency: context.cpus * 2,
    process: (items) => Promise.all(items.map((item) => draw(Number(item.locator)))),
  };
}
