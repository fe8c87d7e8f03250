import type { Kernels } from "@edgewright/kernels";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { predictMemory } from "../engine/memory-account.js";
import { createTape, type Tape, type Variable } from "../engine/tape.js";
import {
  checkGradients,
  loadEveryKernels,
  weightedSum,
} from "../testing/check-gradients.test-support.js";
import { type Conv2dOptions, conv2d } from "./conv2d.js";
import { resolvePads } from "./resolve-pads.js";

let everyKernels: Kernels[];
beforeAll(async () => {
  everyKernels = await loadEveryKernels();
});
afterAll(() => {
  for (const kernels of everyKernels) kernels.dispose();
});

type Quad = readonly [number, number, number, number];

/** The definition, in 64 bits. */
function convolved(
  x: { shape: Quad; data: Float64Array },
  weight: { shape: Quad; data: Float64Array },
  bias: Float64Array,
  { strides = [1, 1], dilations = [1, 1], pads = "valid", groups = 1 }: Conv2dOptions,
): Float64Array {
  const [n, h, w, c] = x.shape;
  const [kh, kw, inner, oc] = weight.shape;
  const [top, left, bottom, right] = resolvePads(pads, [h, w], {
    ...{ kernel: [kh, kw], strides, dilations },
  });
  const oh = Math.floor((h + top + bottom - dilations[0] * (kh - 1) - 1) / strides[0]) + 1;
  const ow = Math.floor((w + left + right - dilations[1] * (kw - 1) - 1) / strides[1]) + 1;
  const y = Float64Array.from({ length: n * oh * ow * oc }, (_, i) => bias[i % oc]!);
  y.forEach((_, i) => {
    const o = i % oc;
    const ox = Math.floor(i / oc) % ow;
    const oy = Math.floor(i / oc / ow) % oh;
    const image = Math.floor(i / oc / ow / oh);
    const first = Math.floor(o / (oc / groups)) * inner;
    for (let tap = 0; tap < kh * kw; tap++) {
      const iy = oy * strides[0] + Math.floor(tap / kw) * dilations[0] - top;
      const ix = ox * strides[1] + (tap % kw) * dilations[1] - left;
      if (iy < 0 || iy >= h || ix < 0 || ix >= w) continue;
      for (let j = 0; j < inner; j++) {
        const pixel = ((image * h + iy) * w + ix) * c + first + j;
        y[i]! += x.data[pixel]! * weight.data[(tap * inner + j) * oc + o]!;
      }
    }
  });
  return y;
}

describe("conv2d", () => {
  it("agrees with central differences over random shapes", () => {
    const upTo = (most: number) => fc.integer({ min: 1, max: most });
    const one = fc.constant([1, 1] as const);
    const shapes = fc.record({
      n: upTo(2),
      size: fc.tuple(fc.integer({ min: 5, max: 7 }), fc.integer({ min: 5, max: 8 })),
      kernel: fc.tuple(upTo(3), upTo(3)),
      strides: fc.oneof(one, fc.tuple(upTo(2), upTo(2))),
      dilations: fc.oneof(one, fc.tuple(upTo(2), upTo(2))),
      pads: fc.constantFrom<Conv2dOptions["pads"]>("same", "valid", [1, 0, 2, 1]),
      groups: upTo(2),
      channels: upTo(3),
      filters: upTo(5),
      seed: fc.nat(1000),
    });
    fc.assert(
      fc.property(shapes, ({ n, size, kernel, groups, channels, filters, seed, ...window }) => {
        const options = { ...window, groups } as Conv2dOptions;
        const x: Quad = [n, ...size, channels * groups];
        const weight: Quad = [...kernel, channels, filters * groups];
        for (const kernels of everyKernels) {
          checkGradients(kernels, {
            inputs: { x, weight, bias: [filters * groups] },
            build: (given) => conv2d(given.x!, given.weight!, { ...options, bias: given.bias! }),
            reference: (given) =>
              convolved(
                { shape: x, data: given.x! },
                { shape: weight, data: given.weight! },
                given.bias!,
                options,
              ),
            ...{ seed, elements: 6 },
          });
        }
      }),
      { seed: 5, numRuns: 25 },
    );
  });

  it("keeps x for the weights, the weights for x, and nothing for the bias", () => {
    const kept = (wanted: readonly ("x" | "weight" | "bias")[]): string[] => {
      const tape = createTape();
      const x = tape.input("x", [2, 6, 6, 4]);
      const weight = tape.input("weight", [3, 3, 4, 8]);
      const bias = tape.input("bias", [8]);
      const loss = sumOf(conv2d(x, weight, { bias, pads: "same" }));
      const given = { x, weight, bias };
      const { nodes } = predictMemory({
        ...{ tape, loss, trainable: [], gradientsOf: wanted.map((name) => given[name]) },
      });
      return nodes.flatMap(({ keeps }) => keeps.map(({ what, bytes }) => `${what} ${bytes}`));
    };
    expect(kept(["weight"])).toEqual([`input ${2 * 36 * 4 * 4}`]);
    expect(kept(["x"])).toEqual([`input ${9 * 4 * 8 * 4}`]);
    expect(kept(["bias"])).toEqual([]);
  });

  it("says which shapes do not fit", () => {
    const tape = createTape();
    const x = tape.input("x", [1, 6, 6, 4]);
    const build = (weight: readonly number[], options: Conv2dOptions = {}) =>
      conv2d(
        x,
        tape.constant(new Float32Array(weight.reduce((a, b) => a * b, 1)), weight),
        options,
      );
    expect(() => build([3, 3, 4])).toThrow(
      "conv2d: expected x [n, h, w, c] and weight [kh, kw, c / groups, oc], got [1,6,6,4] and [3,3,4]",
    );
    expect(() => build([3, 3, 3, 8])).toThrow(
      "for the 4 channels of x [1,6,6,4] in 1 group, got [3,3,3,8]",
    );
    expect(() => build([3, 3, 2, 3], { groups: 2 })).toThrow("in 2 groups, got [3,3,2,3]");
    expect(() => build([7, 3, 4, 8])).toThrow("conv2d: a 7 x 3 kernel");
    expect(() => build([3, 3, 4, 8], { strides: [0, 1] })).toThrow("got strides [0,1]");
    expect(() => build([3, 3, 4, 8], { bias: tape.input("bias", [4]) })).toThrow(
      "conv2d: expected a bias [8] for the weight [3,3,4,8], got [4]",
    );
  });
});

describe("resolvePads", () => {
  it("gives an output pixel for every stride, the odd one at the end", () => {
    const window = { kernel: [3, 2], strides: [2, 1], dilations: [1, 1] } as const;
    expect(resolvePads("same", [8, 5], window)).toEqual([0, 0, 1, 1]);
    expect(resolvePads("same", [7, 5], window)).toEqual([1, 0, 1, 1]);
    expect(resolvePads("valid", [7, 5], window)).toEqual([0, 0, 0, 0]);
    expect(resolvePads([1, 2, 3, 4], [7, 5], window)).toEqual([1, 2, 3, 4]);
  });
});

function sumOf(y: Variable): ReturnType<Tape["input"]> {
  return weightedSum(y, new Float32Array(y.shape.reduce((a, b) => a * b, 1)).fill(1));
}
