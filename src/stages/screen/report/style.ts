/** The report's style sheet. It stands in the page by its hash, so nothing else can bring styles in. */
export const STYLE = `
:root { color-scheme: light dark; --page: #f6f7f9; --card: #fff; --ink: #1b2430; --soft: #5b6675; --rule: #dfe3e9;
  --track: #eceff3; --before: #a9b4c4; --after: #2563c9; }
@media (prefers-color-scheme: dark) {
  :root { --page: #10141a; --card: #1a2029; --ink: #e7ebf0; --soft: #9aa6b5; --rule: #2c3542; --track: #262e3a;
    --before: #55637a; --after: #6ea8ff; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
header, main, footer { max-width: 1180px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 36px; } footer { padding: 32px 24px 48px; font-size: 13px; color: var(--soft); }
h1 { font-size: 30px; line-height: 1.2; letter-spacing: -.02em; margin: 0 0 6px; }
h2 { font-size: 20px; letter-spacing: -.01em; margin: 40px 0 4px; } h2 .soft { font-weight: 400; }
h3 { font-size: 15px; margin: 0 0 8px; } p { margin: 0 0 12px; } .soft { color: var(--soft); }
.lead { font-size: 17px; } a { color: var(--after); }
table { border-collapse: collapse; margin-top: 16px; min-width: min(420px, 100%); }
th, td { padding: 6px 12px 6px 0; text-align: left; border-bottom: 1px solid var(--rule); font-weight: 400; }
thead th { font-size: 13px; color: var(--soft); } td { font-variant-numeric: tabular-nums; }
th:last-child, td:last-child { text-align: right; padding-right: 0; }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 12px; padding: 14px; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(420px, 100%), 1fr)); gap: 16px; }
figure { margin: 0; } svg { width: 100%; height: auto; display: block; }
svg text { font-size: 10px; fill: var(--soft); } svg line { stroke: var(--rule); }
rect.before { fill: var(--before); } rect.after { fill: var(--after); }
.key { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin: 0 4px 0 12px; vertical-align: -1px; }
.key:first-child { margin-left: 0; } .key.before { background: var(--before); } .key.after { background: var(--after); }
.cards { list-style: none; margin: 12px 0; padding: 0; display: grid; gap: 14px;
  grid-template-columns: repeat(auto-fill, minmax(min(264px, 100%), 1fr)); }
.card.tag { padding: 10px 14px; } .card bdi { overflow-wrap: anywhere; }
.pictures { display: flex; gap: 8px; }
.pictures img, .missing { width: 112px; height: 112px; object-fit: contain; border-radius: 6px; background: var(--track); }
.pictures img.small { image-rendering: pixelated; }
.missing { display: grid; place-items: center; font-size: 12px; color: var(--soft); }
.card p { margin: 10px 0 0; font-size: 13px; } .card p bdi { display: block; }
.id { font-weight: 600; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; } .detail { color: var(--soft); }
.tags { list-style: none; margin: 8px 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: 4px; font-size: 12px; }
.tags li { background: var(--track); border-radius: 6px; padding: 1px 7px; max-width: 100%; }
`;
