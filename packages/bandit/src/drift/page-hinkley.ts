import type { DetectorKind } from "./change-detector.js";
import { checkBetween, checkWhole, createNumbersDetector } from "./detector-numbers.js";

/** Options of {@link pageHinkley}; the defaults suit values from 0 to 1. */
export interface PageHinkleyOptions {
  /** Values before which there is no alarm. @default 30 */
  readonly warmUp?: number;
  /** Deviation from the mean that is let pass, in units of the values. @default 0.1 */
  readonly tolerance?: number;
  /** Rise or fall of the sum of deviations that is an alarm, in units of the values. @default 20 */
  readonly threshold?: number;
}

/**
 * Page and Hinkley's test, both ways: sums up how values deviate from the mean of all so far, less a tolerance, and
 * gives alarm when the sum is further above its lowest point than the threshold (Page 1954; Hinkley 1971).
 *
 * Unlike {@link cusum} it goes on refining the mean: fewer false alarms on long stationary streams, but a slow change
 * takes the mean along.
 *
 * @throws EdgewrightError "invalid-argument" for parameters that are not above 0
 */
export function pageHinkley(options: PageHinkleyOptions = {}): DetectorKind {
  const { warmUp = 30, tolerance = 0.1, threshold = 20 } = options;
  checkWhole("pageHinkley: warmUp", warmUp, 1, 2 ** 31);
  checkBetween("pageHinkley: tolerance", tolerance, 0, Infinity);
  checkBetween("pageHinkley: threshold", threshold, 0, Infinity);
  const name = `pageHinkley(${warmUp},${tolerance},${threshold})`;
  return {
    name,
    // Of the numbers: values seen, their mean, and how far the two sums are above their lowest points. Keeping only
    // the distances, not the sums, leaves nothing that grows.
    start: () =>
      createNumbersDetector(name, 4, 1, (numbers, value) => {
        numbers[0]! += 1;
        numbers[1]! += (value - numbers[1]!) / numbers[0]!;
        const deviation = value - numbers[1]!;
        numbers[2] = Math.max(0, numbers[2]! + deviation - tolerance);
        numbers[3] = Math.max(0, numbers[3]! - deviation - tolerance);
        const most = Math.max(numbers[2], numbers[3]);
        return numbers[0]! > warmUp && most > threshold;
      }),
  };
}
