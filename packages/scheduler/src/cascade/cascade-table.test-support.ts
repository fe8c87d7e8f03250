import { createRng } from "@edgewright/core";
import type { CascadeTable, ClassifierOutcomes } from "./cascade-table.js";

/** A table made up for tests: light models `weak` and `strong`, heavy ones `fast` and `accurate`. */
export function makeCascadeTable(samples: number, seed: number): CascadeTable {
  const rng = createRng(seed);
  const model = (base: number): ClassifierOutcomes => {
    const margin = Float64Array.from({ length: samples }, () => rng.uniform());
    return {
      correct: Uint8Array.from(margin, (one) => Number(rng.uniform() < base + (1 - base) * one)),
      top1: margin.map((one) => (1 + one) / 2),
      margin,
    };
  };
  const names: readonly (readonly [string, number])[] = [
    ["weak", 0.4],
    ["strong", 0.6],
    ["fast", 0.8],
    ["accurate", 0.9],
  ];
  return { samples, models: new Map(names.map(([name, base]) => [name, model(base)])) };
}
