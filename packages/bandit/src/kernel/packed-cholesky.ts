import { triangleLength } from "../linear/packed-triangle.js";

// Work on lower triangular factors, packed row after row as in packed-triangle.ts. Everything is additions,
// multiplications, divisions and square roots, which engines round alike.

/** Solves L x = b by forward substitution; `x` may be `b`. */
export function solveLower(
  factor: Float64Array,
  rows: number,
  b: ArrayLike<number>,
  x: Float64Array,
): void {
  let at = 0;
  for (let i = 0; i < rows; i++) {
    let rest = b[i]!;
    for (let j = 0; j < i; j++) rest -= factor[at++]! * x[j]!;
    x[i] = rest / factor[at++]!;
  }
}

/** Solves L' x = b by back substitution; `x` may be `b`. */
export function solveLowerTransposed(
  factor: Float64Array,
  rows: number,
  b: ArrayLike<number>,
  x: Float64Array,
): void {
  for (let i = 0; i < rows; i++) x[i] = b[i]!;
  for (let i = rows - 1; i >= 0; i--) {
    const row = triangleLength(i);
    const value = x[i]! / factor[row + i]!;
    x[i] = value;
    for (let j = 0; j < i; j++) x[j]! -= factor[row + j]! * value;
  }
}

/**
 * Turns the factor of A into that of A + v v', by a Givens rotation a column (Gill, Golub, Murray, Saunders 1974,
 * "Methods for modifying matrix factorizations", method C1); overwrites v. O(rows^2) time, and unlike with an
 * inverse rounding errors do not grow from update to update.
 */
export function updateCholesky(factor: Float64Array, rows: number, v: Float64Array): void {
  for (let j = 0; j < rows; j++) {
    const at = triangleLength(j) + j;
    const diagonal = factor[at]!;
    const value = v[j]!;
    if (value === 0) continue;
    const radius = Math.sqrt(diagonal * diagonal + value * value);
    const cosine = radius / diagonal;
    const sine = value / diagonal;
    factor[at] = radius;
    for (let i = j + 1, below = triangleLength(j + 1) + j; i < rows; below += ++i) {
      const entry = (factor[below]! + sine * v[i]!) / cosine;
      factor[below] = entry;
      v[i] = cosine * v[i]! - sine * entry;
    }
  }
}

/** Multiplies a packed factor with its transpose: the packed lower triangle of L L'. */
export function multiplyByTransposed(factor: Float64Array, rows: number): Float64Array {
  const product = new Float64Array(triangleLength(rows));
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k <= j; k++)
        sum += factor[triangleLength(i) + k]! * factor[triangleLength(j) + k]!;
      product[triangleLength(i) + j] = sum;
    }
  }
  return product;
}

/** Element of a packed symmetric matrix, in either order. */
export function symmetricElement(matrix: Float64Array, row: number, column: number): number {
  return matrix[triangleLength(Math.max(row, column)) + Math.min(row, column)]!;
}
