import type { ChoiceSet, Evaluation } from "../policy/policy.js";
import type { ArmStatistics } from "./memory/arm-statistics.js";

/**
 * Fills in the mean rewards of the arms and the standard errors of these means: Infinity before the second example,
 * then from the arm's own spread, or from that of all of the arms while its rewards were alike. Two thumbs up are
 * no reason to be certain.
 */
export function estimateMeans(
  statistics: ArmStatistics,
  { slots }: ChoiceSet,
  { means, widths }: Evaluation,
): void {
  let total = 0;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < slots.length; i++) {
    total += statistics.count(slots[i]!);
    sum += statistics.sum(slots[i]!);
    squares += statistics.squares(slots[i]!);
  }
  const common = spreadOf(total, sum, squares);
  for (let i = 0; i < slots.length; i++) {
    const count = statistics.count(slots[i]!);
    means[i] = count > 0 ? statistics.sum(slots[i]!) / count : Number.NaN;
    if (count > 1) {
      const own = varianceOf(statistics, slots[i]!);
      const told = own * count > ROUNDING * statistics.squares(slots[i]!);
      widths[i] = Math.sqrt((told ? own : Math.max(own, common)) / (count - 1));
    } else widths[i] = Infinity;
  }
}

/** Variance, as a share of the mean square, below which it is what rounding made. */
const ROUNDING = 1e-14;

/** Variance of an arm's rewards, by weight and without correction for the mean; 0 where there are none. */
export function varianceOf(statistics: ArmStatistics, slot: number): number {
  return spreadOf(statistics.count(slot), statistics.sum(slot), statistics.squares(slot));
}

function spreadOf(count: number, sum: number, squares: number): number {
  if (!(count > 0)) return 0;
  const mean = sum / count;
  return Math.max(0, squares / count - mean * mean);
}

/** Index of the first arm that was never tried, or -1. */
export function indexOfUntried(statistics: ArmStatistics, { slots }: ChoiceSet): number {
  for (let i = 0; i < slots.length; i++) if (!(statistics.count(slots[i]!) > 0)) return i;
  return -1;
}
