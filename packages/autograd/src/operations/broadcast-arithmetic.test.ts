import { broadcastStrides } from "@edgewright/core";
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
import { add, divide, multiply, subtract } from "./broadcast-arithmetic.js";
import { broadcastShape } from "./broadcasting.js";
import { maximum, minimum } from "./extremes.js";

let everyKernels: Kernels[];
beforeAll(async () => {
  everyKernels = await loadEveryKernels();
});
afterAll(() => {
  for (const kernels of everyKernels) kernels.dispose();
});

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Where the elements of `shape`, walked by `strides`, lie, in row-major order of the shape. */
function walk(shape: readonly number[], strides: readonly number[]): number[] {
  return shape.reduce(
    (found, length, axis) =>
      found.flatMap((at) => Array.from({ length }, (_, i) => at + i * strides[axis]!)),
    [0],
  );
}

const OPERATIONS: Record<
  string,
  { build: (a: Operand, b: Operand) => Variable; exact: (a: number, b: number) => number }
> = {
  add: { build: add, exact: (a, b) => a + b },
  subtract: { build: subtract, exact: (a, b) => a - b },
  multiply: { build: multiply, exact: (a, b) => a * b },
  divide: { build: divide, exact: (a, b) => a / b },
  maximum: { build: maximum, exact: Math.max },
  minimum: { build: minimum, exact: Math.min },
};

/** Axes of a result with what becomes of them in the operands. */
const broadcasts = fc
  .tuple(
    fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom("both", "both", "a", "b")), {
      maxLength: 4,
    }),
    fc.integer({ min: 0, max: 2 }),
    fc.boolean(),
  )
  .map(([axes, missing, shortIsA]) => {
    const lengths = (of: string): number[] =>
      axes.map(([length, who]) => (who === "both" || who === of ? length : 1));
    const cut = (shape: number[]): number[] =>
      shape.slice(0, missing).every((length) => length === 1) ? shape.slice(missing) : shape;
    const [a, b] = [lengths("a"), lengths("b")];
    return shortIsA ? { a: cut(a), b } : { a, b: cut(b) };
  });

describe.each(Object.entries(OPERATIONS))("%s", (name, { build, exact }) => {
  it("has the gradients of its reference over any broadcast", () => {
    fc.assert(
      fc.property(broadcasts, fc.integer({ min: 1, max: 1000 }), ({ a, b }, seed) => {
        const shape = broadcastShape(name, a, b);
        const aAt = walk(shape, broadcastStrides(a, shape));
        const bAt = walk(shape, broadcastStrides(b, shape));
        // Different numbers away from 0: the slopes of 1 / b and of a maximum have no kinks nearby.
        const spread = (count: number, start: number): number[] =>
          Array.from({ length: count }, (_, i) => start + ((i * 7 + seed) % 31) / 16);
        for (const kernels of everyKernels) {
          checkGradients(kernels, {
            inputs: {
              a: { shape: a, data: spread(size(a), 0.5) },
              b: { shape: b, data: spread(size(b), 0.53125) },
            },
            build: ({ a, b }) => build(a!, b!),
            reference: ({ a, b }) =>
              Float64Array.from(aAt, (at, i) => exact(a![at]!, b![bAt[i]!]!)),
            seed,
            elements: 6,
          });
        }
      }),
      { numRuns: 12, seed: 1 },
    );
  });

  it("says which shapes do not broadcast", () => {
    const tape = createTape();
    const [a, b] = [tape.input("a", [2, 3]), tape.input("b", [2, 4])];
    expect(() => build(a, b)).toThrow(`${name}: [2,3] and [2,4] do not broadcast: 3 meets 4`);
  });
});

describe("arithmetic", () => {
  it("takes plain numbers on either side", () => {
    for (const kernels of everyKernels) {
      checkGradients(kernels, {
        inputs: { x: [3, 5] },
        build: ({ x }) => maximum(subtract(2, divide(multiply(add(x!, 3), 0.5), 4)), 1.75),
        reference: ({ x }) => x!.map((v) => Math.max(2 - ((v + 3) * 0.5) / 4, 1.75)),
        tolerance: 1e-3, // some elements of x lie near the kink
        elements: 0,
      });
    }
  });

  it("sums the gradients of an operand that stands on both sides", () => {
    for (const kernels of everyKernels) {
      checkGradients(kernels, {
        inputs: { x: [7] },
        build: ({ x }) => multiply(x!, add(x!, x!)),
        reference: ({ x }) => x!.map((v) => 2 * v * v),
      });
    }
  });

  it("shares the gradient of a maximum between equals", () => {
    for (const kernels of everyKernels) {
      const tape = createTape();
      const [a, b] = [tape.input("a", [3]), tape.input("b", [3])];
      const loss = weightedSum(maximum(a, b), Float32Array.of(1, 1, 1));
      using program = createProgram(kernels, { tape, loss, gradientsOf: [a, b], trainable: [] });
      program.run({ a: Float32Array.of(1, 2, 3), b: Float32Array.of(1, 3, 2) });
      expect([...program.gradient(a).data]).toEqual([0.5, 0, 1]);
      expect([...program.gradient(b).data]).toEqual([0.5, 1, 0]);
    }
  });

  it("keeps what each gradient needs and no more", () => {
    const kept = (build: (a: Variable, b: Variable) => Variable, wanted: "a" | "b" | "ab") => {
      const tape = createTape();
      const [a, b] = [tape.input("a", [4, 8]), tape.input("b", [8])];
      const gradientsOf = [
        ...(wanted.includes("a") ? [a] : []),
        ...(wanted.includes("b") ? [b] : []),
      ];
      const loss = weightedSum(build(a, b), new Float32Array(32));
      const { nodes } = predictMemory({ tape, loss, gradientsOf, trainable: [] });
      return nodes.flatMap(({ keeps }) => keeps.map(({ what, shape }) => `${what} ${shape}`));
    };
    expect(kept(add, "ab")).toEqual([]);
    expect(kept(subtract, "ab")).toEqual([]);
    expect(kept(multiply, "a")).toEqual(["input 8"]);
    expect(kept(multiply, "b")).toEqual(["input 4,8"]);
    expect(kept(divide, "a")).toEqual(["input 8"]);
    expect(kept(divide, "b")).toEqual(["output 4,8", "input 8"]);
    expect(kept(maximum, "ab")).toEqual(["input 4,8", "input 8"]);
  });
});
