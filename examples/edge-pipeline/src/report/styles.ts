/** The report's style sheet: one column on a phone, two on a laptop, light or dark as the reader prefers. */
export const STYLES = `
:root {
  color-scheme: light dark;
  --paper: #fbfaf8; --ink: #1e2226; --soft: #626b74; --rule: #dfe2e5; --card: #ffffff;
  --own: #0f766e; --peer: #a3adb8; --box: #0d9488; --turned: #d97706; --glow: #0d948833; --good: #0f766e; --fair: #b45309; --poor: #b91c1c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15181b; --ink: #e8eaec; --soft: #9aa4ae; --rule: #2d3338; --card: #1c2024;
    --own: #2dd4bf; --peer: #5b6672; --glow: #2dd4bf2e; --good: #5eead4; --fair: #fbbf24; --poor: #f87171;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1160px; margin: 0 auto; padding: 40px 24px 56px; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.015em; }
h2 { font-size: 1.15rem; margin: 0 0 10px; }
section { margin-top: 40px; }
a { color: var(--own); }
.lead { color: var(--soft); margin: 0; max-width: 46em; overflow-wrap: anywhere; }
.note { color: var(--soft); font-size: 0.875rem; margin: 0 0 14px; max-width: 62em; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin-top: 24px; }
.figures div { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 12px 16px; }
.figures dt { color: var(--soft); font-size: 0.8125rem; }
.figures dd { margin: 0; font-size: 1.5rem; font-weight: 650; font-variant-numeric: tabular-nums; letter-spacing: -0.01em; }
dl { margin: 0; }
figure { margin: 0; }
figcaption { color: var(--soft); font-size: 0.8125rem; margin-top: 8px; overflow-wrap: anywhere; }
.page { display: grid; grid-template-columns: minmax(0, 1.35fr) minmax(0, 1fr); gap: 32px; align-items: start; }
.page svg { display: block; width: 100%; height: auto; max-height: 88vh; border-radius: 10px; border: 1px solid var(--rule); background: var(--card); }
polygon { fill: transparent; stroke: var(--box); stroke-width: 2; vector-effect: non-scaling-stroke; cursor: pointer; }
polygon.turned { stroke: var(--turned); stroke-dasharray: 6 4; }
polygon.on, polygon:hover { fill: #0d948840; stroke-width: 3; }
.lines { list-style: none; margin: 0; padding: 0; border-top: 1px solid var(--rule); }
.lines li { display: flex; gap: 14px; justify-content: space-between; align-items: baseline; padding: 7px 8px; border-bottom: 1px solid var(--rule); cursor: pointer; }
.lines li.on, .lines li:hover { background: var(--glow); }
.lines li:focus-visible { outline: 2px solid var(--own); outline-offset: -2px; }
.lines .text { overflow-wrap: anywhere; min-width: 0; }
.mark { color: var(--turned); font-size: 0.8125rem; white-space: nowrap; }
.confidence { font-variant-numeric: tabular-nums; font-size: 0.8125rem; white-space: nowrap; }
.high { color: var(--good); } .middle { color: var(--fair); } .low { color: var(--poor); }
table { border-collapse: collapse; width: 100%; font-size: 0.9375rem; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 0.8125rem; }
th, td { padding: 5px 12px 5px 0; vertical-align: baseline; }
thead th, tr.first td, tfoot td { border-top: 1px solid var(--rule); }
thead th { border-top: 0; }
tfoot td { font-weight: 650; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.stages td:first-child { font-weight: 600; white-space: nowrap; }
.bar { width: 34%; padding-right: 0; }
.bar span { display: block; height: 10px; border-radius: 3px; min-width: 1px; background: var(--peer); }
.bar span.model { background: var(--own); }
.plans { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(340px, 100%), 1fr)); gap: 12px 36px; align-items: start; }
.timeline-frame { margin: 18px 0 0; overflow-x: auto; } .timeline-frame svg { display: block; width: 100%; min-width: 640px; height: auto; }
.events { color: var(--soft); font-size: 0.875rem; padding-left: 1.2em; margin: 10px 0 0; }
.story { margin: 0; padding: 18px 22px; background: var(--card); border: 1px solid var(--rule); border-radius: 10px; font: 1.0625rem/1.75 Georgia, serif; white-space: pre-wrap; overflow-wrap: anywhere; }
.pass { border-radius: 3px; background: var(--glow); }
.pass.other { background: none; }
.memory { max-width: 560px; margin-bottom: 12px; }
.memory td { border-top: 1px solid var(--rule); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(300px, 100%), 1fr)); gap: 20px; }
.charts figure { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 14px 18px 16px; }
.charts figcaption { margin: 0 0 8px; }
.charts figcaption b { color: var(--ink); font-size: 0.9375rem; }
.charts svg { display: block; width: 100%; max-width: 420px; height: auto; font: 14px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
.charts text { fill: var(--ink); } .charts .value { font-weight: 650; font-variant-numeric: tabular-nums; }
.own { fill: var(--own); } .peer { fill: var(--peer); } .range { stroke: var(--ink); stroke-width: 1.5; opacity: 0.55; }
.front { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 14px 18px; margin-bottom: 16px; }
.front svg { display: block; width: 100%; max-width: 860px; height: auto; margin: 0 auto; font: 14px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
.front text { fill: var(--ink); } .front .name { stroke: var(--card); stroke-width: 4; paint-order: stroke; } .front .tick { fill: var(--soft); font-size: 12px; }
.front .grid { stroke: var(--rule); stroke-width: 1; } .front .line { fill: none; stroke: var(--own); stroke-width: 2; }
.curves { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 14px 18px; margin-bottom: 16px; }
.curves svg { display: block; margin: 0 auto; } .curves figcaption { max-width: 860px; margin: 8px auto 0; } .at-small { display: none; }
.scroll { overflow-x: auto; margin-bottom: 10px; } h3 { font-size: 1rem; margin: 22px 0 6px; }
caption { text-align: left; color: var(--soft); font-size: 0.8125rem; padding-bottom: 4px; }
.zoo { max-width: 760px; } .zoo.picks { max-width: 1000px; } .picks small { color: var(--soft); } .picks .wide { padding-right: 32px; } .zoo td { border-top: 1px solid var(--rule); } .zoo tr.chosen td:first-child, .zoo tr.learner td:first-child { font-weight: 650; color: var(--own); }
footer { margin-top: 44px; padding-top: 16px; border-top: 1px solid var(--rule); color: var(--soft); font-size: 0.8125rem; overflow-wrap: anywhere; }
@media (max-width: 760px) {
  main { padding: 24px 16px 40px; }
  h1 { font-size: 1.5rem; }
  .page { grid-template-columns: minmax(0, 1fr); gap: 20px; }
  .at-large { display: none; } .at-small { display: block; } .curves { padding: 12px 14px; } .picks { font-size: 0.8125rem; min-width: 440px; }
  .figures { grid-template-columns: 1fr 1fr; }
  .figures dd { font-size: 1.25rem; }
  .figures div:last-child:nth-child(odd) { grid-column: span 2; }
  .stages .bar, .stages .share, .zoo .wide { display: none; }
  .stages td:first-child { white-space: normal; }
  td, th { padding-right: 8px; }
}
@media print { section { break-inside: avoid; } }
`;
