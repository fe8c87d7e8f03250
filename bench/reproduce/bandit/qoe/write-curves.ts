import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { QoeResult } from "@edgewright/bandit/qoe";
import { drawLearningCurves } from "@edgewright/bandit/report";

/** Writes pictures of a table's curves, cumulative regret and regret per round, as SVG files into a folder. */
export function writeCurves(folder: string, table: string, results: readonly QoeResult[]): void {
  mkdirSync(folder, { recursive: true });
  const name = `qoe-${table.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
  const size = { width: 720, height: 420, xLabel: "rounds", fromZero: true };
  const pictures = {
    "cumulative-regret": drawLearningCurves(
      results.map(({ regret }) => regret),
      {
        ...size,
        yLabel: "cumulative regret",
        title: `${table}: regret on held-out devices, simulated users`,
      },
    ),
    "regret-per-round": drawLearningCurves(
      results.map(({ regretPerRound }) => regretPerRound),
      { ...size, yLabel: "regret per round", title: `${table}: regret per round, simulated users` },
    ),
  };
  for (const [what, svg] of Object.entries(pictures)) {
    writeFileSync(join(folder, `${name}-${what}.svg`), svg);
  }
}
