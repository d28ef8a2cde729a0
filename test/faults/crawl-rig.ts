import { join } from "node:path";
import { Duck, parquet } from "../../src/core/duck.js";
import type { Json } from "../../src/core/json.js";
import { PhotoRig } from "../e2e/rig.js";

type Rows = readonly Readonly<Record<string, Json>>[];

/** A rig whose pipeline is one crawl of a list, with its output tables read back. */
export class CrawlRig extends PhotoRig {
  constructor(addresses: readonly string[], source: string, crawl = "") {
    super();
    this.list(addresses);
    this.pipeline(source, crawl);
  }

  list(addresses: readonly string[]): void {
    this.write("urls.txt", `${addresses.join("\n")}\n`);
  }

  /** @param crawl further params of the stage, beside its source */
  pipeline(source: string, crawl = ""): void {
    const all = `{ type: urls, list: urls.txt, ${source}${source.includes("allow_private") ? "" : ", allow_private: true"} }`;
    this.write(
      "p.yaml",
      `version: 1\nname: web\nstages:\n  crawl: { uses: crawl, with: { source: ${all}${crawl} } }\n`,
    );
  }

  images(): Promise<Rows> {
    return this.table("images.parquet");
  }

  failures(): Promise<Rows> {
    return this.table("failures/failures.parquet");
  }

  private async table(name: string): Promise<Rows> {
    const path = join(this.folder, "artifacts/latest/web/crawl", name);
    const duck = await Duck.open({ scratch: this.folder });
    try {
      return await duck.all(`SELECT * FROM ${parquet(path)} ORDER BY source_url`);
    } finally {
      duck.close();
    }
  }
}
