import { count, fixed, html, type Markup, percent } from "../../../core/html.js";
import type { ReportData } from "./data.js";

function tile(name: string, value: string, beside: Markup, lead = false): Markup {
  return html`<div class="card${lead ? " lead" : ""}"><dt>${name}</dt><dd><div class="value">${value}</div><div class="beside">${beside}</div></dd></div>`;
}

/** The headline numbers, each beside the baseline's. */
export function headline(data: ReportData): Markup {
  const { metrics: m, baseline: b } = data;
  const beside = (text: string) => html`baseline ${text}`;
  const lift = m.map / b.map;
  const mapBeside = Number.isFinite(lift)
    ? html`baseline ${fixed(b.map)} · ${lift.toFixed(1)}× as good`
    : html`no tag counts`;
  return html`<dl class="headline">
${tile(`Macro mAP, ${count(m.tags)} tags`, fixed(m.map), mapBeside, true)}
${tile("Micro mAP", fixed(m.microMap), beside(fixed(b.microMap)))}
${tile("Precision at 1", percent(m.pAt1), beside(percent(b.pAt1)))}
${tile("Precision at 5", percent(m.pAt5), beside(percent(b.pAt5)))}
${tile("F1, micro", fixed(m.f1Micro), beside(fixed(b.f1Micro)))}
${tile("F1, macro", fixed(m.f1Macro), beside(fixed(b.f1Macro)))}
${tile("Calibration error", fixed(m.ece), beside(fixed(b.ece)))}
${tile("KL to the teacher", fixed(m.kl, 4), beside(fixed(b.kl, 4)))}
${tile("Agreement at 1", percent(m.agreementAt1), beside(percent(b.agreementAt1)))}
${tile("Agreement at 5", percent(m.agreementAt5), beside(percent(b.agreementAt5)))}
</dl>
${verdict(data)}
${definitions(data)}`;
}

/** Says it where the numbers must not be taken at face value. */
function verdict({ metrics, baseline, rules, calibrated }: ReportData): Markup {
  if (metrics.tags === 0) {
    return html`<p class="card warning" role="note"><strong>No tag counts for macro mAP.</strong> None has at least ${rules.minPositives} positives among ${count(metrics.images)} held-out images at a prevalence of at most ${percent(rules.maxPrevalence, 0)}: hold more images out.</p>`;
  }
  if (metrics.map <= baseline.map * 1.1) {
    return html`<p class="card warning" role="note"><strong>The student is hardly better than the baseline.</strong> It ranks images about as well as one that knows only how common each tag is: it has collapsed or has hardly learned.</p>`;
  }
  if (!calibrated) {
    return html`<p class="card warning" role="note"><strong>Trained with kl:</strong> the scores rank the tags of an image and are not calibrated. Calibration error, KL and a threshold common to all images say little here.</p>`;
  }
  return html``;
}

function definitions({ metrics, rules, baselineThreshold, thresholdImages }: ReportData): Markup {
  const threshold =
    thresholdImages > 0
      ? html`${fixed(rules.threshold, 2)}, the one of best micro F1 on ${count(thresholdImages)} training images (baseline: ${fixed(baselineThreshold, 2)}, chosen the same way)`
      : html`0.5, by convention`;
  return html`<details><summary>How these are computed</summary><dl>
<dt>Positive</dt><dd>a tag to which the teacher gives at least ${rules.positiveAt}, on one image; ${count(metrics.images)} held-out images</dd>
<dt>Baseline</dt><dd>gives every image the share of training images on which a tag is positive</dd>
<dt>Macro mAP</dt><dd>mean average precision of the ${count(metrics.tags)} tags with at least ${rules.minPositives} held-out positives and a prevalence of at most ${percent(rules.maxPrevalence, 0)}; the baseline's is their mean prevalence</dd>
<dt>Micro mAP</dt><dd>average precision of one ranking of all pairs of image and tag</dd>
<dt>Precision at k</dt><dd>share of positives among an image's k highest scores</dd>
<dt>F1</dt><dd>threshold ${threshold}; macro over the same tags as mAP</dd>
<dt>Calibration error</dt><dd>expected calibration error over all pairs in 15 bins of equal width</dd>
<dt>KL</dt><dd>mean Kullback–Leibler divergence of the student's score from the teacher's, nats for each pair</dd>
<dt>Agreement at k</dt><dd>share of the teacher's k highest tags, of those it returned, that are among the student's k highest</dd>
</dl></details>`;
}
