/** Style of the report, light or dark as the reader prefers. */
export const STYLE = `
:root { color-scheme: light dark; --text: #1c2430; --dim: #5d6878; --rule: #dfe4ea; --back: #fff; --card: #f5f7f9;
  --a: #1f6fb2; --b: #c2680a; --c: #4d8a3a; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --text: #e6eaf0; --dim: #9aa6b5; --rule: #333c48; --back: #14181d;
  --card: #1d232b; --a: #6cb2ee; --b: #f0a04b; --c: #8cc97a; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 960px; margin: 0 auto; padding: 28px 18px 40px; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 8px; }
h2 { font-size: 1.05rem; margin: 24px 0 8px; }
p { margin: 0 0 12px; max-width: 75ch; }
.small, footer, small { color: var(--dim); font-size: .82rem; }
small { display: block; line-height: 1.35; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 10px; margin: 18px 0; }
.tiles div { background: var(--card); border-radius: 8px; padding: 10px 12px; display: flex; flex-direction: column; }
.tiles dd { margin: 0; font-size: 1.5rem; font-weight: 650; font-variant-numeric: tabular-nums; }
figure { margin: 20px 0 0; }
figcaption { display: flex; flex-wrap: wrap; gap: 2px 14px; align-items: baseline; }
.legend span { white-space: nowrap; font-size: .85rem; margin-right: 12px; color: var(--dim); }
.legend span::before { content: ""; display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 5px; }
.legend .a::before { background: var(--a); } .legend .b::before { background: var(--b); } .legend .c::before { background: var(--c); }
svg { display: block; width: 100%; height: auto; }
.narrow { display: none; }
.legend .dashed::before { height: 0; width: 18px; border-top: 2px dashed var(--dim); border-radius: 0; vertical-align: middle; }
.grid { stroke: var(--rule); } .tick, .note { fill: var(--dim); font-size: 11px; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.line.a { stroke: var(--a); } .line.b { stroke: var(--b); } .line.c { stroke: var(--c); }
.band { opacity: .18; } .band.a { fill: var(--a); }
.dots { opacity: .65; } .dots.a { fill: var(--a); } .dots.b { fill: var(--b); } .dots.c { fill: var(--c); }
.level { stroke: var(--dim); stroke-dasharray: 5 4; }
.mark { stroke: var(--bad); stroke-width: 1.5; } .mark-name { fill: var(--bad); stroke: none; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: 8px 32px; }
.bar { display: grid; grid-template-columns: 6.5rem 1fr 4rem; gap: 8px; align-items: center; margin: 6px 0; }
.bar i { display: block; height: 16px; border-radius: 3px; }
.bar b { text-align: right; font-variant-numeric: tabular-nums; }
i.a { background: var(--a); } i.b { background: var(--b); } i.c { background: var(--c); }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
td, th { padding: 3px 6px; border-bottom: 1px solid var(--rule); text-align: left; font-weight: normal; }
th { color: var(--dim); }
td:last-child { text-align: right; font-variant-numeric: tabular-nums; }
.batch td:not(:first-child), .batch th:not(:first-child) { text-align: right; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
footer { margin-top: 28px; border-top: 1px solid var(--rule); padding-top: 10px; }
code { overflow-wrap: anywhere; }
@media (max-width: 560px) { .wide { display: none; } svg.narrow { display: block; } main { padding: 20px 14px; } .two { grid-template-columns: 1fr; } }
`;
