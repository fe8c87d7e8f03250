/** Colours for eight series; others than these are told apart by dashes and numbers alone. */
export const SERIES_COLOURS = 8;

/** Dashes of lines, so that nobody needs to see colours. */
const DASHES = ["", "7 4", "2 3", "10 3 2 3", "14 5", "5 2", "1 5", "10 3 2 3 2 3"] as const;

/** How the line of a series is drawn, besides its colour. */
export function dashOf(series: number): string {
  const dash = DASHES[series % DASHES.length]!;
  return dash === "" ? "" : ` stroke-dasharray="${dash}"`;
}

/** Name of the variable that holds the colour of a series. */
export function colourOf(series: number): string {
  return `var(--series-${series % SERIES_COLOURS})`;
}

// Dark enough, or light enough, for thin lines: a contrast of at least 3 to the paper.
const LIGHT = [
  "#0068a8",
  "#b85c00",
  "#007a56",
  "#a8327a",
  "#5b4fc0",
  "#7a6a00",
  "#a3201f",
  "#4c5a66",
];
const DARK = [
  "#58b4f5",
  "#f2a444",
  "#3ecf9c",
  "#ef8cc6",
  "#aca6ff",
  "#d8cd58",
  "#ff8f84",
  "#a9b4bf",
];

/** The style sheet of a chart, which it carries with it; light or dark as the reader prefers, light on paper. */
export function chartStyle(): string {
  const variables = (colours: readonly string[]): string =>
    colours.map((colour, i) => `--series-${i}: ${colour};`).join(" ");
  return `.bandit-chart { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; --ink: #1e2226; --soft: #5d666f; --rule: #dfe2e5; --paper: #ffffff; ${variables(LIGHT)} }
@media screen and (prefers-color-scheme: dark) { .bandit-chart { --ink: #e8eaec; --soft: #a2acb6; --rule: #333a40; --paper: #1c2024; ${variables(DARK)} } }
.bandit-chart text { fill: var(--ink); unicode-bidi: isolate; font-variant-numeric: tabular-nums; } .bandit-chart .soft { fill: var(--soft); font-size: 11.5px; }
.bandit-chart .rule { stroke: var(--rule); stroke-width: 1; } .bandit-chart .mark { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 3 3; }
.bandit-chart .line { fill: none; stroke-width: 2; stroke-linejoin: round; } .bandit-chart .band { stroke: none; opacity: 0.16; }
.bandit-chart .whisker { fill: none; stroke-width: 2; } .bandit-chart .area { fill-opacity: 0.82; stroke: var(--paper); stroke-width: 1.2; stroke-linejoin: round; }
.bandit-chart .over { stroke: var(--paper); stroke-width: 4; paint-order: stroke; }
.bandit-chart .key { font-weight: 650; font-size: 11px; } .bandit-chart .plate { fill: var(--paper); opacity: 0.88; }`;
}
