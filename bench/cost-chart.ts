/** What was measured for one size of the data set; seconds are medians. */
export interface Cost {
  readonly rows: number;
  readonly first: number;
  readonly nothing: number;
  readonly changed: number;
  /** The largest peak of resident memory of any process of any run, MiB. */
  readonly peakMiB: number;
}

const LINES = [
  { name: "first run", of: (cost: Cost) => cost.first, colour: "#b3541e" },
  { name: "one picture changed", of: (cost: Cost) => cost.changed, colour: "#2f6f8f" },
  { name: "nothing to do", of: (cost: Cost) => cost.nothing, colour: "#4b7f52" },
];
const [WIDTH, HEIGHT] = [760, 420];
const PLOT = { left: 70, right: 590, top: 30, bottom: 360 };

/** Seconds against rows, both on logarithmic axes, as an SVG picture. */
export function costChart(costs: readonly Cost[]): string {
  const rows = costs.map((cost) => cost.rows);
  const seconds = costs.flatMap((cost) => LINES.map(({ of }) => of(cost)));
  const x = axis(Math.min(...rows), Math.max(...rows), PLOT.left, PLOT.right);
  const y = axis(Math.min(...seconds), Math.max(...seconds), PLOT.bottom, PLOT.top);
  const grid = [
    ...y.ticks.map((tick) => gridLine(PLOT.left, y.at(tick), PLOT.right, y.at(tick))),
    ...y.ticks.map((tick) => label(PLOT.left - 10, y.at(tick) + 4, `${tick} s`, "end")),
    ...x.ticks.map((tick) => label(x.at(tick), PLOT.bottom + 22, tick.toLocaleString("en"), "middle")),
  ];
  const lines = LINES.flatMap(({ name, of, colour }) => {
    const points = costs.map((cost) => [x.at(cost.rows), y.at(of(cost))] as const);
    const [endX, endY] = points.at(-1) ?? [0, 0];
    return [
      `<polyline fill="none" stroke="${colour}" stroke-width="2.5" points="${points.map(([a, b]) => `${round(a)},${round(b)}`).join(" ")}"/>`,
      ...points.map(([a, b]) => `<circle cx="${round(a)}" cy="${round(b)}" r="3.5" fill="${colour}"/>`),
      label(endX + 12, endY + 4, name, "start", colour),
    ];
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="13">
<title>Seconds a run takes against the number of pictures</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>
${[...grid, ...lines].join("\n")}
${label((PLOT.left + PLOT.right) / 2, HEIGHT - 12, "pictures", "middle")}
</svg>
`;
}

/** A logarithmic axis from whole power of ten to whole power of ten. */
function axis(least: number, most: number, from: number, to: number) {
  const low = Math.floor(Math.log10(least));
  const high = Math.max(low + 1, Math.ceil(Math.log10(most)));
  return {
    at: (value: number) => from + ((to - from) * (Math.log10(value) - low)) / (high - low),
    ticks: Array.from({ length: high - low + 1 }, (_, i) => Number(`1e${low + i}`)),
  };
}

const round = (value: number) => value.toFixed(1);

function gridLine(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="#dddddd"/>`;
}

function label(x: number, y: number, text: string, anchor: string, colour = "#333333"): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="${colour}">${text}</text>`;
}
