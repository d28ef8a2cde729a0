import { count, html, type Markup } from "../../../core/html.js";
import type { Bar, Histogram } from "../histograms.js";

const WIDTH = 560;
const HEIGHT = 150;
const LEFT = 52;
const BELOW = 96;

/** Labels longer than this stand slanted; longer than `LONGEST` they are cut. */
const LEVEL = 4;
const LONGEST = 16;

/** Pairs of bars on one scale: before screening, and after. */
export function histogram({ title, bars }: Histogram): Markup {
  const step = WIDTH / Math.max(1, bars.length);
  const most = Math.max(1, ...bars.map((bar) => Math.max(bar.before, bar.after)));
  const slanted = bars.some(({ label }) => label.length > LEVEL);
  const width = (step * 0.4).toFixed(1);
  const rect = (side: "before" | "after", bar: Bar, x: number) => {
    const height = (HEIGHT * bar[side]) / most;
    return html`<rect class="${side}" x="${x.toFixed(1)}" y="${(HEIGHT - height).toFixed(1)}" width="${width}" height="${height.toFixed(1)}"><title>${bar.label}, ${side}: ${count(bar[side])}</title></rect>`;
  };
  const drawn = bars.map((bar, i) => {
    const x = LEFT + i * step + step * 0.1;
    const middle = (x + step * 0.4).toFixed(1);
    const text =
      [...bar.label].length > LONGEST ? `${[...bar.label].slice(0, LONGEST - 1).join("")}…` : bar.label;
    const label = slanted
      ? html`<text text-anchor="end" transform="translate(${middle} ${HEIGHT + 12}) rotate(-45)">${text}</text>`
      : html`<text text-anchor="middle" x="${middle}" y="${HEIGHT + 14}">${text}</text>`;
    return html`${rect("before", bar, x)}${rect("after", bar, x + step * 0.4)}${label}`;
  });
  return html`<figure class="card"><h3>${title}</h3><svg viewBox="0 -10 ${LEFT + WIDTH} ${HEIGHT + (slanted ? BELOW : 30)}" role="img" aria-label="${title}, before and after"><line x1="${LEFT}" x2="${LEFT + WIDTH}" y1="${HEIGHT}" y2="${HEIGHT}"/><text x="${LEFT - 6}" y="4" text-anchor="end">${count(most)}</text><text x="${LEFT - 6}" y="${HEIGHT}" text-anchor="end">0</text>${drawn}</svg></figure>
`;
}
