import fc from "fast-check";
import { expect, test } from "vitest";
import { computeFloats, relativeError } from "../../runtime/fixtures.test-support.js";
import { loadEveryLanguageKind } from "../fixtures.test-support.js";
import { planArgmax } from "./plan-argmax.js";
import { planLogSumExp } from "./plan-log-sum-exp.js";
import { planTopK } from "./plan-top-k.js";

const kinds = await loadEveryLanguageKind();
const [, kernels] = kinds[0]!;

const { NaN: NAN, POSITIVE_INFINITY: INFINITE, NEGATIVE_INFINITY: NEGATIVE } = Number;

/** Rows with equal elements, NaN and infinities among them, some long enough for every loop. */
const matrices = fc
  .record({
    rows: fc.integer({ min: 1, max: 4 }),
    cols: fc.oneof(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 500, max: 1600 })),
    steps: fc.constantFrom(2, 50, 1e6),
    strange: fc.constantFrom(0, 0.1, 0.9, 1),
    seed: fc.nat(),
  })
  .map(({ rows, cols, steps, strange, seed }) => {
    let state = seed;
    const random = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    const x = Float32Array.from({ length: rows * cols }, () => {
      if (random() < strange)
        return [NAN, NEGATIVE, NAN, random() < 0.1 ? INFINITE : NAN][Math.floor(random() * 4)]!;
      return Math.floor(random() * steps) / 10 - 2;
    });
    return { rows, cols, x };
  });

/** Indices of a row's elements, NaN left out, from the largest down, the first of equal ones first. */
function order(row: Float32Array): number[] {
  const kept = [...row.keys()].filter((i) => !Number.isNaN(row[i]!));
  return kept.sort((a, b) => (row[a] === row[b] ? a - b : row[a]! > row[b]! ? -1 : 1));
}

const words = (values: Float32Array): Int32Array =>
  new Int32Array(values.buffer, values.byteOffset, values.length);

test("argmax is the first of the largest, never a NaN", () => {
  fc.assert(
    fc.property(matrices, ({ rows, cols, x }) => {
      for (const [name, kernels] of kinds) {
        const y = computeFloats(kernels, [x], rows, ([at], y) =>
          planArgmax(kernels, { x: at!, y, rows, cols }),
        );
        for (let row = 0; row < rows; row++) {
          const expected = order(x.subarray(row * cols, (row + 1) * cols))[0] ?? -1;
          expect(words(y)[row], name).toBe(expected);
        }
      }
    }),
    { numRuns: 60, seed: 3 },
  );
});

test("top-k gives elements and indices from the largest down", () => {
  fc.assert(
    fc.property(matrices, fc.integer({ min: 1, max: 64 }), ({ rows, cols, x }, k) => {
      for (const [name, kernels] of kinds) {
        const y = computeFloats(kernels, [x], 2 * rows * k, ([at], y) =>
          planTopK(kernels, { x: at!, values: y, indices: y + 4 * rows * k, rows, cols, k }),
        );
        for (let row = 0; row < rows; row++) {
          const line = x.subarray(row * cols, (row + 1) * cols);
          const sorted = order(line);
          for (let i = 0; i < k; i++) {
            const index = sorted[i] ?? -1;
            expect(words(y)[rows * k + row * k + i], name).toBe(index);
            expect(y[row * k + i]).toBe(index < 0 ? NEGATIVE : line[index]);
          }
        }
      }
    }),
    { numRuns: 60, seed: 5 },
  );
});

test("log-sum-exp is right to rounding, whatever the size of the elements", () => {
  fc.assert(
    fc.property(
      matrices,
      fc.constantFrom(1, 0.3, 40, 1e5, -2),
      ({ rows, cols, x: strange }, scale) => {
        const x = strange.map((v) => (Number.isNaN(v) ? 0.5 : v === INFINITE ? 1 : v));
        for (const [, kernels] of kinds) {
          const y = computeFloats(kernels, [x], 2 * rows, ([at], y) =>
            planLogSumExp(kernels, { x: at!, y, rows, cols, scale }),
          );
          for (let row = 0; row < rows; row++) {
            const scaled = Array.from(x.subarray(row * cols, (row + 1) * cols), (v) =>
              Math.fround(v * Math.fround(scale)),
            );
            const top = Math.max(...scaled);
            const off = Number.isFinite(top) ? top : 0;
            const sum = scaled.reduce((total, v) => total + Math.exp(v - off), 0);
            // One rounding of the exponentials' sum and one of the result, each below 1e-6.
            expect(y[2 * row]).toBe(top);
            expect(relativeError([y[2 * row + 1]!], [off + Math.log(sum)], 1)).toBeLessThan(2e-6);
          }
        }
      },
    ),
    { numRuns: 60, seed: 6 },
  );
});

test("log-sum-exp shows a NaN, and infinities where they belong", () => {
  const rows = [
    [1, NAN, 2],
    [NAN, NAN, NAN],
    [1, INFINITE, 2],
    [NEGATIVE, NEGATIVE, NEGATIVE],
  ];
  for (const [, kernels] of kinds) {
    const y = computeFloats(kernels, [Float32Array.from(rows.flat())], 8, ([x], y) =>
      planLogSumExp(kernels, { x: x!, y, rows: 4, cols: 3 }),
    );
    expect([y[1], y[3], y[5], y[7]]).toEqual([NAN, NAN, INFINITE, NEGATIVE]);
  }
});

test("errors say what was expected", () => {
  const spec = { x: 0, y: 0, values: 0, indices: 0, rows: 1, cols: 2 };
  expect(() => planTopK(kernels, { ...spec, k: 257 })).toThrow(
    "planTopK: expected k from 1 to 256, got 257",
  );
  expect(() => planArgmax(kernels, { ...spec, cols: 0 })).toThrow(
    "planArgmax: expected cols to be a whole number from 1, got 0",
  );
  expect(() => planLogSumExp(kernels, { ...spec, scale: NAN })).toThrow(
    "planLogSumExp: expected scale to be a finite number, got NaN",
  );
});
