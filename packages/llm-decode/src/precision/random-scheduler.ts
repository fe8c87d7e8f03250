import { EdgewrightError, type Rng } from "@edgewright/core";
import { checkWidths, type PrecisionScheduler } from "./precision-scheduler.js";

/** Options of {@link randomScheduler}. */
export interface RandomSchedulerOptions {
  /** The two bit widths. */
  readonly widths: readonly [number, number];
  /** Token indices that are drawn from, each as likely; `Infinity` never falls. */
  readonly switchPoints: readonly number[];
  readonly rng: Rng;
}

/** Falls at an index drawn anew for every text: what a learned scheduler must do better than. */
export function randomScheduler(options: RandomSchedulerOptions): PrecisionScheduler {
  const { switchPoints, rng } = options;
  const widths = checkWidths("randomScheduler", options.widths);
  if (widths.length !== 2 || switchPoints.length === 0) {
    throw new EdgewrightError(
      "invalid-argument",
      `randomScheduler: expected two widths and some switch points, got [${options.widths}] and [${switchPoints}]`,
    );
  }
  let chosen: number | undefined;
  return {
    name: `random ${widths[1]}/${widths[0]}`,
    widths,
    schedule({ index }) {
      chosen ??= switchPoints[rng.integer(0, switchPoints.length)]!;
      return index < chosen ? widths[1]! : widths[0]!;
    },
    reset() {
      chosen = undefined;
    },
  };
}
