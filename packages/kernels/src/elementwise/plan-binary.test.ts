import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BinaryOp, planBinary } from "../index.js";
import {
  computeFloats,
  loadEveryKind,
  randomFloats,
  relativeError,
  seededNumbers,
} from "../runtime/fixtures.test-support.js";

const kinds = await loadEveryKind();

const FUNCTIONS: Record<BinaryOp, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  max: Math.max,
  min: Math.min,
  pow: (a, b) => a ** b,
  prelu: (a, b) => (a < 0 ? a * b : a),
};
const ONE_ROUNDING = 1.2e-7; // pow's included: it is computed in 64 bits

/** The element of `data` that broadcasting puts at `index`. */
function pick(data: Float32Array, shape: number[], index: number[]): number {
  let at = 0;
  shape.forEach((length, i) => {
    const position = index[index.length - shape.length + i]!;
    at = at * length + (length === 1 ? 0 : position);
  });
  return data[at]!;
}

function broadcast(a: number[], b: number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const left = a[a.length - rank + i] ?? 1;
    return left === 1 ? (b[b.length - rank + i] ?? 1) : left;
  });
}

const size = (shape: number[]) => shape.reduce((x, y) => x * y, 1);

describe.each(kinds)("%s", (_, kernels) => {
  function check(op: BinaryOp, aShape: number[], bShape: number[], seed = 1): void {
    const random = seededNumbers(seed);
    const positive = op === "pow";
    const a = randomFloats(size(aShape), random, 4).map((x) => (positive ? Math.abs(x) : x));
    const b = randomFloats(size(bShape), random, 4);
    const shape = broadcast(aShape, bShape);
    const expected = Array.from({ length: size(shape) }, (_, at) => {
      const index: number[] = [];
      for (let i = shape.length - 1, rest = at; i >= 0; i--) {
        index.unshift(rest % shape[i]!);
        rest = Math.floor(rest / shape[i]!);
      }
      return FUNCTIONS[op](pick(a, aShape, index), pick(b, bShape, index));
    });
    const actual = computeFloats(kernels, [a, b], size(shape), ([x, z], y) =>
      planBinary(kernels, { op, a: x!, aShape, b: z!, bShape, y }),
    );
    expect(relativeError(actual, expected)).toBeLessThan(ONE_ROUNDING);
  }

  test.each(Object.keys(FUNCTIONS) as BinaryOp[])("%s in the usual shapes", (op) => {
    for (const [a, b] of [
      [
        [2, 3, 5, 7],
        [2, 3, 5, 7],
      ],
      [[3001], [3001]],
      [[2, 5, 7], []],
      [[], [4, 9]],
      [[2, 3, 17], [17]],
      [
        [1, 6, 4, 5],
        [6, 1, 1],
      ],
      [
        [2, 1, 1, 8],
        [2, 3, 4, 8],
      ],
      [[1], [1]],
      [[0, 3], [3]],
      [
        [2, 1, 3, 1, 4, 1],
        [1, 5, 1, 6, 1, 2],
      ],
    ] as [number[], number[]][]) {
      check(op, a, b);
    }
  });

  test("any shapes that broadcast", () => {
    const axis = fc.record({
      length: fc.integer({ min: 1, max: 6 }),
      who: fc.constantFrom("both", "a", "b"),
    });
    fc.assert(
      fc.property(fc.array(axis, { maxLength: 6 }), fc.nat(3), fc.nat(1000), (axes, drop, seed) => {
        const aShape = axes.map(({ length, who }) => (who === "b" ? 1 : length));
        const bShape = axes.map(({ length, who }) => (who === "a" ? 1 : length)).slice(drop);
        check("sub", aShape, bShape, seed);
      }),
      { numRuns: 100, seed: 2 },
    );
  });

  test("a NaN wins a maximum, in place, with an activation behind", () => {
    const a = new Float32Array([1, Number.NaN, -3, 5, 2]);
    const b = new Float32Array([Number.NaN, 1, -2, 1, -9]);
    const actual = computeFloats(kernels, [a, b], 5, ([x, z], y) =>
      planBinary(kernels, {
        op: "max",
        a: x!,
        aShape: [5],
        b: z!,
        bShape: [5],
        y,
        activation: { kind: "relu", scale: 2 },
      }),
    );
    expect([...actual]).toEqual([Number.NaN, Number.NaN, 0, 10, 4]);
  });

  test("errors name the shapes", () => {
    expect(() =>
      planBinary(kernels, { op: "add", a: 0, aShape: [2, 3], b: 0, bShape: [4], y: 0 }),
    ).toThrow("planBinary: [2, 3] and [4] cannot be broadcast together");
    expect(() =>
      planBinary(kernels, { op: "xor" as BinaryOp, a: 0, aShape: [], b: 0, bShape: [], y: 0 }),
    ).toThrow("planBinary: expected one of add, sub");
  });
});
