// Symmetric matrices as their lower triangle, row after row: element (i, j), j <= i, lies at i (i + 1) / 2 + j.
// Half the memory of the whole, and half the work of a quadratic form. Four rows are taken at a time, which loads
// every element of the vector once for four products and keeps four sums in flight.

/** Elements of the lower triangle of a symmetric matrix with `dimension` rows. */
export function triangleLength(dimension: number): number {
  return (dimension * (dimension + 1)) / 2;
}

/** Works out x' M x for a packed symmetric matrix: d (d + 1) / 2 products. */
export function quadraticForm(matrix: Float64Array, x: Float64Array, dimension: number): number {
  let sum = 0;
  let p = 0;
  let i = dimension & 3;
  for (let row = 0; row < i; row++) {
    let dot = 0;
    for (let j = 0; j < row; j++) dot += matrix[p++]! * x[j]!;
    sum += x[row]! * (2 * dot + matrix[p++]! * x[row]!);
  }
  for (; i < dimension; i += 4) {
    let dot0 = 0;
    let dot1 = 0;
    let dot2 = 0;
    let dot3 = 0;
    let p1 = p + i + 1;
    let p2 = p1 + i + 2;
    let p3 = p2 + i + 3;
    for (let j = 0; j < i; j++) {
      const xj = x[j]!;
      dot0 += matrix[p++]! * xj;
      dot1 += matrix[p1++]! * xj;
      dot2 += matrix[p2++]! * xj;
      dot3 += matrix[p3++]! * xj;
    }
    const x0 = x[i]!;
    const x1 = x[i + 1]!;
    const x2 = x[i + 2]!;
    const x3 = x[i + 3]!;
    dot1 += matrix[p1]! * x0;
    dot2 += matrix[p2]! * x0 + matrix[p2 + 1]! * x1;
    dot3 += matrix[p3]! * x0 + matrix[p3 + 1]! * x1 + matrix[p3 + 2]! * x2;
    sum +=
      x0 * (2 * dot0 + matrix[p]! * x0) +
      x1 * (2 * dot1 + matrix[p1 + 1]! * x1) +
      x2 * (2 * dot2 + matrix[p2 + 2]! * x2) +
      x3 * (2 * dot3 + matrix[p3 + 3]! * x3);
    p = p3 + 4;
  }
  return sum;
}

/** Works out M x for a packed symmetric matrix into `out`, [dimension]: every element is loaded once. */
export function multiplySymmetric(
  matrix: Float64Array,
  x: Float64Array,
  dimension: number,
  out: Float64Array,
): void {
  let p = 0;
  let i = dimension & 3;
  for (let row = 0; row < i; row++) {
    const xr = x[row]!;
    let dot = 0;
    for (let j = 0; j < row; j++) {
      const element = matrix[p++]!;
      dot += element * x[j]!;
      out[j]! += element * xr;
    }
    out[row] = dot + matrix[p++]! * xr;
  }
  for (; i < dimension; i += 4) {
    const x0 = x[i]!;
    const x1 = x[i + 1]!;
    const x2 = x[i + 2]!;
    const x3 = x[i + 3]!;
    let dot0 = 0;
    let dot1 = 0;
    let dot2 = 0;
    let dot3 = 0;
    let p1 = p + i + 1;
    let p2 = p1 + i + 2;
    let p3 = p2 + i + 3;
    for (let j = 0; j < i; j++) {
      const xj = x[j]!;
      const m0 = matrix[p++]!;
      const m1 = matrix[p1++]!;
      const m2 = matrix[p2++]!;
      const m3 = matrix[p3++]!;
      dot0 += m0 * xj;
      dot1 += m1 * xj;
      dot2 += m2 * xj;
      dot3 += m3 * xj;
      out[j]! += m0 * x0 + m1 * x1 + (m2 * x2 + m3 * x3);
    }
    const m10 = matrix[p1]!;
    const m20 = matrix[p2]!;
    const m21 = matrix[p2 + 1]!;
    const m30 = matrix[p3]!;
    const m31 = matrix[p3 + 1]!;
    const m32 = matrix[p3 + 2]!;
    out[i] = dot0 + matrix[p]! * x0 + m10 * x1 + m20 * x2 + m30 * x3;
    out[i + 1] = dot1 + m10 * x0 + matrix[p1 + 1]! * x1 + m21 * x2 + m31 * x3;
    out[i + 2] = dot2 + m20 * x0 + m21 * x1 + matrix[p2 + 2]! * x2 + m32 * x3;
    out[i + 3] = dot3 + m30 * x0 + m31 * x1 + m32 * x2 + matrix[p3 + 3]! * x3;
    p = p3 + 4;
  }
}

/** Adds `factor` x x' to a packed symmetric matrix. */
export function addOuterProduct(
  matrix: Float64Array,
  factor: number,
  x: ArrayLike<number>,
  dimension: number,
): void {
  let p = 0;
  for (let i = 0; i < dimension; i++) {
    const scaled = factor * x[i]!;
    let j = 0;
    for (const end = i - 2; j < end; j += 4, p += 4) {
      matrix[p]! += scaled * x[j]!;
      matrix[p + 1]! += scaled * x[j + 1]!;
      matrix[p + 2]! += scaled * x[j + 2]!;
      matrix[p + 3]! += scaled * x[j + 3]!;
    }
    for (; j <= i; j++) matrix[p++]! += scaled * x[j]!;
  }
}

/** Element (row, column) of a packed symmetric matrix, in either order. */
export function symmetricElement(matrix: Float64Array, row: number, column: number): number {
  const i = Math.max(row, column);
  return matrix[triangleLength(i) + Math.min(row, column)]!;
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
