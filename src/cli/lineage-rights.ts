import type { DuckRow } from "../core/duck.js";
import type { LicenseCount, Rights } from "../runner/lineage/rights.js";
import { RIGHTS_COLUMNS } from "../runner/lineage/rights.js";
import type { Paint } from "./shared/colour.js";
import { columns, count, csvField, plural, printable } from "./shared/format.js";

const UNTOLD = "no licence told";

/** Images by licence: what `--rights` alone prints. */
export async function rightsText(name: string, rights: Rights, paint: Paint): Promise<string> {
  const { images, untraced } = await rights.counts();
  const licenses = await rights.licenses();
  const side = rights.split === undefined ? "" : " of its training split";
  const rows = licenses.map(({ license, images }) => [`  ${printable(license ?? UNTOLD)}`, count(images)]);
  return [
    `${paint("bold", printable(name))}, ${plural(images, "image")}${side}`,
    ...columns(rows),
    ...(untraced > 0 ? [paint("yellow", `  ${plural(untraced, "image")} in no crawl's table`)] : []),
    paint("dim", "  --csv and --json list every image, --md credits every work"),
  ].join("\n");
}

/** Every image, with a line of names first. */
export async function* rightsCsv(rights: Rights): AsyncGenerator<string> {
  yield `${RIGHTS_COLUMNS.join(",")}\n`;
  for await (const rows of rights.rows()) {
    yield rows
      .map((row) => `${RIGHTS_COLUMNS.map((name) => csvField(text(row[name]))).join(",")}\n`)
      .join("");
  }
}

/** One JSON document, however long: counts first, every image after them. */
export async function* rightsJson(name: string, rights: Rights): AsyncGenerator<string> {
  const { images, untraced } = await rights.counts();
  const head = { name, split: rights.split ?? null, images, untraced, licenses: await rights.licenses() };
  yield `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "sources": [`;
  let first = true;
  for await (const rows of rights.rows()) {
    yield `${first ? "" : ","}\n${rows.map((row) => `    ${JSON.stringify(row)}`).join(",\n")}`;
    first = false;
  }
  yield "\n  ]\n}\n";
}

/** ATTRIBUTION.md: every work once, by licence. */
export async function* rightsMarkdown(name: string, rights: Rights): AsyncGenerator<string> {
  const { images, untraced } = await rights.counts();
  const licenses = await rights.licenses();
  const side = rights.split === undefined ? "" : " it was trained on";
  yield `# Sources of ${plain(name)}\n\n${plural(images, "image")}${side}.\n\n`;
  yield `| Licence | Images |\n| --- | ---: |\n${licenses.map(licenseRow).join("")}\n`;
  if (untraced > 0) yield `${plural(untraced, "image")} could not be traced to a source.\n\n`;
  let section: unknown;
  for await (const works of rights.works()) {
    let lines = "";
    for (const work of works) {
      if (section !== work.license_name)
        lines += `${section === undefined ? "" : "\n"}## ${plain(text(work.license_name) || UNTOLD)}\n\n`;
      section = work.license_name;
      lines += `- ${credit(work)}\n`;
    }
    yield lines;
  }
}

const licenseRow = ({ license, images }: LicenseCount) =>
  `| ${plain(license ?? UNTOLD)} | ${count(images)} |\n`;

/** Who made a work, where it is, and under what terms: the credit that the source asks for, where it asks. */
function credit(work: DuckRow): string {
  const [attribution, author, license] = [work.attribution, work.author, work.license].map(text);
  const who = attribution || (author ? `by ${author}` : "");
  const where = text(work.page_url) || text(work.source_url);
  const terms = license ? link(text(work.license_url), license) : "";
  const several = Number(work.images) > 1 ? plural(Number(work.images), "image") : "";
  const parts = [plain(who), where ? link(where, where) : "", terms, several].filter((part) => part !== "");
  return parts.length > 0 ? parts.join(" · ") : "nothing is told of it";
}

function link(url: string, label: string): string {
  if (!/^https?:\/\//i.test(url)) return plain(label);
  const target = url.replace(/[\s<>()]/g, (char) =>
    encodeURIComponent(char).replace("(", "%28").replace(")", "%29"),
  );
  return url === label ? `<${target}>` : `[${plain(label)}](${target})`;
}

/** Text of others in Markdown: on one line, its signs without effect. */
function plain(value: string): string {
  return printable(value)
    .replace(/\s+/g, " ")
    .replace(/[\\`*_[\]<>#|~&]/g, (char) => `\\${char}`);
}

const text = (value: unknown) => (value === null || value === undefined ? "" : String(value));
