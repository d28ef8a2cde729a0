import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { type Pack, pack } from "tar-stream";

/** Writes a tar of plain files whose bytes follow from their names and contents alone: no times, owners or modes. */
export class ShardWriter {
  private readonly pack: Pack = pack();
  private readonly written: Promise<void>;

  constructor(path: string) {
    this.written = pipeline(this.pack, createWriteStream(path));
    // A failed write shows at the next `add` or `close`; until then it is no unhandled rejection.
    this.written.catch(() => {});
  }

  /** Appends a file. Waits while the disk is behind, so that memory holds one file at a time. */
  async add(name: string, bytes: Buffer): Promise<void> {
    const header = { name, size: bytes.length, mode: 0o644, uid: 0, gid: 0, mtime: new Date(0) };
    const entry = new Promise<void>((resolve, reject) => {
      this.pack
        .entry(header, (error) => (error ? reject(error) : resolve()))
        .on("error", reject)
        .end(bytes);
    });
    await Promise.race([entry, this.written.then(() => entry)]);
  }

  /** Ends the tar and waits until its bytes are with the file system. @throws what writing met, e.g. a full disk */
  async close(): Promise<void> {
    this.pack.finalize();
    await this.written;
  }

  destroy(): void {
    this.pack.destroy();
  }
}
