import type { Kernels } from "@edgewright/kernels";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { predictMemory } from "../engine/memory-account.js";
import { createTape } from "../engine/tape.js";
import {
  checkGradients,
  loadEveryKernels,
  weightedSum,
} from "../testing/check-gradients.test-support.js";
import { logSoftmax, softmax } from "./softmax.js";

let everyKernels: Kernels[];
beforeAll(async () => {
  everyKernels = await loadEveryKernels();
});
afterAll(() => {
  for (const kernels of everyKernels) kernels.dispose();
});

function logarithms(x: Float64Array, cols: number): Float64Array {
  return x.map((value, i) => {
    const row = x.subarray(i - (i % cols), i - (i % cols) + cols);
    return value - Math.log(row.reduce((sum, v) => sum + Math.exp(v), 0));
  });
}

describe.each([
  ["softmax", softmax, false],
  ["logSoftmax", logSoftmax, true],
] as const)("%s", (name, apply, log) => {
  it("has the output and the gradient of its definition", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
        fc.integer({ min: 2, max: 19 }),
        (outer, cols) => {
          for (const kernels of everyKernels) {
            checkGradients(kernels, {
              inputs: { x: [...outer, cols] },
              build: ({ x }) => apply(x!),
              reference: ({ x }) =>
                log ? logarithms(x!, cols) : logarithms(x!, cols).map(Math.exp),
            });
          }
        },
      ),
      { numRuns: 6, seed: 2 },
    );
  });

  it("keeps its output", () => {
    const tape = createTape();
    const x = tape.input("x", [3, 11]);
    const loss = weightedSum(apply(x), new Float32Array(33));
    const [node] = predictMemory({ tape, loss, trainable: [], gradientsOf: [x] }).nodes;
    expect(node!.keeps.map(({ what, bytes }) => [what, bytes])).toEqual([["output", 132]]);
  });

  it("needs an axis", () => {
    expect(() => apply(createTape().input("x", []))).toThrow(
      `${name}: expected an axis to go over, got []`,
    );
  });
});
