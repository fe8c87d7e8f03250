import { EdgewrightError } from "@edgewright/core";

/** Options of {@link createTroubleDetector}. */
export interface TroubleDetectorOptions {
  /** At this value and above there is trouble. */
  readonly enter: number;
  /** At this value and below it is over: less than `enter`, or the two would be one and every tremor a switch. */
  readonly exit: number;
  /** Time for which the value must stay at `enter` or above. @default 0 */
  readonly enterAfterMs?: number;
  /** Time for which the value must stay at `exit` or below. @default 0 */
  readonly exitAfterMs?: number;
  /** Least time between two changes of mind. @default 0 */
  readonly dwellMs?: number;
}

/** Makes a boolean of a noisy measurement; made by {@link createTroubleDetector}. */
export interface TroubleDetector {
  /** Whether there was trouble after the last {@link TroubleDetector.observe}. */
  readonly troubled: boolean;
  /**
   * Takes a new value.
   *
   * @param value `NaN` for a measurement that failed changes nothing
   * @param now time in ms, on a clock that does not go back
   * @returns whether there is trouble
   */
  observe(value: number, now: number): boolean;
}

/**
 * Decides whether there is trouble with hysteresis and dwell: two thresholds, so that a value that trembles at one
 * does not switch to and fro, a time for which the value must stay beyond it, and a least time between two changes.
 *
 * @example
 * const overloaded = createTroubleDetector({ enter: 0.8, exit: 0.5, dwellMs: 1000 });
 * overloaded.observe(0.9, 0); // true
 * overloaded.observe(0.6, 2000); // true: not yet down at `exit`
 * overloaded.observe(0.4, 3000); // false
 *
 * @throws EdgewrightError `invalid-argument` when `exit` is not below `enter`, or a time is negative
 */
export function createTroubleDetector(options: TroubleDetectorOptions): TroubleDetector {
  const { enter, exit, enterAfterMs = 0, exitAfterMs = 0, dwellMs = 0 } = options;
  if (!(exit < enter)) {
    throw new EdgewrightError(
      "invalid-argument",
      `createTroubleDetector: "exit" below "enter" was expected, got ${exit} and ${enter}`,
    );
  }
  for (const [name, time] of Object.entries({ enterAfterMs, exitAfterMs, dwellMs })) {
    if (time >= 0) continue;
    throw new EdgewrightError(
      "invalid-argument",
      `createTroubleDetector: a time of at least 0 ms was expected for "${name}", got ${time}`,
    );
  }
  let troubled = false;
  let changed = Number.NEGATIVE_INFINITY;
  let beyondSince: number | undefined;
  return {
    get troubled() {
      return troubled;
    },
    observe(value, now) {
      if (Number.isNaN(value)) return troubled;
      const beyond = troubled ? value <= exit : value >= enter;
      if (!beyond) {
        beyondSince = undefined;
        return troubled;
      }
      beyondSince ??= now;
      const longEnough = now - beyondSince >= (troubled ? exitAfterMs : enterAfterMs);
      if (longEnough && now - changed >= dwellMs) {
        troubled = !troubled;
        changed = now;
        beyondSince = undefined;
      }
      return troubled;
    },
  };
}
