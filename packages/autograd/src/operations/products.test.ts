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
import { linear } from "./linear.js";
import { matmul } from "./matmul.js";

let everyKernels: Kernels[];
beforeAll(async () => {
  everyKernels = await loadEveryKernels();
});
afterAll(() => {
  for (const kernels of everyKernels) kernels.dispose();
});

const upTo = (most: number) => fc.integer({ min: 1, max: most });

describe("matmul", () => {
  it("agrees with central differences, stored either way, with a batch and one matrix for it", () => {
    const shapes = fc.record({
      leading: fc.array(upTo(3), { maxLength: 2 }),
      shared: fc.boolean(),
      m: upTo(9),
      n: upTo(11),
      k: upTo(9),
      transposeA: fc.boolean(),
      transposeB: fc.boolean(),
      seed: fc.nat(1000),
    });
    fc.assert(
      fc.property(shapes, ({ leading, shared, m, n, k, transposeA, transposeB, seed }) => {
        const count = leading.reduce((product, size) => product * size, 1);
        const one = shared || leading.length === 0;
        const reference = ({ a, b }: Readonly<Record<string, Float64Array>>): Float64Array =>
          Float64Array.from({ length: count * m * n }, (_, at) => {
            const batch = Math.floor(at / (m * n));
            const [i, j] = [Math.floor(at / n) % m, at % n];
            let sum = 0;
            for (let p = 0; p < k; p++) {
              sum +=
                a![batch * m * k + (transposeA ? p * m + i : i * k + p)]! *
                b![(one ? 0 : batch * k * n) + (transposeB ? j * k + p : p * n + j)]!;
            }
            return sum;
          });
        for (const kernels of everyKernels) {
          checkGradients(kernels, {
            inputs: {
              a: [...leading, ...(transposeA ? [k, m] : [m, k])],
              b: [...(one ? [] : leading), ...(transposeB ? [n, k] : [k, n])],
            },
            build: ({ a, b }) => matmul(a!, b!, { transposeA, transposeB }),
            ...{ reference, seed, elements: 8 },
          });
        }
      }),
      { seed: 6, numRuns: 40 },
    );
  });

  it("says which shapes do not fit", () => {
    const tape = createTape();
    const a = tape.input("a", [2, 3, 4]);
    const b = tape.input("b", [2, 3, 5]);
    expect(() => matmul(a, b)).toThrow(
      "matmul: expected a [..., m, k] and b [..., k, n] or [k, n], got [2,3,4] and [2,3,5]",
    );
    expect(matmul(a, b, { transposeA: true }).shape).toEqual([2, 4, 5]);
    expect(() => matmul(a, tape.input("c", [3, 4, 5]))).toThrow("got [2,3,4] and [3,4,5]");
  });
});

describe("linear", () => {
  it("agrees with central differences over random shapes", () => {
    const shapes = fc.record({
      leading: fc.array(upTo(4), { maxLength: 3 }),
      inner: upTo(11),
      outer: upTo(20),
      biased: fc.boolean(),
      seed: fc.nat(1000),
    });
    fc.assert(
      fc.property(shapes, ({ leading, inner, outer, biased, seed }) => {
        const rows = leading.reduce((product, size) => product * size, 1);
        for (const kernels of everyKernels) {
          checkGradients(kernels, {
            inputs: {
              x: [...leading, inner],
              weight: [inner, outer],
              ...(biased && { bias: [outer] }),
            },
            build: ({ x, weight, bias }) => linear(x!, weight!, bias ? { bias } : {}),
            reference: ({ x, weight, bias }) =>
              Float64Array.from({ length: rows * outer }, (_, at) => {
                const [row, j] = [Math.floor(at / outer), at % outer];
                let sum = bias?.[j] ?? 0;
                for (let p = 0; p < inner; p++)
                  sum += x![row * inner + p]! * weight![p * outer + j]!;
                return sum;
              }),
            ...{ seed, elements: 8 },
          });
        }
      }),
      { seed: 7, numRuns: 30 },
    );
  });

  it("keeps x for the weight, the weight for x, and nothing for the bias", () => {
    const kept = (wanted: readonly ("x" | "weight" | "bias")[]): string[] => {
      const tape = createTape();
      const x = tape.input("x", [5, 6]);
      const weight = tape.input("weight", [6, 8]);
      const bias = tape.input("bias", [8]);
      const loss = weightedSum(linear(x, weight, { bias }), new Float32Array(40).fill(1));
      const given = { x, weight, bias };
      const { nodes } = predictMemory({
        ...{ tape, loss, trainable: [], gradientsOf: wanted.map((name) => given[name]) },
      });
      return nodes.flatMap(({ keeps }) => keeps.map(({ what, bytes }) => `${what} ${bytes}`));
    };
    expect(kept(["weight"])).toEqual(["input 120"]);
    expect(kept(["x"])).toEqual(["input 192"]);
    expect(kept(["bias"])).toEqual([]);
  });

  it("says which shapes do not fit", () => {
    const tape = createTape();
    const x = tape.input("x", [2, 3]);
    expect(() => linear(x, tape.input("w", [4, 5]))).toThrow(
      "linear: expected x [..., in] and weight [in, out], got [2,3] and [4,5]",
    );
    expect(() => linear(x, tape.input("v", [3, 5]), { bias: tape.input("b", [3]) })).toThrow(
      "linear: expected a bias [5] for the weight [3,5], got [3]",
    );
  });
});
