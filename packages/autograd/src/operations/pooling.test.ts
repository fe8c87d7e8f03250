import type { Kernels } from "@edgewright/kernels";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { predictMemory } from "../engine/memory-account.js";
import { createTape, type Variable } from "../engine/tape.js";
import {
  checkGradients,
  loadEveryKernels,
  weightedSum,
} from "../testing/check-gradients.test-support.js";
import { averagePool2d } from "./average-pool2d.js";
import { globalAveragePool } from "./global-average-pool.js";
import { maxPool2d } from "./max-pool2d.js";
import { type PoolWindow, poolShapeOf } from "./pool-window.js";

let everyKernels: Kernels[];
beforeAll(async () => {
  everyKernels = await loadEveryKernels();
});
afterAll(() => {
  for (const kernels of everyKernels) kernels.dispose();
});

/** What `combine` makes of the elements of every window, and of how many there would be with padding. */
function pooled(
  shape: readonly number[],
  window: PoolWindow,
  x: Float64Array,
  combine: (inside: readonly number[], counted: number) => number,
): Float64Array {
  const s = poolShapeOf("reference", shape, window);
  const [top, left, bottom, right] = s.pads;
  return Float64Array.from({ length: s.n * s.oh * s.ow * s.c }, (_, at) => {
    const channel = at % s.c;
    const ox = Math.floor(at / s.c) % s.ow;
    const oy = Math.floor(at / s.c / s.ow) % s.oh;
    const image = Math.floor(at / s.c / s.ow / s.oh);
    const inside: number[] = [];
    let counted = 0;
    for (let ky = 0; ky < s.kernel[0]; ky++) {
      for (let kx = 0; kx < s.kernel[1]; kx++) {
        const [iy, ix] = [oy * s.strides[0] + ky - top, ox * s.strides[1] + kx - left];
        if (iy < s.h + bottom && ix < s.w + right) counted++;
        if (iy < 0 || ix < 0 || iy >= s.h || ix >= s.w) continue;
        inside.push(x[((image * s.h + iy) * s.w + ix) * s.c + channel]!);
      }
    }
    return combine(inside, counted);
  });
}

const mean = (values: readonly number[], count: number) =>
  values.reduce((a, b) => a + b, 0) / count;

const anyPooling = fc.record({
  shape: fc.constantFrom([1, 4, 4, 3], [2, 5, 7, 8], [1, 6, 5, 17], [2, 9, 3, 1]),
  window: fc.constantFrom<PoolWindow>(
    { kernel: 2 },
    { kernel: [2, 3], strides: [1, 2] },
    { kernel: 3, strides: 2, pads: "same" },
    { kernel: 3, strides: 1, pads: [1, 1, 1, 1] },
    { kernel: [3, 2], strides: 2, pads: [0, 0, 2, 1] },
    { kernel: 1, strides: 2 },
  ),
  seed: fc.nat(),
});

describe("maxPool2d", () => {
  it("has the gradient of its definition", () => {
    fc.assert(
      fc.property(anyPooling, ({ shape, window, seed }) => {
        const count = shape.reduce((a: number, b: number) => a * b, 1);
        // All different, by far more than the differences step.
        const data = Float32Array.from({ length: count }, (_, i) => ((i * 389 + seed) % 997) / 100);
        for (const kernels of everyKernels) {
          checkGradients(kernels, {
            inputs: { x: { shape, data } },
            build: ({ x }) => maxPool2d(x!, window),
            reference: ({ x }) => pooled(shape, window, x!, (inside) => Math.max(...inside)),
          });
        }
      }),
      { numRuns: 20, seed: 7 },
    );
  });

  it("keeps a byte for every element of its result", () => {
    expect(kept((x) => maxPool2d(x, { kernel: 2 }))).toEqual([
      [["window positions", 2 * 2 * 3 * 5]],
    ]);
  });

  it("says what fits", () => {
    const x = createTape().input("x", [2, 40, 40, 5]);
    expect(() => maxPool2d(x, { kernel: 41 })).toThrow(
      "maxPool2d: a [41,41] window does not fit into x [2,40,40,5] with pads [0,0,0,0]",
    );
    expect(() => maxPool2d(x, { kernel: 17 })).toThrow(
      "maxPool2d: expected a window of at most 256 elements, got [17,17] over x [2,40,40,5]",
    );
    expect(() => maxPool2d(x, { kernel: 2, pads: [2, 0, 0, 0] })).toThrow(
      "smaller than the window",
    );
    expect(() => maxPool2d(x, { kernel: 0 })).toThrow(
      "maxPool2d: expected a kernel and strides that are whole numbers from 1, got [0,0] and [0,0]",
    );
    expect(() => maxPool2d(createTape().input("x", [4, 4]), { kernel: 2 })).toThrow(
      "maxPool2d: expected x [n, h, w, c], got [4,4]",
    );
  });
});

describe("averagePool2d and globalAveragePool", () => {
  it("have the gradients of their definitions", () => {
    fc.assert(
      fc.property(anyPooling, fc.boolean(), ({ shape, window, seed }, countIncludePad) => {
        for (const kernels of everyKernels) {
          checkGradients(kernels, {
            inputs: { x: shape },
            build: ({ x }) => averagePool2d(x!, { ...window, countIncludePad }),
            reference: ({ x }) =>
              pooled(shape, window, x!, (inside, counted) =>
                mean(inside, countIncludePad ? counted : inside.length),
              ),
            seed,
          });
          const whole = { kernel: [shape[1]!, shape[2]!] } as const;
          checkGradients(kernels, {
            inputs: { x: shape },
            build: ({ x }) => globalAveragePool(x!),
            reference: ({ x }) => pooled(shape, whole, x!, (inside) => mean(inside, inside.length)),
            seed,
          });
        }
      }),
      { numRuns: 16, seed: 8 },
    );
  });

  it("keep nothing", () => {
    expect(kept((x) => averagePool2d(x, { kernel: 2 }))).toEqual([]);
    expect(kept((x) => globalAveragePool(x))).toEqual([]);
  });

  it("say what fits", () => {
    const x = createTape().input("x", [2, 3]);
    expect(() => globalAveragePool(x)).toThrow(
      "globalAveragePool: expected x [n, ..., c] with axes between, got [2,3]",
    );
    expect(() => averagePool2d(x, { kernel: 2 })).toThrow("averagePool2d: expected x [n, h, w, c]");
  });
});

/** Names and bytes of what pooling of [2, 4, 6, 5] keeps for the gradient by its input. */
function kept(apply: (x: Variable) => Variable): [string, number][][] {
  const tape = createTape();
  const x = tape.input("x", [2, 4, 6, 5]);
  const y = apply(x);
  const loss = weightedSum(y, new Float32Array(y.shape.reduce((a: number, b: number) => a * b, 1)));
  const { nodes } = predictMemory({ tape, loss, gradientsOf: [x], trainable: [] });
  return nodes.map(({ keeps }) => keeps.map(({ what, bytes }) => [what, bytes]));
}
