import { EdgewrightError } from "@edgewright/core";
import type { QoeMetrics } from "../utility/qoe-metrics.js";

/** What a model must keep within to be chosen. What is not known of a model is not held against it. */
export interface SelectorLimits {
  /** At most this time for one inference, measured or predicted, in milliseconds. */
  readonly latencyMs?: number;
  /** At most this energy for one inference, in millijoules. */
  readonly energyMj?: number;
  /** At least this share of right answers, 0 to 1. */
  readonly accuracy?: number;
  /** At most this size as stored, in bytes. */
  readonly bytes?: number;
}

const BOUNDS: readonly { readonly limit: keyof SelectorLimits; readonly unit: string }[] = [
  { limit: "latencyMs", unit: " ms" },
  { limit: "energyMj", unit: " mJ" },
  { limit: "accuracy", unit: "" },
  { limit: "bytes", unit: " bytes" },
];

/** The first limit that a model breaks, in words; undefined where it keeps all of them. */
export function findBrokenLimit(metrics: QoeMetrics, limits: SelectorLimits): string | undefined {
  for (const { limit, unit } of BOUNDS) {
    const bound = limits[limit];
    const value = metrics[limit];
    if (bound === undefined || value === undefined) continue;
    if (limit === "accuracy" ? value >= bound : value <= bound) continue;
    const side = limit === "accuracy" ? "below" : "above";
    return `${limit} ${Number(value.toPrecision(4))}${unit} is ${side} ${bound}`;
  }
  return undefined;
}

/** Refuses limits that are not numbers from 0. */
export function checkLimits(limits: SelectorLimits, where: string): void {
  for (const [name, bound] of Object.entries(limits)) {
    if (BOUNDS.some(({ limit }) => limit === name) && bound >= 0) continue;
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: limits.${name}: latencyMs, energyMj, accuracy or bytes from 0 was expected, got ${bound}`,
    );
  }
}
