import { triangleLength } from "./packed-triangle.js";

/**
 * Factors a packed symmetric matrix into L L', in place: the triangle of L takes its place, packed alike; d^3 / 6
 * products.
 *
 * @param smallestPivot what every pivot (a square of L's diagonal) must reach
 * @returns whether all did; when one did not, the matrix is left half done
 */
export function factorCholesky(
  matrix: Float64Array,
  dimension: number,
  smallestPivot: number,
): boolean {
  for (let i = 0, row = 0; i < dimension; i++, row += i) {
    for (let j = 0, other = 0; j <= i; j++, other += j) {
      let sum = matrix[row + j]!;
      for (let k = 0; k < j; k++) sum -= matrix[row + k]! * matrix[other + k]!;
      if (j < i) {
        matrix[row + j] = sum / matrix[other + j]!;
      } else {
        if (!(sum >= smallestPivot && sum < Infinity)) return false;
        matrix[row + i] = Math.sqrt(sum);
      }
    }
  }
  return true;
}

/** Works out the inverse of L L' from the packed L of {@link factorCholesky}, in place; d^3 / 3 products. */
export function invertFromCholesky(factor: Float64Array, dimension: number): void {
  // First the inverse of L, which is a lower triangle too ...
  for (let j = 0; j < dimension; j++) {
    const diagonal = triangleLength(j) + j;
    factor[diagonal] = 1 / factor[diagonal]!;
    for (let i = j + 1; i < dimension; i++) {
      const row = triangleLength(i);
      let sum = 0;
      for (let k = j, at = diagonal; k < i; k++, at += k) sum -= factor[row + k]! * factor[at]!;
      factor[row + j] = sum / factor[row + i]!;
    }
  }
  // ... then its transpose times itself: element (i, j) needs rows i and below, which are still untouched.
  for (let i = 0; i < dimension; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = i, row = triangleLength(i); k < dimension; k++, row += k) {
        sum += factor[row + i]! * factor[row + j]!;
      }
      factor[triangleLength(i) + j] = sum;
    }
  }
}
