import { chartStyle } from "./chart-style.js";

/** The report's style sheet: one column on a phone, two on a laptop, light or dark as the reader prefers, light on paper. */
export function pageStyle(): string {
  return `
:root { color-scheme: light dark; --paper: #fbfaf8; --ink: #1e2226; --soft: #5d666f; --rule: #dfe2e5; --card: #ffffff; --own: #0068a8; --alert: #b85c00; }
@media screen and (prefers-color-scheme: dark) { :root { --paper: #15181b; --ink: #e8eaec; --soft: #a2acb6; --rule: #333a40; --card: #1c2024; --own: #58b4f5; --alert: #f2a444; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; overflow-wrap: anywhere; }
main { max-width: 1180px; margin: 0 auto; padding: 40px 24px 56px; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.015em; }
h2 { font-size: 1.3rem; margin: 0 0 4px; } h3 { font-size: 1.08rem; margin: 0 0 4px; }
section { margin-top: 40px; } section section { margin-top: 30px; }
.below { margin-top: 10px; }
.log + .log { border-top: 1px solid var(--rule); padding-top: 32px; }
.lead, .note { color: var(--soft); margin: 0; max-width: 62em; } .note { font-size: 0.9rem; margin-bottom: 14px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(165px, 1fr)); gap: 12px; margin: 22px 0 0; }
.cards div { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 11px 16px; }
.cards dt { color: var(--soft); font-size: 0.8125rem; }
.cards dd { margin: 0; font-size: 1.4rem; font-weight: 650; font-variant-numeric: tabular-nums; letter-spacing: -0.01em; }
.cards small { display: block; color: var(--soft); font-size: 0.8125rem; font-weight: 400; letter-spacing: 0; }
.warnings { border: 1px solid var(--rule); border-left: 4px solid var(--alert); border-radius: 6px; background: var(--card); padding: 12px 18px; margin-top: 24px; }
.warnings h2, .warnings h3 { font-size: 1rem; margin: 0; } .warnings ul { margin: 4px 0 0; padding-left: 1.2em; }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(480px, 100%), 1fr)); gap: 18px; margin-bottom: 16px; }
figure { margin: 0; background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 14px 16px 12px; min-width: 0; }
figcaption { color: var(--soft); font-size: 0.875rem; margin-bottom: 10px; } figcaption b { color: var(--ink); display: block; font-size: 0.9375rem; }
figure svg { display: block; margin: 0 auto; } .on-narrow, .on-large { display: none; } .whole { grid-column: 1 / -1; }
@media (min-width: 1150px) { .on-large { display: block; } .on-large + .on-wide { display: none; } }
.scroll { overflow-x: auto; } .slim { max-width: 36em; }
table { border-collapse: collapse; width: 100%; font-size: 0.9375rem; }
caption { text-align: left; color: var(--soft); font-size: 0.875rem; padding-bottom: 6px; }
th, td { padding: 5px 16px 5px 0; vertical-align: baseline; text-align: left; font-weight: 400; }
th:last-child, td:last-child { padding-right: 0; }
thead th { font-weight: 600; color: var(--soft); font-size: 0.8125rem; } tbody th { font-weight: 600; min-width: 7em; } tbody th, tbody td { border-top: 1px solid var(--rule); }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: normal; } td.number { white-space: nowrap; } tbody th.number { min-width: 0; }
details { margin-top: 6px; } summary { color: var(--own); cursor: pointer; font-size: 0.9rem; } details table { margin-top: 8px; }
footer { margin-top: 44px; padding-top: 14px; border-top: 1px solid var(--rule); color: var(--soft); font-size: 0.8125rem; }
@media (max-width: 640px) {
  main { padding: 24px 14px 40px; } h1 { font-size: 1.5rem; }
  .cards { grid-template-columns: 1fr 1fr; gap: 8px; } .cards div { padding: 9px 12px; } .cards dd { font-size: 1.15rem; }
  .on-wide, .minor { display: none; } .on-narrow { display: block; }
  figure { padding: 12px 14px; } th, td { padding-right: 9px; } table { font-size: 0.875rem; } tbody th { min-width: 5em; }
}
@media print { body { font-size: 11pt; background: none; } main { padding: 0; max-width: none; } figure, tr, .warnings, .cards div { break-inside: avoid; } h2, h3 { break-after: avoid; } .pictures { grid-template-columns: 1fr 1fr; gap: 10px; } figure { padding: 8px; } }
${chartStyle()}
`;
}
