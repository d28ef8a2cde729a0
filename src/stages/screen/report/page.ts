import { count, html, type Markup, percent } from "../../../core/html.js";
import { reportFrame } from "../../report/page.js";
import type { Picture } from "../../report/thumbnails.js";
import type { RuleName } from "../rules/rule.js";
import type { Example, Summary } from "../summary.js";
import { histogram } from "./histogram.js";
import { STYLE } from "./style.js";

/** A rule's name for people, and what it looks for. */
const TITLES: Readonly<Record<RuleName, readonly [title: string, text: string]>> = {
  unsafe: ["Unsafe images", "SafeSearch found them as likely as the rule allows, or more."],
  exact_duplicates: ["Exact duplicates", "Images of equal bytes. The smallest id stays."],
  near_duplicates: ["Near duplicates", "Images whose perceptual hashes nearly agree. The smallest id stays."],
  constant_scores: [
    "Constant scores",
    "Tags whose score is the same on all images say nothing about them: taken out of every label list.",
  ],
  collapsed: ["Collapsed tag sets", "Images with a tag set that too many images share."],
  few_tags: ["Too few tags", "Images of which the teacher says too little."],
  many_tags: ["Too many tags", "Images of which the teacher says too much."],
  label_quality: [
    "Doubtful labels",
    "A student that never saw these images contradicts their labels. The most doubtful first.",
  ],
};

/** The screening report: one page without outside parts, the same bytes for the same summary and pictures. */
export function screeningReport(summary: Summary, pictures: ReadonlyMap<string, Picture>): string {
  const { before, after } = summary.images;
  const share = before === 0 ? 0 : after / before;
  return reportFrame(
    { title: "Screening report", style: STYLE },
    html`<header><h1>What was screened out</h1>
<p class="lead"><strong>${count(after)}</strong> of ${count(before)} labelled images stay (${percent(share)}).</p></header>
<main>
<table><thead><tr><th scope="col">Rule</th><th scope="col">Taken out</th></tr></thead><tbody>
${summary.rules.map(
  ({ name, count: n }) =>
    html`<tr><th scope="row">${n > 0 ? html`<a href="#${name}">${TITLES[name][0]}</a>` : TITLES[name][0]}</th><td>${count(n)}${name === "constant_scores" && n > 0 ? " tags" : ""}</td></tr>
`,
)}</tbody></table>
<section aria-labelledby="charts"><h2 id="charts">Before and after</h2>
<p class="soft"><span class="key before"></span> before <span class="key after"></span> after</p>
<div class="charts">${summary.histograms.map(histogram)}</div></section>
${summary.rules.map((rule) => (rule.count === 0 ? "" : section(rule, pictures)))}
</main>
<footer>Made by pipestill. All that went is listed in dropped.parquet beside this file.</footer>`,
  );
}

function section(
  { name, count: n, examples }: Summary["rules"][number],
  pictures: ReadonlyMap<string, Picture>,
): Markup {
  const [title, text] = TITLES[name];
  const more = n - examples.length;
  return html`<section aria-labelledby="${name}"><h2 id="${name}">${title} <span class="soft">${count(n)}</span></h2><p class="soft">${text}</p>
<ul class="cards">${examples.map((example) => card(example, pictures))}</ul>${more > 0 ? html`<p class="soft">and ${count(more)} more</p>` : ""}</section>
`;
}

function card({ id, detail, tags, other }: Example, pictures: ReadonlyMap<string, Picture>): Markup {
  if (id === null) return html`<li class="card tag"><bdi>${detail}</bdi></li>`;
  const shown = other === null ? [id] : [id, other];
  return html`<li class="card"><div class="pictures">${shown.map((of) => picture(of, pictures.get(of)))}</div>
<p><bdi class="id" title="${id}">${id}</bdi><bdi class="detail">${detail}</bdi></p><ul class="tags">${tags.map(({ tag, score }) => html`<li><bdi>${tag}</bdi> ${score.toFixed(2)}</li>`)}</ul></li>
`;
}

function picture(id: string, shown: Picture | undefined): Markup {
  if (!shown) return html`<div class="missing">no picture</div>`;
  return html`<img src="${shown.uri}" alt="image ${id}" title="${id}"${shown.small ? html` class="small"` : ""}>`;
}
