import { ValidationError } from "@edgewright/core";
import { bernoulliDivergence } from "../counting/kl-ucb.js";
import { decodeFloat64, encodeFloat64 } from "../policy/float64-text.js";
import type { ChangeDetector, DetectorKind } from "./change-detector.js";
import { checkBetween, checkWhole } from "./detector-numbers.js";

/** Options of {@link glr}. */
export interface GlrOptions {
  /** Probability of a false alarm that is aimed at. @default 0.001 */
  readonly delta?: number;
  /** Values that are kept to look for a change in, the latest ones. @default 1000 */
  readonly history?: number;
  /** Checks once in so many values. @default 10 */
  readonly every?: number;
}

/**
 * Generalized likelihood ratio test for values from 0 to 1: gives alarm when some cut of the values seen explains them
 * better as two Bernoulli means than as one, max over s of s kl(before, all) + (n - s) kl(after, all) >= ln(3 n^1.5 / delta)
 * (in the style of GLR-klUCB, Besson, Kaufmann, Maillard & Seznec: Efficient Change-Point Detection for Tackling
 * Piecewise-Stationary Bandits, 2022).
 *
 * Needs no idea of how large a change will be. A check takes time in proportion to `history`, which the paper leaves
 * unbounded; with it, n is the number of values kept.
 *
 * @throws EdgewrightError "invalid-argument" for a delta that is not between 0 and 1, or counts that are not from 1
 */
export function glr(options: GlrOptions = {}): DetectorKind {
  const { delta = 0.001, history = 1000, every = 10 } = options;
  checkBetween("glr: delta", delta, 0, 1);
  checkWhole("glr: history", history, 2, 2 ** 20);
  checkWhole("glr: every", every, 1, 2 ** 31);
  const name = `glr(${delta},${history},${every})`;
  return { name, values: "unit", start: () => start(name, delta, history, every) };
}

function start(name: string, delta: number, history: number, every: number): ChangeDetector {
  const ring = new Float64Array(history);
  let seen = 0; // the next value goes to seen % history

  const hasCut = (): boolean => {
    const kept = Math.min(seen, history);
    const oldest = seen - kept;
    let all = 0;
    for (let i = 0; i < kept; i++) all += ring[(oldest + i) % history]!;
    const mean = unit(all / kept);
    const needed = Math.log(3 / delta) + 1.5 * Math.log(kept);
    let before = 0;
    for (let s = 1; s < kept; s++) {
      before += ring[(oldest + s - 1) % history]!;
      const gain =
        s * bernoulliDivergence(unit(before / s), mean) +
        (kept - s) * bernoulliDivergence(unit((all - before) / (kept - s)), mean);
      if (gain >= needed) return true;
    }
    return false;
  };
  return {
    add(value) {
      ring[seen++ % history] = value;
      if (seen % every !== 0 || seen < 2 || !hasCut()) return false;
      seen = 0;
      return true;
    },
    state: () => ({ seen, values: encodeFloat64(ring.subarray(0, Math.min(seen, history))) }),
    restore(state) {
      const { seen: count, values } = (state ?? {}) as Record<string, unknown>;
      if (!(Number.isSafeInteger(count) && (count as number) >= 0)) {
        throw new ValidationError(
          `${name}.restore: a whole number from 0 was expected as seen, got ${count}; the snapshot is damaged`,
        );
      }
      const kept = Math.min(count as number, history);
      ring.set(decodeFloat64(values, kept, `${name}.restore`));
      seen = count as number;
    },
  };
}

/** Sums of values from 0 to 1 may leave the range by a rounding. */
function unit(mean: number): number {
  return Math.min(1, Math.max(0, mean));
}
