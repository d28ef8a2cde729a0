/** The report's style sheet. It stands in the page by its hash, so nothing else can bring styles in. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1b2430; --soft: #5b6675; --rule: #dfe3e9; --track: #eceff3;
  --student: #2563c9; --teacher: #c2700c; --baseline: #69737f; --focus: #7c3aed;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10141a; --card: #1a2029; --ink: #e7ebf0; --soft: #9aa6b5; --rule: #2c3542; --track: #262e3a;
    --student: #6ea8ff; --teacher: #f0a94a; --baseline: #94a0ae; --focus: #b794f6;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main, header, footer { max-width: 1180px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 36px; }
h1 { font-size: 30px; line-height: 1.2; letter-spacing: -.02em; margin: 0 0 6px; }
h2 { font-size: 20px; letter-spacing: -.01em; margin: 44px 0 4px; }
h3 { font-size: 15px; margin: 0 0 8px; }
p { margin: 0 0 12px; } .soft, figcaption, footer { color: var(--soft); }
.num, td, .value { font-variant-numeric: tabular-nums; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 12px; }
.headline { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 12px; margin: 24px 0 12px; padding: 0; }
@media (min-width: 900px) { .headline { grid-template-columns: repeat(4, 1fr); } }
.headline > div { padding: 14px 16px; }
.headline dt { color: var(--soft); font-size: 13px; }
.headline dd { margin: 0; }
.headline .value { font-size: 27px; font-weight: 650; letter-spacing: -.02em; line-height: 1.25; }
.headline .lead .value { color: var(--student); }
.headline .beside { font-size: 13px; color: var(--soft); }
details { margin: 8px 0; } summary { cursor: pointer; color: var(--soft); width: fit-content; }
details dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; margin: 10px 0; max-width: 100ch; }
details dt { font-weight: 600; } details dd { margin: 0; color: var(--soft); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(340px, 1fr)); gap: 16px; margin-top: 12px; }
figure { margin: 0; padding: 16px; } figcaption { font-size: 13px; margin-top: 6px; }
.chart { width: 100%; height: auto; display: block; }
.chart text { fill: var(--soft); font-size: 11px; } .chart .axis { font-size: 12px; fill: var(--ink); }
.grid { stroke: var(--rule); } .ideal { stroke: var(--baseline); stroke-dasharray: 4 4; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.line.student { stroke: var(--student); } .line.teacher { stroke: var(--teacher); stroke-dasharray: 6 3; }
.line.baseline { stroke: var(--baseline); }
.dot.student, rect.student { fill: var(--student); } .dot.teacher, rect.teacher { fill: var(--teacher); }
.dot.baseline, rect.baseline { fill: var(--baseline); }
.mass { fill: var(--baseline); opacity: .22; } .track { fill: var(--track); } .tick { fill: var(--ink); }
.legend { display: inline-flex; align-items: center; gap: 6px; margin-right: 16px; font-size: 13px; color: var(--soft); }
.legends { margin: 36px 0 -28px; text-align: right; }
.legend .bar { width: 14px; height: 8px; border-radius: 2px; }
.filter { position: sticky; top: 0; z-index: 2; background: var(--page); padding: 12px 0; margin-top: 32px;
  display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: center; border-bottom: 1px solid var(--rule); }
.filter label { font-weight: 600; }
input, button { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 6px 12px; }
input { width: min(320px, 60vw); } button { cursor: pointer; } button:hover { border-color: var(--soft); }
.scroll { overflow-x: auto; margin-top: 12px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { padding: 6px 12px; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; }
tbody tr:last-child > * { border-bottom: 0; }
th:first-child { text-align: left; max-width: 260px; overflow: hidden; text-overflow: ellipsis; }
tbody th { font-weight: 500; } thead th { font-size: 13px; color: var(--soft); padding: 4px; }
thead button { border: 0; background: none; padding: 4px 8px; font-weight: 600; white-space: nowrap; }
th[aria-sort=ascending] button::after { content: " \\2191"; } th[aria-sort=descending] button::after { content: " \\2193"; }
tr.uncounted { color: var(--soft); } tr.uncounted .bar { opacity: .45; }
tbody th button, .tags button { border: 0; background: none; padding: 0; text-align: left; max-width: 100%; overflow: hidden; text-overflow: ellipsis; }
tbody th button:hover, .tags button:hover { text-decoration: underline; }
.bar { width: 100%; height: 8px; display: block; border-radius: 3px; }
td.with-bar { min-width: 190px; } td.with-bar > div { display: grid; grid-template-columns: 1fr 3.2em; gap: 10px; align-items: center; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(330px, 100%), 1fr)); gap: 14px; margin: 12px 0 0; padding: 0; list-style: none; }
.pictures > li { padding: 12px; display: grid; grid-template-columns: 96px minmax(0, 1fr); gap: 12px; align-content: start; }
.pictures img, .missing { width: 96px; height: 96px; object-fit: contain; border-radius: 6px; background: var(--track); }
.pictures img.small { image-rendering: pixelated; }
.missing { display: grid; place-items: center; font-size: 12px; color: var(--soft); }
.id { grid-column: 1 / -1; font-size: 12px; color: var(--soft); display: flex; justify-content: space-between; gap: 8px; }
.id bdi { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.tags { margin: 0; padding: 0; list-style: none; font-size: 12px; line-height: 1.5; }
.tags li { margin-bottom: 6px; } .tags .bar { height: 5px; margin-bottom: 2px; } .tags .hit { font-weight: 700; } .tags .num { white-space: nowrap; color: var(--soft); }
.tags .name { display: flex; justify-content: space-between; gap: 6px; } .tags .name > :first-child { min-width: 0; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.none { color: var(--soft); } .warning { border-left: 4px solid var(--teacher); padding: 10px 16px; margin: 16px 0; }
[hidden] { display: none !important; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
footer { padding-top: 32px; padding-bottom: 48px; font-size: 13px; }
@media print { .filter, thead button::after { display: none; } body { background: none; } }
`;
