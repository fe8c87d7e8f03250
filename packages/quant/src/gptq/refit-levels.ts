import { solveSymmetric } from "../internal/solve-symmetric.js";
import type { ErrorMetric } from "./error-metric.js";

/** More levels than this are left as they are: a fit of 2^b unknowns costs their cube, and gains little. */
const MOST_LEVELS = 32;

/** A pull towards the levels there are, as a share of the mean diagonal, where the fit has no say. */
const RIDGE = 1e-3;

/**
 * Moves the levels of a row to where the cost of its errors is smallest while every weight keeps its code: least
 * squares with as many unknowns as levels. The cost never grows.
 *
 * @param codes [size], in the metric's order
 * @param error [size], weight minus level
 * @param levels changed in place
 */
export function refitLevels(
  { size, moments }: ErrorMetric,
  codes: Uint8Array,
  error: Float64Array,
  levels: Float64Array,
): void {
  const count = levels.length;
  if (count > MOST_LEVELS) return;
  const matrix = new Float64Array(count * count);
  const change = new Float64Array(count);
  for (let row = 0; row < size; row++) {
    const to = codes[row]! * count;
    const from = row * size;
    let pull = 0;
    for (let col = 0; col < size; col++) {
      const moment = moments[from + col]!;
      matrix[to + codes[col]!]! += moment;
      pull += moment * error[col]!;
    }
    change[codes[row]!]! += pull;
  }
  let trace = 0;
  for (let code = 0; code < count; code++) trace += matrix[code * count + code]!;
  const ridge = (trace / count) * RIDGE;
  for (let code = 0; code < count; code++) matrix[code * count + code]! += ridge;
  solveSymmetric(matrix, change, count);
  for (let code = 0; code < count; code++) levels[code]! += change[code]!;
}
