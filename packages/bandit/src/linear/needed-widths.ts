import type { ExplorationRule } from "./exploration-rule.js";

/** What a bound and a score may differ by through rounding, relative to their size. */
const ROUNDING = 1e-9;

/** Where widths and what is known of them beforehand come from; arms by their index. */
export interface WidthSource {
  /** What the width does not exceed; costs next to nothing. */
  bound(index: number): number;
  /** The square of the width by a cheap formula, and what that can be wrong by; where there is one. */
  rough?(index: number): { variance: number; error: number };
  /** The width itself. */
  width(index: number): number;
}

/** Works out the widths of only those arms whose width a rule's choice can depend on. */
export class NeededWidths {
  readonly #rule: ExplorationRule;
  #reaches = new Float64Array(16);

  constructor(rule: ExplorationRule) {
    this.#rule = rule;
  }

  /**
   * For a rule that takes the first highest mean + optimism * width: fills the widths of arms that can be it, leaving
   * out those whose bounds are below what another arm is known to reach; the rest become NaN. The choice is the same
   * as with all widths.
   */
  workOut(means: Float64Array, widths: Float64Array, count: number, source: WidthSource): void {
    const { optimism } = this.#rule;
    if (optimism === undefined) {
      for (let i = 0; i < count; i++) {
        widths[i] = this.#rule.meansOnly ? Number.NaN : source.width(i);
      }
      return;
    }
    if (this.#reaches.length < count) this.#reaches = new Float64Array(2 * count);
    const reaches = this.#reaches;
    // What the best score is known to be at least: at first the highest mean, widths being never below 0.
    let best = -Infinity;
    for (let i = 0; i < count; i++) {
      const mean = means[i]!;
      // Without optimism a width of no known bound counts for nothing either.
      reaches[i] = add(mean, optimism === 0 ? 0 : optimism * source.bound(i), 1);
      best = Math.max(best, mean);
      widths[i] = Number.NaN;
    }
    if (source.rough) {
      for (let i = 0; i < count; i++) {
        if (reaches[i]! < best) continue;
        const { variance, error } = source.rough(i);
        if (error === Infinity) continue;
        const mean = means[i]!;
        const highest = add(mean, optimism * Math.sqrt(Math.max(variance + error, 0)), 1);
        reaches[i] = Math.min(reaches[i]!, highest);
        best = Math.max(best, add(mean, optimism * Math.sqrt(Math.max(variance - error, 0)), -1));
      }
    }
    // From the most promising arm on, until all others' reaches are below the best score.
    for (;;) {
      let next = -1;
      let highest = -Infinity;
      for (let i = 0; i < count; i++) {
        const reach = reaches[i]!;
        if (reach > highest) {
          highest = reach;
          next = i;
        }
      }
      if (next < 0 || highest < best) return;
      reaches[next] = -Infinity;
      const width = source.width(next);
      widths[next] = width;
      best = Math.max(best, means[next]! + optimism * width);
    }
  }
}

// The sum, moved by more than rounding can have moved it: up for a bound from above, down for one from below.
function add(mean: number, reach: number, direction: 1 | -1): number {
  return mean + reach + direction * ROUNDING * (Math.abs(mean) + reach);
}
