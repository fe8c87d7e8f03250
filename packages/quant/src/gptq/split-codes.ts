import type { SortedWeights } from "../nested/sorted-weights.js";
import { splitRun } from "../nested/split-clusters.js";

/** Splits the members of every code of a row in two, though feedback has mixed their order. */
export interface CodeSplitter {
  /**
   * Levels of the children of every code: the means of the two halves into which its members split best.
   *
   * @param codes [count] codes of the row's weights, in the order of `sorted.order`'s indices
   * @param levels [codes] what they stand for; the children of an empty code get its level
   * @returns [2 * codes]
   */
  split(sorted: SortedWeights, codes: Uint8Array, levels: Float64Array): Float64Array;
}

/** Makes a splitter for rows of up to `capacity` weights. */
export function createCodeSplitter(capacity: number): CodeSplitter {
  const values = new Float64Array(capacity);
  const order = new Uint32Array(capacity);
  const mass = new Float64Array(capacity + 1);
  const moment = new Float64Array(capacity + 1);
  return {
    split(sorted, codes, levels) {
      const count = sorted.count;
      const starts = new Uint32Array(levels.length + 1);
      for (let at = 0; at < count; at++) starts[codes[at]! + 1]!++;
      for (let code = 0; code < levels.length; code++) starts[code + 1]! += starts[code]!;
      const next = starts.slice();
      // A stable pass in ascending order leaves the members of every code ascending.
      for (let at = 0; at < count; at++) {
        const to = next[codes[sorted.order[at]!]!]!++;
        values[to] = sorted.values[at]!;
        order[to] = at;
      }
      for (let at = 0; at < count; at++) {
        const from = order[at]!;
        const share = sorted.mass[from + 1]! - sorted.mass[from]!;
        mass[at + 1] = mass[at]! + share;
        moment[at + 1] = moment[at]! + share * values[at]!;
      }
      const runs: SortedWeights = { ...sorted, values, mass, moment };
      const children = new Float64Array(2 * levels.length);
      const mean = (start: number, end: number): number =>
        (moment[end]! - moment[start]!) / (mass[end]! - mass[start]!);
      for (let code = 0; code < levels.length; code++) {
        const start = starts[code]!;
        const end = starts[code + 1]!;
        const border = splitRun(runs, start, end);
        // The level may have been fitted away from the mean of its members: the children keep that distance.
        const shift = end > start ? levels[code]! - mean(start, end) : 0;
        children[2 * code] = border > start ? mean(start, border) + shift : levels[code]!;
        children[2 * code + 1] = end > border ? mean(border, end) + shift : children[2 * code]!;
      }
      return children;
    },
  };
}
