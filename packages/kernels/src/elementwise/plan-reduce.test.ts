import { describe, expect, test } from "vitest";
import { planReduce, type ReduceOp } from "../index.js";
import {
  computeFloats,
  loadEveryKind,
  randomFloats,
  relativeError,
  seededNumbers,
} from "../runtime/fixtures.test-support.js";

const kinds = await loadEveryKind();

const REFERENCE: Record<ReduceOp, (values: number[]) => number> = {
  sum: (values) => values.reduce((a, b) => a + b, 0),
  mean: (values) => values.reduce((a, b) => a + b, 0) / values.length,
  max: (values) => values.reduce((a, b) => Math.max(a, b), -Infinity),
  min: (values) => values.reduce((a, b) => Math.min(a, b), Infinity),
  product: (values) => values.reduce((a, b) => a * b, 1),
  "sum-square": (values) => values.reduce((a, b) => a + b * b, 0),
  l1: (values) => values.reduce((a, b) => a + Math.abs(b), 0),
  l2: (values) => Math.hypot(...values),
};
const ROUNDING = 2e-6; // of the sum of magnitudes: at most some 16 additions one behind the other per level

describe.each(kinds)("%s", (_, kernels) => {
  test.each(Object.keys(REFERENCE) as ReduceOp[])("%s over any axis", (op) => {
    const random = seededNumbers(op.length);
    for (const [outer, axis, inner] of [
      [1, 1, 1],
      [3, 7, 1],
      [2, 1000, 1],
      [1, 3001, 1],
      [2, 5, 3],
      [1, 130, 16],
      [3, 65, 37],
      [2, 9, 64],
      [1, 1, 19],
    ] as const) {
      const x = randomFloats(outer * axis * inner, random, op === "product" ? 1.3 : 4);
      const expected: number[] = [];
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          const values = Array.from({ length: axis }, (_, k) => x[(o * axis + k) * inner + i]!);
          expected.push(REFERENCE[op](values));
        }
      }
      const actual = computeFloats(kernels, [x], outer * inner, ([at], y) =>
        planReduce(kernels, { op, x: at!, y, outer, axis, inner }),
      );
      const unit = op === "product" ? 1e-30 : op === "mean" ? 1 : axis;
      expect(relativeError(actual, expected, unit)).toBeLessThan(
        op === "product" ? 1e-3 : ROUNDING,
      );
    }
  });

  test("a mean over 300000 equal values is that value to 2e-6, along either axis", () => {
    const x = new Float32Array(300_000).fill(0.1);
    for (const inner of [1, 3, 16]) {
      const axis = x.length / inner;
      const [mean] = computeFloats(kernels, [x], inner, ([at], y) =>
        planReduce(kernels, { op: "mean", x: at!, y, outer: 1, axis, inner }),
      );
      expect(Math.abs(mean! - x[0]!)).toBeLessThan(2e-7);
    }
  });

  test("an empty axis gives the neutral value", () => {
    for (const [op, value] of [
      ["sum", 0],
      ["product", 1],
      ["max", -Infinity],
      ["min", Infinity],
      ["mean", Number.NaN],
    ] as const) {
      for (const inner of [1, 5]) {
        const y = computeFloats(kernels, [], inner, (_, at) =>
          planReduce(kernels, { op, x: 65536, y: at, outer: 1, axis: 0, inner }),
        );
        expect([...y]).toEqual(Array.from({ length: inner }, () => value));
      }
    }
  });

  test("an unknown reduction is named", () => {
    const spec = { op: "median" as ReduceOp, x: 0, y: 0, outer: 1, axis: 1, inner: 1 };
    expect(() => planReduce(kernels, spec)).toThrow("planReduce: expected one of sum, mean");
  });
});
