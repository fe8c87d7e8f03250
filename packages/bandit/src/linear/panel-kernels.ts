// Symmetric matrices in panels: four rows beside one another, column after column, up to and with the block on the
// diagonal; rows are padded with zeros to a multiple of four. That is a triangle but for half a block per panel, and
// four rows are four lanes. The functions here do without SIMD what assembly/panels.ts does with it, in the same
// order, so that results agree to the last bit.

/** What can be done with matrices and vectors in a memory; they are named by where they begin in it. */
export interface PanelKernels {
  /** x' M x */
  form(matrix: number, x: number): number;
  /** out = M x */
  multiply(matrix: number, x: number, out: number): void;
  /** M += factor x x' */
  addOuter(matrix: number, factor: number, x: number): void;
  /** a' b */
  dot(a: number, b: number): number;
  /** A cheaper look at forms, where there is one. */
  readonly float32?: Float32Kernels;
}

/** Forms worked out in float32: twice as fast, and half the memory to read, where a bound will do. */
interface Float32Kernels {
  /** x' M x with matrix and vector in float32 */
  form(matrix: number, x: number): number;
  /** Rounds `count` numbers, an even number of them, to float32; they take half the room. */
  round(from: number, to: number, count: number): void;
}

/** Elements of a vector with padding. */
export function paddedLength(dimension: number): number {
  return 4 * Math.ceil(dimension / 4);
}

/** Elements of a matrix in panels. */
export function panelsLength(dimension: number): number {
  const panels = Math.ceil(dimension / 4);
  return 8 * panels * (panels + 1);
}

/** Where element (row, column), column <= row, lies in a matrix in panels. */
export function panelIndex(row: number, column: number): number {
  const panel = Math.floor(row / 4);
  return 8 * panel * (panel + 1) + 4 * column + (row % 4);
}

/** The functions without SIMD, on whatever memory `read` gives at the time. */
export function createScalarKernels(read: () => Float64Array, dimension: number): PanelKernels {
  const size = paddedLength(dimension);
  return {
    form(matrix, x) {
      const m = read();
      let [sum0, sum1, sum2, sum3] = [0, 0, 0, 0];
      let p = matrix;
      for (let i = 0; i < size; i += 4) {
        let column = x;
        let [a0, a1, a2, a3] = [0, 0, 0, 0];
        let [b0, b1, b2, b3] = [0, 0, 0, 0];
        let [c0, c1, c2, c3] = [0, 0, 0, 0];
        let [d0, d1, d2, d3] = [0, 0, 0, 0];
        for (const end = x + i; column < end; column += 4, p += 16) {
          const xA = m[column]!;
          const xB = m[column + 1]!;
          const xC = m[column + 2]!;
          const xD = m[column + 3]!;
          a0 += m[p]! * xA;
          a1 += m[p + 1]! * xA;
          a2 += m[p + 2]! * xA;
          a3 += m[p + 3]! * xA;
          b0 += m[p + 4]! * xB;
          b1 += m[p + 5]! * xB;
          b2 += m[p + 6]! * xB;
          b3 += m[p + 7]! * xB;
          c0 += m[p + 8]! * xC;
          c1 += m[p + 9]! * xC;
          c2 += m[p + 10]! * xC;
          c3 += m[p + 11]! * xC;
          d0 += m[p + 12]! * xD;
          d1 += m[p + 13]! * xD;
          d2 += m[p + 14]! * xD;
          d3 += m[p + 15]! * xD;
        }
        let even0 = 2 * (a0 + b0 + (c0 + d0));
        let even1 = 2 * (a1 + b1 + (c1 + d1));
        let even2 = 2 * (a2 + b2 + (c2 + d2));
        let even3 = 2 * (a3 + b3 + (c3 + d3));
        const rows = x + i;
        for (const end = column + 4; column < end; column++, p += 4) {
          const xj = m[column]!;
          even0 += m[p]! * xj;
          even1 += m[p + 1]! * xj;
          even2 += m[p + 2]! * xj;
          even3 += m[p + 3]! * xj;
        }
        sum0 += even0 * m[rows]!;
        sum1 += even1 * m[rows + 1]!;
        sum2 += even2 * m[rows + 2]!;
        sum3 += even3 * m[rows + 3]!;
      }
      return sum0 + sum2 + (sum1 + sum3);
    },

    multiply(matrix, x, out) {
      const m = read();
      let p = matrix;
      for (let i = 0; i < size; i += 4) {
        const x0 = m[x + i]!;
        const x1 = m[x + i + 1]!;
        const x2 = m[x + i + 2]!;
        const x3 = m[x + i + 3]!;
        let [even0, even1, even2, even3] = [0, 0, 0, 0];
        let [odd0, odd1, odd2, odd3] = [0, 0, 0, 0];
        for (let j = 0; j < i; j += 2, p += 8) {
          const xj = m[x + j]!;
          const xk = m[x + j + 1]!;
          const a0 = m[p]!;
          const a1 = m[p + 1]!;
          const a2 = m[p + 2]!;
          const a3 = m[p + 3]!;
          const b0 = m[p + 4]!;
          const b1 = m[p + 5]!;
          const b2 = m[p + 6]!;
          const b3 = m[p + 7]!;
          even0 += a0 * xj;
          even1 += a1 * xj;
          even2 += a2 * xj;
          even3 += a3 * xj;
          odd0 += b0 * xk;
          odd1 += b1 * xk;
          odd2 += b2 * xk;
          odd3 += b3 * xk;
          m[out + j]! += a0 * x0 + a2 * x2 + (a1 * x1 + a3 * x3);
          m[out + j + 1]! += b0 * x0 + b2 * x2 + (b1 * x1 + b3 * x3);
        }
        even0 += odd0;
        even1 += odd1;
        even2 += odd2;
        even3 += odd3;
        for (let k = 0; k < 4; k++, p += 4) {
          const xj = m[x + i + k]!;
          even0 += m[p]! * xj;
          even1 += m[p + 1]! * xj;
          even2 += m[p + 2]! * xj;
          even3 += m[p + 3]! * xj;
        }
        m[out + i] = even0;
        m[out + i + 1] = even1;
        m[out + i + 2] = even2;
        m[out + i + 3] = even3;
      }
    },

    addOuter(matrix, factor, x) {
      const m = read();
      let p = matrix;
      for (let i = 0; i < size; i += 4) {
        const x0 = m[x + i]!;
        const x1 = m[x + i + 1]!;
        const x2 = m[x + i + 2]!;
        const x3 = m[x + i + 3]!;
        for (let j = 0; j < i + 4; j++, p += 4) {
          const scaled = factor * m[x + j]!;
          m[p]! += scaled * x0;
          m[p + 1]! += scaled * x1;
          m[p + 2]! += scaled * x2;
          m[p + 3]! += scaled * x3;
        }
      }
    },

    dot(a, b) {
      const m = read();
      let [sum0, sum1, sum2, sum3] = [0, 0, 0, 0];
      for (let i = 0; i < size; i += 4) {
        sum0 += m[a + i]! * m[b + i]!;
        sum1 += m[a + i + 1]! * m[b + i + 1]!;
        sum2 += m[a + i + 2]! * m[b + i + 2]!;
        sum3 += m[a + i + 3]! * m[b + i + 3]!;
      }
      return sum0 + sum2 + (sum1 + sum3);
    },
  };
}
