// Symmetric matrices as their lower triangle, row after row: element (i, j), j <= i, lies at i (i + 1) / 2 + j. The
// form in which sums are added up and snapshots written; products that must be fast are done in panels.

/** Elements of the lower triangle of a symmetric matrix with `dimension` rows. */
export function triangleLength(dimension: number): number {
  return (dimension * (dimension + 1)) / 2;
}

/** Works out M x for a packed symmetric matrix. */
export function multiplySymmetric(
  matrix: Float64Array,
  x: ArrayLike<number>,
  dimension: number,
): Float64Array {
  const out = new Float64Array(dimension);
  for (let i = 0, p = 0; i < dimension; i++) {
    const xi = x[i]!;
    let dot = 0;
    for (let j = 0; j < i; j++) {
      const element = matrix[p++]!;
      dot += element * x[j]!;
      out[j]! += element * xi;
    }
    out[i] = dot + matrix[p++]! * xi;
  }
  return out;
}

/** Adds `factor` x x' to a packed symmetric matrix. */
export function addOuterProduct(
  matrix: Float64Array,
  factor: number,
  x: ArrayLike<number>,
  dimension: number,
): void {
  for (let i = 0, p = 0; i < dimension; i++) {
    const xi = x[i]!;
    // In the order of the panels' addOuter, so that both add the same.
    for (let j = 0; j <= i; j++) matrix[p++]! += factor * x[j]! * xi;
  }
}

/** Adds a number to every element of the diagonal. */
export function addToDiagonal(matrix: Float64Array, dimension: number, value: number): void {
  for (let i = 0, at = 0; i < dimension; i++, at += i + 1) matrix[at]! += value;
}

/** Sum of the products of the first `count` elements. */
export function dotProduct(a: ArrayLike<number>, b: ArrayLike<number>, count: number): number {
  let even = 0;
  let odd = 0;
  let i = 0;
  for (const end = count - 1; i < end; i += 2) {
    even += a[i]! * b[i]!;
    odd += a[i + 1]! * b[i + 1]!;
  }
  return i < count ? even + odd + a[i]! * b[i]! : even + odd;
}
