import { expect, test } from "vitest";
import { loadEveryLanguageKind } from "../fixtures.test-support.js";
import { multiplySlowly, numbersFrom, runLinear } from "./linear-reference.test-support.js";
import { packLinear } from "./pack-linear.js";

const COUNTS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 17, 33];

test("f32: within the rounding of 32-bit sums of W x, with bias, onto y, in strides", async () => {
  const next = numbersFrom(1);
  const draw = (length: number): Float32Array =>
    Float32Array.from({ length }, () => next() * 2 - 1);
  for (const [name, kernels] of await loadEveryLanguageKind()) {
    const { used } = kernels.arena;
    for (const [rows, cols] of [
      [1, 1],
      [7, 5],
      [16, 64],
      [37, 33],
      [130, 40],
    ] as const) {
      const weights = draw(rows * cols);
      const packed = packLinear(kernels, { dtype: "f32", shape: [rows, cols], data: weights });
      for (const n of COUNTS) {
        const x = draw(n * cols);
        const bias = draw(rows);
        const yStride = rows + 3;
        const onto = draw(n * yStride);
        const y = runLinear(kernels, packed, x, n, { bias, onto, yStride, xStride: cols + 5 });
        const { sums, magnitudes } = multiplySlowly(weights, x, { rows, cols, n });
        for (let i = 0; i < n * yStride; i++) {
          const [r, row] = [Math.floor(i / yStride), i % yStride];
          if (row >= rows) expect(y[i]).toBe(onto[i]);
          else {
            const exact = sums[r * rows + row]! + bias[row]! + onto[i]!;
            const size = magnitudes[r * rows + row]! + Math.abs(bias[row]!) + Math.abs(onto[i]!);
            // Standard bound of a sum of rounded products.
            expect(Math.abs(y[i]! - exact), name).toBeLessThanOrEqual((cols + 4) * 2 ** -24 * size);
          }
        }
      }
      packed.dispose();
    }
    expect(kernels.arena.used).toBe(used);
    kernels.dispose();
  }
});

test("f32: a row of y has the same bits alone and among others", async () => {
  const next = numbersFrom(2);
  const [rows, cols, most] = [45, 71, 33];
  const draw = (length: number): Float32Array =>
    Float32Array.from({ length }, () => next() * 2 - 1);
  const parts = [10, 35].map((count) => ({
    dtype: "f32" as const,
    shape: [count, cols],
    data: draw(count * cols),
  }));
  const x = draw(most * cols);
  for (const [name, kernels] of await loadEveryLanguageKind()) {
    const packed = packLinear(kernels, parts);
    const alone = Array.from({ length: most }, (_, i) => [
      ...runLinear(kernels, packed, x.subarray(i * cols, (i + 1) * cols), 1),
    ]).flat();
    for (const n of COUNTS) {
      expect([...runLinear(kernels, packed, x, n)], name).toEqual(alone.slice(0, n * rows));
    }
    kernels.dispose();
  }
});
