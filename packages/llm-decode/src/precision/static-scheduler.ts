import { EdgewrightError } from "@edgewright/core";
import { checkWidths, type PrecisionScheduler } from "./precision-scheduler.js";

/** What {@link staticScheduler} does. */
export interface StaticSchedule {
  /** Bit widths, two or more. */
  readonly widths: readonly number[];
  /**
   * Token indices at which the width falls to the next lower one, ascending, one fewer than widths: tokens before
   * `switchPoints[0]` have the highest. 0 starts one lower, `Infinity` never falls.
   */
  readonly switchPoints: readonly number[];
}

/**
 * Falls from width to width at fixed token indices: the static scheduler of PMPD (arXiv:2410.13461, section 3.3).
 * {@link searchSwitchPoints} finds the indices on a validation text.
 *
 * @throws EdgewrightError when the switch points do not ascend or do not fit the widths.
 *
 * @example
 * ```ts
 * const scheduler = staticScheduler({ widths: [3, 4], switchPoints: [85] }); // 4 bits, 3 from token 85 on
 * ```
 */
export function staticScheduler({ widths, switchPoints }: StaticSchedule): PrecisionScheduler {
  const sorted = checkWidths("staticScheduler", widths);
  const ascending = switchPoints.every((s, i) => s >= (switchPoints[i - 1] ?? 0));
  if (switchPoints.length !== sorted.length - 1 || !ascending) {
    throw new EdgewrightError(
      "invalid-argument",
      `staticScheduler: expected ${sorted.length - 1} ascending switch points for ${sorted.length} widths, got [${switchPoints}]`,
    );
  }
  return {
    name: `static ${[...sorted].reverse().join("/")} at ${switchPoints.join(", ")}`,
    widths: sorted,
    schedule({ index }) {
      const fallen = switchPoints.filter((s) => index >= s).length;
      return sorted[sorted.length - 1 - fallen]!;
    },
    reset() {},
  };
}
