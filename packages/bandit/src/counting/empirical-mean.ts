import type { ChoiceSet, Evaluation } from "../policy/policy.js";
import type { ArmStatistics } from "./memory/arm-statistics.js";

/**
 * Fills in the mean rewards of the arms and the standard errors of these means from the arms' own spread: Infinity
 * before the second example.
 */
export function estimateMeans(
  statistics: ArmStatistics,
  { slots }: ChoiceSet,
  { means, widths }: Evaluation,
): void {
  for (let i = 0; i < slots.length; i++) {
    const count = statistics.count(slots[i]!);
    means[i] = count > 0 ? statistics.sum(slots[i]!) / count : Number.NaN;
    widths[i] = count > 1 ? Math.sqrt(varianceOf(statistics, slots[i]!) / (count - 1)) : Infinity;
  }
}

/** Variance of an arm's rewards, by weight and without correction for the mean; 0 where there are none. */
export function varianceOf(statistics: ArmStatistics, slot: number): number {
  const count = statistics.count(slot);
  if (!(count > 0)) return 0;
  const mean = statistics.sum(slot) / count;
  return Math.max(0, statistics.squares(slot) / count - mean * mean);
}

/** Index of the first arm that was never tried, or -1. */
export function indexOfUntried(statistics: ArmStatistics, { slots }: ChoiceSet): number {
  for (let i = 0; i < slots.length; i++) if (!(statistics.count(slots[i]!) > 0)) return i;
  return -1;
}
