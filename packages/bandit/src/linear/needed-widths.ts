import type { ExplorationRule } from "./exploration-rule.js";

/** What a bound and a score may differ by through rounding, relative to their size. */
const ROUNDING = 1e-9;

/** Works out the widths of only those arms whose width a rule's choice can depend on. */
export class NeededWidths {
  readonly #rule: ExplorationRule;
  #reaches = new Float64Array(16);

  constructor(rule: ExplorationRule) {
    this.#rule = rule;
  }

  /**
   * For a rule that takes the first highest mean + optimism * width: fills widths from the most promising arm on,
   * until all others' reaches are below the best score found; the rest become NaN. The choice is the same as with
   * all widths.
   *
   * @param boundOf what the width of an arm does not exceed
   */
  workOut(
    means: Float64Array,
    widths: Float64Array,
    count: number,
    boundOf: (index: number) => number,
    widthOf: (index: number) => number,
  ): void {
    const { optimism } = this.#rule;
    if (optimism === undefined) {
      for (let i = 0; i < count; i++) widths[i] = this.#rule.meansOnly ? Number.NaN : widthOf(i);
      return;
    }
    if (this.#reaches.length < count) this.#reaches = new Float64Array(2 * count);
    const reaches = this.#reaches;
    for (let i = 0; i < count; i++) {
      const mean = means[i]!;
      const reach = optimism * boundOf(i);
      reaches[i] = mean + reach + ROUNDING * (Math.abs(mean) + reach);
      widths[i] = Number.NaN;
    }
    let best = -Infinity;
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
      const width = widthOf(next);
      widths[next] = width;
      const score = means[next]! + optimism * width;
      if (score > best) best = score;
    }
  }
}
