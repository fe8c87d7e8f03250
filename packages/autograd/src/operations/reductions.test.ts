import type { Kernels } from "@edgewright/kernels";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { predictMemory } from "../engine/memory-account.js";
import { createProgram } from "../engine/program.js";
import { createTape, type Operand, type Variable } from "../engine/tape.js";
import {
  checkGradients,
  loadEveryKernels,
  weightedSum,
} from "../testing/check-gradients.test-support.js";
import { max, min } from "./reduce-extreme.js";
import type { ReduceOptions } from "./reduction-axes.js";
import { mean, sum } from "./sum.js";
import { variance } from "./variance.js";

let everyKernels: Kernels[];
beforeAll(async () => {
  everyKernels = await loadEveryKernels();
});
afterAll(() => {
  for (const kernels of everyKernels) kernels.dispose();
});

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const total = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0);
const average = (xs: readonly number[]): number => total(xs) / xs.length;

const OPERATIONS: Record<
  string,
  {
    readonly build: (x: Operand, options?: ReduceOptions) => Variable;
    readonly exact: (xs: readonly number[]) => number;
  }
> = {
  sum: { build: sum, exact: total },
  mean: { build: mean, exact: average },
  max: { build: max, exact: (xs) => Math.max(...xs) },
  min: { build: min, exact: (xs) => Math.min(...xs) },
  variance: {
    build: variance,
    exact: (xs) => average(xs.map((x) => (x - average(xs)) ** 2)),
  },
};

const reductions = fc.record({
  axes: fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.boolean()), { maxLength: 4 }),
  keepAxes: fc.boolean(),
  fromEnd: fc.boolean(),
});

/** For every element, which element of the result it goes into. */
function groups(shape: readonly number[], goes: readonly boolean[]): number[] {
  return Array.from({ length: size(shape) }, (_, at) => {
    let group = 0;
    shape.forEach((length, axis) => {
      const index = Math.floor(at / size(shape.slice(axis + 1))) % length;
      if (!goes[axis]) group = group * length + index;
    });
    return group;
  });
}

describe.each(Object.entries(OPERATIONS))("%s", (name, { build, exact }) => {
  it("has the gradient of its reference over any axes", () => {
    fc.assert(
      fc.property(reductions, ({ axes, keepAxes, fromEnd }) => {
        const shape = axes.map(([length]) => length);
        const goes = axes.map(([, gone]) => gone);
        const group = groups(shape, goes);
        const count = Math.max(...group) + 1;
        const gone = goes.flatMap((gone, axis) =>
          gone ? [fromEnd ? axis - shape.length : axis] : [],
        );
        // Different numbers: no ties at an extreme.
        const data = Float32Array.from(group, (_, i) => ((i * 37) % 101) / 50 - 1);
        for (const kernels of everyKernels) {
          checkGradients(kernels, {
            inputs: { x: { shape, data } },
            build: ({ x }) => {
              const y = build(x!, { axes: gone, keepAxes });
              const kept = shape.flatMap((n, i) => (goes[i] ? (keepAxes ? [1] : []) : [n]));
              expect(y.shape).toEqual(kept);
              return y;
            },
            reference: ({ x }) =>
              Float64Array.from({ length: count }, (_, g) =>
                exact([...x!].filter((_, i) => group[i] === g)),
              ),
            elements: 8,
          });
        }
      }),
      { numRuns: 12, seed: 1 },
    );
  });

  it("takes all axes unless told otherwise", () => {
    const x = createTape().input("x", [2, 3]);
    expect(build(x).shape).toEqual([]);
    expect(build(x, { keepAxes: true }).shape).toEqual([1, 1]);
  });

  it("says which axes there are", () => {
    const x = createTape().input("x", [2, 3]);
    expect(() => build(x, { axes: [2] })).toThrow(
      `${name}: expected different axes of [2,3], got [2]`,
    );
    expect(() => build(x, { axes: [1, -1] })).toThrow(
      `${name}: expected different axes of [2,3], got [1,-1]`,
    );
  });
});

describe("reductions", () => {
  it("keep nothing for a sum or mean, the operand for the others", () => {
    const kept = (build: (x: Variable) => Variable) => {
      const tape = createTape();
      const x = tape.input("x", [4, 8]);
      const loss = weightedSum(build(x), new Float32Array(4));
      const { nodes } = predictMemory({ tape, loss, gradientsOf: [x], trainable: [] });
      return nodes.flatMap(({ keeps }) => keeps.map(({ what, bytes }) => `${what} ${bytes}`));
    };
    const axes = [1];
    expect(kept((x) => sum(x, { axes }))).toEqual([]);
    expect(kept((x) => mean(x, { axes }))).toEqual([]);
    expect(kept((x) => max(x, { axes }))).toEqual(["input 128", "output 16"]);
    expect(kept((x) => variance(x, { axes }))).toEqual(["input 128", "mean 16"]);
  });

  it("share the gradient of an extreme between equals", () => {
    for (const kernels of everyKernels) {
      const tape = createTape();
      const x = tape.input("x", [2, 4]);
      const loss = weightedSum(max(x, { axes: [1] }), Float32Array.of(6, 1));
      using program = createProgram(kernels, { tape, loss, gradientsOf: [x], trainable: [] });
      program.run({ x: Float32Array.of(5, 1, 5, 5, 0, 0, -1, -2) });
      expect([...program.gradient(x).data]).toEqual([2, 0, 2, 2, 0.5, 0.5, 0, 0]);
    }
  });

  it("do not lose a small variance beside a large mean", () => {
    for (const kernels of everyKernels) {
      const tape = createTape();
      const x = tape.input("x", [4]);
      const y = variance(x, { correction: 1 });
      using program = createProgram(kernels, { tape, outputs: [y] });
      program.run({ x: Float32Array.of(10000.25, 10000, 10000.5, 10000.25) });
      expect(program.read(y).data[0]).toBeCloseTo(0.125 / 3, 6);
    }
    const x = createTape().input("x", [4, 1]);
    expect(() => variance(x, { axes: [1], correction: 1 })).toThrow(
      "variance: expected more than 1 elements to reduce, got 1 of [4,1]",
    );
  });
});
