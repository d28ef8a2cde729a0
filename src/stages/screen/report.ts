import type { RuleName } from "./rules/rule.js";
import type { Histogram, Summary } from "./summary.js";

const TITLES: Readonly<Record<RuleName, string>> = {
  exact_duplicates: "Exact duplicates: images of equal bytes",
  near_duplicates: "Near duplicates: images whose perceptual hashes nearly agree",
  constant_scores: "Constant scores: tags, taken out of every label list",
  collapsed: "Collapsed: images with the one most common tag set",
  few_tags: "Few tags: images that say too little",
};

const STYLE = `
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1d2330; background: #fff }
  table { border-collapse: collapse; width: 100% } td, th { padding: .3rem .6rem; text-align: left; border-bottom: 1px solid #dde2ea }
  td.n { text-align: right; font-variant-numeric: tabular-nums } code { font-size: 13px; overflow-wrap: anywhere }
  svg { width: 100%; height: auto } svg text { font: 10px system-ui, sans-serif; fill: #5a6474 }
  .before { fill: #b9c4d6 } .after { fill: #2f6fdb } summary { cursor: pointer; padding: .3rem 0 }
  @media (prefers-color-scheme: dark) { body { color: #e4e8ef; background: #14181f } td, th { border-color: #2b3340 }
    svg text { fill: #9aa5b5 } .before { fill: #465267 } .after { fill: #6ea2ff } }`;

/** The screening report: one page without outside parts, the same bytes for the same summary. */
export function renderReport(summary: Summary): string {
  const { before, after } = summary.images;
  const share = before === 0 ? 0 : (100 * after) / before;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Screening report</title>
<style>${STYLE}</style>
<h1>Screening report</h1>
<p>${after} of ${before} labelled images stay (${share.toFixed(1)} %). All that went is listed in <code>dropped.parquet</code>.</p>
<table>
<tr><th>Rule</th><th>Dropped</th></tr>
${summary.rules.map((rule) => `<tr><td>${escapeHtml(TITLES[rule.name])}</td><td class="n">${rule.count}</td></tr>`).join("\n")}
</table>
${summary.rules.map(renderExamples).join("\n")}
<h2>Before and after</h2>
<p><svg viewBox="0 0 10 10" style="width:.8em"><rect class="before" width="10" height="10"/></svg> before
<svg viewBox="0 0 10 10" style="width:.8em"><rect class="after" width="10" height="10"/></svg> after</p>
${summary.histograms.map(renderHistogram).join("\n")}
</html>
`;
}

function renderExamples(rule: Summary["rules"][number]): string {
  if (rule.count === 0) return "";
  const items = rule.examples.map(
    ({ id, detail }) =>
      `<li>${id === null ? "" : `<code>${escapeHtml(id)}</code>: `}${escapeHtml(detail)}</li>`,
  );
  const rest = rule.count - rule.examples.length;
  return `<details><summary>${escapeHtml(TITLES[rule.name])}: ${rule.count}</summary><ul>${items.join("")}${
    rest > 0 ? `<li>and ${rest} more</li>` : ""
  }</ul></details>`;
}

/** Pairs of bars on one scale; long labels stand slanted. */
function renderHistogram({ title, bars }: Histogram): string {
  const height = 140;
  const width = 720;
  const step = width / Math.max(1, bars.length);
  const most = Math.max(1, ...bars.map((bar) => Math.max(bar.before, bar.after)));
  const rect = (name: "before" | "after", value: number, x: number) => {
    const size = (height * value) / most;
    return `<rect class="${name}" x="${x.toFixed(1)}" y="${(height - size).toFixed(1)}" width="${(step * 0.4).toFixed(1)}" height="${size.toFixed(1)}"><title>${name}: ${value}</title></rect>`;
  };
  const drawn = bars.map((bar, i) => {
    const x = i * step + step * 0.1;
    const slant = bar.label.length > 5;
    const label = escapeHtml(bar.label.length > 16 ? `${bar.label.slice(0, 15)}…` : bar.label);
    const place = slant
      ? `text-anchor="end" transform="translate(${(x + step * 0.4).toFixed(1)} ${height + 10}) rotate(-40)"`
      : `text-anchor="middle" x="${(x + step * 0.4).toFixed(1)}" y="${height + 12}"`;
    return `${rect("before", bar.before, x)}${rect("after", bar.after, x + step * 0.4)}<text ${place}>${label}</text>`;
  });
  return `<h3>${escapeHtml(title)}</h3>
<svg viewBox="-40 -12 ${width + 50} ${height + 90}" role="img" aria-label="${escapeHtml(title)}, before and after"><text x="-4" y="4" text-anchor="end">${most}</text>${drawn.join("")}</svg>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]!);
}
