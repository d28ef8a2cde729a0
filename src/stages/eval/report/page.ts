import { html, type Markup } from "../../../core/html.js";
import { reportFrame } from "../../report/page.js";
import { calibrationChart, lineChart, type Series } from "./charts.js";
import type { Epoch, ReportData } from "./data.js";
import { headline } from "./headline.js";
import { galleries } from "./pictures.js";
import { SCRIPT } from "./script.js";
import { STYLE } from "./style.js";
import { tagTable } from "./tag-table.js";

/** Writes the report as one HTML page that needs nothing beside itself. */
export function reportPage(data: ReportData): string {
  const tags: string[] = [];
  for (const tag of data.tags) tags[tag.position] = tag.tag;
  return reportFrame(
    { title: "Student report", style: STYLE, script: SCRIPT },
    html`<header><h1>How well the student learned</h1>
<p class="soft">${data.about.map(([name, value], i) => html`${i > 0 ? " · " : ""}${name} <bdi>${value}</bdi>`)}</p></header>
<main>
${headline(data)}
${charts(data)}
<div class="filter" id="filter" role="search" hidden><label for="tag">Filter by tag</label><input id="tag" type="search" autocomplete="off" spellcheck="false" placeholder="part of a tag's name"><button id="clear" type="button" hidden>Clear</button><span id="found" class="soft" role="status"></span></div>
${tagTable(data.tags)}
${galleries(data, tags)}
</main>
<footer>Made by pipestill. All numbers are of the held-out split, which the training never saw. The same numbers are in metrics.json, tags.parquet and predictions.parquet beside this file.</footer>`,
  );
}

function charts(data: ReportData): Markup {
  return html`<section aria-labelledby="learning"><h2 id="learning">Learning and calibration</h2><div class="charts">
${curves(data.history)}
<figure class="card"><h3>Calibration</h3>${calibrationChart(data.bins)}<figcaption>Where the student gives a score, what share of pairs is positive (solid) and what the teacher says on average (dashed). Bars: how many pairs, on a logarithmic scale.</figcaption></figure>
</div></section>`;
}

/** The history's losses against the epoch: training, and validation where there is one. */
function curves(history: readonly Epoch[]): Markup {
  const line = (name: string, key: string, style: Series["style"]): Series[] => {
    const points = history
      .filter((epoch) => Number.isFinite(epoch[key]))
      .map((epoch) => [epoch.epoch ?? 0, epoch[key]!] as const);
    return points.length > 0 ? [{ name, style, points }] : [];
  };
  const series = [...line("training", "loss", "student"), ...line("validation", "val_loss", "teacher")];
  const drawn =
    series.length > 0
      ? html`${lineChart("Loss by epoch", "epoch", "loss", series)}<figcaption>${series.length > 1 ? "Solid: training. Dashed: validation." : "Mean loss of the training images while they were learned, dropout on."}</figcaption>`
      : html`<p class="soft">The model carries no history.</p>`;
  return html`<figure class="card"><h3>Loss</h3>${drawn}</figure>`;
}
