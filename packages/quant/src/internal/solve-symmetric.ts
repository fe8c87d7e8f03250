/**
 * Solves A x = b in place for a symmetric positive semi-definite A, [size, size] row-major of which the lower
 * triangle is read, by Cholesky's factorisation. Directions that A does not have get a tiny ridge, so that a
 * singular system has a bounded solution.
 *
 * @param matrix overwritten by its factor
 * @param right [size]; becomes the solution
 */
export function solveSymmetric(matrix: Float64Array, right: Float64Array, size: number): void {
  let trace = 0;
  for (let at = 0; at < size; at++) trace += matrix[at * size + at]!;
  const ridge = (trace / size) * 1e-10 + Number.MIN_VALUE;
  for (let row = 0; row < size; row++) {
    for (let col = 0; col <= row; col++) {
      let sum = matrix[row * size + col]!;
      for (let at = 0; at < col; at++) sum -= matrix[row * size + at]! * matrix[col * size + at]!;
      if (row === col) matrix[row * size + row] = Math.sqrt(Math.max(sum, ridge));
      else matrix[row * size + col] = sum / matrix[col * size + col]!;
    }
  }
  for (let row = 0; row < size; row++) {
    let sum = right[row]!;
    for (let at = 0; at < row; at++) sum -= matrix[row * size + at]! * right[at]!;
    right[row] = sum / matrix[row * size + row]!;
  }
  for (let row = size - 1; row >= 0; row--) {
    let sum = right[row]!;
    for (let at = row + 1; at < size; at++) sum -= matrix[at * size + row]! * right[at]!;
    right[row] = sum / matrix[row * size + row]!;
  }
}
