import { count, fixed, html, type Markup } from "../../../core/html.js";
import type { CalibrationBin } from "../calibration.js";

const WIDTH = 440;
const HEIGHT = 280;
const LEFT = 48;
const RIGHT = 12;
const TOP = 12;
const BOTTOM = 40;

/** A line of a chart; `style` is its class: student, teacher or baseline. */
export interface Series {
  readonly name: string;
  readonly style: "student" | "teacher" | "baseline";
  readonly points: readonly (readonly [x: number, y: number])[];
}

interface Axes {
  readonly title: string;
  readonly x: { readonly label: string; readonly range: readonly [number, number] };
  readonly y: { readonly label: string; readonly range: readonly [number, number] };
}

/** Round values that cover a range in about `wanted` steps. */
function ticks([low, high]: readonly [number, number], wanted = 5): number[] {
  const raw = (high - low) / wanted || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw * 0.7)!;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function frame(axes: Axes, plot: (x: (v: number) => number, y: (v: number) => number) => Markup): Markup {
  const scale =
    ([low, high]: readonly [number, number], from: number, to: number) =>
    (value: number) =>
      Number((from + ((value - low) / (high - low || 1)) * (to - from)).toFixed(2));
  const x = scale(axes.x.range, LEFT, WIDTH - RIGHT);
  const y = scale(axes.y.range, HEIGHT - BOTTOM, TOP);
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${axes.title}">
${ticks(axes.y.range).map(
  (v) => html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(v)}" y2="${y(v)}"/>
<text x="${LEFT - 6}" y="${y(v) + 4}" text-anchor="end">${v}</text>`,
)}
${ticks(axes.x.range).map((v) => html`<text x="${x(v)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${v}</text>`)}
<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 6}" text-anchor="middle" class="axis">${axes.x.label}</text>
<text transform="translate(11 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle" class="axis">${axes.y.label}</text>
${plot(x, y)}
</svg>`;
}

/** Lines over a common x; ranges fit the data, y from 0 where the values are near it. */
export function lineChart(title: string, xLabel: string, yLabel: string, series: readonly Series[]): Markup {
  const points = series.flatMap((s) => s.points);
  const xs = points.map((p) => p[0]);
  const ys = points.map((p) => p[1]);
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const margin = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
  const axes: Axes = {
    title,
    x: { label: xLabel, range: [Math.min(...xs), Math.max(...xs)] },
    y: { label: yLabel, range: [low > 0 && low < high * 0.3 ? 0 : low - margin, high + margin] },
  };
  return frame(
    axes,
    (x, y) =>
      html`${series.map(
        (s) =>
          html`<polyline class="line ${s.style}" points="${s.points.map((p) => `${x(p[0])},${y(p[1])}`).join(" ")}"/>
${s.points.map(
  (p) =>
    html`<circle class="dot ${s.style}" cx="${x(p[0])}" cy="${y(p[1])}" r="2.5"><title>${s.name}, ${xLabel} ${p[0]}: ${fixed(p[1], 4)}</title></circle>`,
)}`,
      )}`,
  );
}

/** What share of pairs is positive, and what the teacher says, where the student gives a certain score. */
export function calibrationChart(bins: readonly CalibrationBin[]): Markup {
  const filled = bins.filter((bin) => bin.pairs > 0);
  const unit = [0, 1] as const;
  const most = Math.log1p(Math.max(...filled.map((bin) => bin.pairs)));
  return frame(
    {
      title: "Calibration: share of positive pairs and mean teacher score against the student's score",
      x: { label: "student's score", range: unit },
      y: { label: "share positive · teacher's score", range: unit },
    },
    (x, y) => html`<line class="ideal" x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}"/>
${bins.map((bin, b) => {
  const height = most > 0 ? (Math.log1p(bin.pairs) / most) * 0.22 : 0;
  const [left, right] = [x(b / bins.length), x((b + 1) / bins.length)];
  return html`<rect class="mass" x="${left + 1}" width="${right - left - 2}" y="${y(height)}" height="${y(0) - y(height)}"><title>${count(bin.pairs)} pairs</title></rect>`;
})}
<polyline class="line teacher" points="${filled.map((b) => `${x(b.score)},${y(b.teacher)}`).join(" ")}"/>
<polyline class="line student" points="${filled.map((b) => `${x(b.score)},${y(b.positive)}`).join(" ")}"/>
${filled.map(
  (b) =>
    html`<circle class="dot student" cx="${x(b.score)}" cy="${y(b.positive)}" r="3.5"><title>score ${fixed(b.score)}: ${fixed(b.positive)} positive, teacher ${fixed(b.teacher)}, ${count(b.pairs)} pairs</title></circle>`,
)}`,
  );
}

/** A bar of a share in [0, 1], with a tick where the baseline stands. Decorative: the number stands beside it. */
export function bar(value: number, style: Series["style"], baseline?: number): Markup {
  const width = (share: number) => Number((Math.min(1, Math.max(0, share)) * 100).toFixed(1));
  const tick =
    baseline === undefined
      ? []
      : html`<rect class="tick" x="${Math.min(98.5, width(baseline))}" width="1.5" height="8"/>`;
  return html`<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="8"/><rect class="${style}" width="${Number.isFinite(value) ? width(value) : 0}" height="8"/>${tick}</svg>`;
}
