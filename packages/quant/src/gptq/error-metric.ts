import { EdgewrightError, ShapeError } from "@edgewright/core";

/**
 * What an error of a row of weights costs, `e H e^T`, in the form in which rounding with feedback needs it.
 *
 * `H = U D U^T` with U unit upper triangular (LDLQ: Chee et al., QuIP, NeurIPS 2023, section 3, which shows that
 * GPTQ is the same procedure). The cost of an error is then a sum of squares, one for each column k:
 * `D_k (e_k + sum over j < k of U_jk e_j)^2`, so the best that column k can do is to make good for what the columns
 * before it did.
 */
export interface ErrorMetric {
  readonly size: number;
  /** Column that comes k-th, the ones that matter most first. */
  readonly order: Uint32Array;
  /** H in that order, damped, [size, size]. */
  readonly moments: Float64Array;
  /** Row k holds U_jk for j < k, contiguous: [size, size]. */
  readonly feedback: Float64Array;
}

/** Share of the mean diagonal that is added to it, as GPTQ does: columns that no text reached stay bounded. */
const DAMPING = 0.01;

/**
 * Prepares the second moments of a layer's inputs for rounding.
 *
 * @param moments [cols, cols], symmetric, row-major
 * @throws ShapeError for another size; EdgewrightError `invalid-argument` for a number that is not finite or a
 * negative diagonal.
 */
export function createErrorMetric(
  moments: ArrayLike<number>,
  size: number,
  where: string,
): ErrorMetric {
  if (moments.length !== size * size) {
    throw new ShapeError(
      `${where}: expected input moments of ${size} x ${size} columns, got ${moments.length} numbers`,
    );
  }
  let trace = 0;
  for (let at = 0; at < moments.length; at++) {
    const one = moments[at]!;
    const diagonal = at % (size + 1) === 0;
    if (!Number.isFinite(one) || (diagonal && one < 0)) {
      throw new EdgewrightError(
        "invalid-argument",
        `${where}: input moments must be finite with no negative diagonal, element ${at} is ${one}`,
      );
    }
    if (diagonal) trace += one;
  }
  // Without any input every error costs the same.
  const damping = trace > 0 ? (trace / size) * DAMPING : 1;
  const diagonal = Float64Array.from({ length: size }, (_, at) => moments[at * size + at]!);
  const order = Uint32Array.from({ length: size }, (_, at) => at).sort(
    (a, b) => diagonal[b]! - diagonal[a]! || a - b,
  );
  const ordered = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    const from = order[row]! * size;
    for (let col = 0; col < size; col++) ordered[row * size + col] = moments[from + order[col]!]!;
    ordered[row * size + row]! += damping;
  }
  return { size, order, moments: ordered, feedback: factorFeedback(ordered, size) };
}

/** The cost `e H e^T` of an error given in the order of the metric. */
export function costOf({ size, moments }: ErrorMetric, error: Float64Array): number {
  let cost = 0;
  for (let row = 0; row < size; row++) {
    const one = error[row]!;
    if (one === 0) continue;
    let sum = 0;
    for (let col = 0; col < size; col++) sum += moments[row * size + col]! * error[col]!;
    cost += one * sum;
  }
  return cost;
}

// Cholesky from the last column to the first; row k of the result is column k of U.
function factorFeedback(moments: Float64Array, size: number): Float64Array {
  const columns = new Float64Array(size * size);
  const weights = new Float64Array(size);
  // W_jk = U_jk D_k^(1/2), so that H = W W^T: eliminate k = size - 1, ..., 0.
  const rest = moments.slice();
  for (let k = size - 1; k >= 0; k--) {
    const pivot = Math.max(rest[k * size + k]!, Number.MIN_VALUE);
    weights[k] = pivot;
    const base = k * size;
    for (let j = 0; j < k; j++) columns[base + j] = rest[base + j]! / pivot;
    for (let i = 0; i < k; i++) {
      const factor = columns[base + i]! * pivot;
      if (factor === 0) continue;
      const to = i * size;
      for (let j = 0; j <= i; j++) rest[to + j]! -= factor * columns[base + j]!;
    }
  }
  return columns;
}
