/** Style of the page; it stands in its policy by its hash. */
export const STYLE = `
:root { color-scheme: light dark; --page: #f6f7f9; --card: #fff; --ink: #1b2430; --soft: #5b6675; --rule: #c9cfd8; --track: #eceff3; --bar: #2563c9; --focus: #7c3aed; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --page: #10141a; --card: #1a2029; --ink: #e7ebf0; --soft: #9aa6b5; --rule: #3a4553; --track: #262e3a; --bar: #6ea8ff; --focus: #b794f6; --bad: #ff9b93; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 900px; margin: 0 auto; padding: 36px 24px; }
h1 { font-size: 28px; letter-spacing: -.02em; margin: 0; }
.soft { color: var(--soft); margin: 4px 0 20px; } a { color: inherit; }
#drop { border: 2px dashed var(--rule); border-radius: 14px; background: var(--card); text-align: center; padding: 34px 20px; }
#drop.over { border-color: var(--bar); } #drop p { margin: 6px 0; }
.button { display: inline-block; padding: 8px 18px; border-radius: 9px; background: var(--ink); color: var(--page); cursor: pointer; font-weight: 600; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
.button:has(+ :focus-visible) { outline: 2px solid var(--focus); outline-offset: 2px; }
.key input { font: inherit; padding: 6px 10px; border: 1px solid var(--rule); border-radius: 8px; background: var(--card); color: inherit; }
#status { min-height: 1.5em; color: var(--soft); }
#results { list-style: none; margin: 0; padding: 0; display: grid; gap: 14px; }
#results > li { display: grid; grid-template-columns: 200px minmax(0, 1fr); gap: 20px; background: var(--card); border: 1px solid var(--rule); border-radius: 14px; padding: 16px; }
#results img { width: 200px; max-height: 240px; object-fit: contain; border-radius: 8px; background: var(--track); }
h2 { font-size: 15px; margin: 0 0 8px; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-size: 14px; } th { font-weight: 500; text-align: left; padding: 2px 12px 2px 0; white-space: nowrap; } td { padding: 2px 0; width: 100%; }
td.score { width: auto; white-space: nowrap; padding-left: 12px; font-variant-numeric: tabular-nums; color: var(--soft); }
svg { display: block; width: 100%; height: 10px; border-radius: 5px; background: var(--track); } rect { fill: var(--bar); }
.bad { color: var(--bad); }
@media (max-width: 560px) { #results > li { grid-template-columns: 1fr; } }
`;
