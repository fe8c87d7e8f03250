import type { DetectorKind } from "./change-detector.js";
import { checkBetween, checkWhole, createNumbersDetector } from "./detector-numbers.js";

/** Options of {@link cusum}; the defaults suit values from 0 to 1. */
export interface CusumOptions {
  /** Values whose mean is what later ones are compared with. @default 100 */
  readonly warmUp?: number;
  /** Deviation from that mean that is let pass, in units of the values. @default 0.1 */
  readonly tolerance?: number;
  /** Sum of deviations beyond the tolerance that is an alarm, in units of the values. @default 20 */
  readonly threshold?: number;
}

/**
 * CUSUM, both ways: sums up what values deviate from the mean of the first ones beyond a tolerance, and gives alarm
 * when a sum, never let below 0, passes the threshold (Page 1954; as in CUSUM-UCB of Liu, Lee & Shroff: A
 * Change-Detection based Framework for Piecewise-stationary Multi-Armed Bandit Problem, 2018).
 *
 * A jump by D is found after some threshold / (D - tolerance) values. For values from 0 to 1 about the mean compared
 * with, n values give a false alarm with probability at most 2 n exp(-8 tolerance threshold) (Hoeffding's lemma).
 *
 * @throws EdgewrightError "invalid-argument" for parameters that are not above 0
 */
export function cusum(options: CusumOptions = {}): DetectorKind {
  const { warmUp = 100, tolerance = 0.1, threshold = 20 } = options;
  checkWhole("cusum: warmUp", warmUp, 1, 2 ** 31);
  checkBetween("cusum: tolerance", tolerance, 0, Infinity);
  checkBetween("cusum: threshold", threshold, 0, Infinity);
  const name = `cusum(${warmUp},${tolerance},${threshold})`;
  return {
    name,
    // Of the numbers: values seen, their mean until the warm-up ends, sums upwards and downwards.
    start: () =>
      createNumbersDetector(name, 4, 1, (numbers, value) => {
        if (numbers[0]! < warmUp) {
          numbers[0]! += 1;
          numbers[1]! += (value - numbers[1]!) / numbers[0]!;
          return false;
        }
        const deviation = value - numbers[1]!;
        numbers[2] = Math.max(0, numbers[2]! + deviation - tolerance);
        numbers[3] = Math.max(0, numbers[3]! - deviation - tolerance);
        return numbers[2] > threshold || numbers[3] > threshold;
      }),
  };
}
