import type { Kernels } from "@edgewright/kernels";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { predictMemory } from "../engine/memory-account.js";
import { createParameter, type Parameter } from "../engine/parameter.js";
import { createProgram } from "../engine/program.js";
import { createTape } from "../engine/tape.js";
import {
  checkGradients,
  loadEveryKernels,
  weightedSum,
} from "../testing/check-gradients.test-support.js";
import { type DepthwiseConv2dOptions, depthwiseConv2d } from "./depthwise-conv2d.js";
import { resolvePads } from "./resolve-pads.js";

let everyKernels: Kernels[];
beforeAll(async () => {
  everyKernels = await loadEveryKernels();
});
afterAll(() => {
  for (const kernels of everyKernels) kernels.dispose();
});

type Window = Required<Omit<DepthwiseConv2dOptions, "bias">>;

function convolved(
  shape: readonly number[],
  kernel: readonly [number, number],
  window: Window,
  inputs: Readonly<Record<string, Float64Array>>,
): Float64Array {
  const [n, h, w, c] = shape as [number, number, number, number];
  const { strides, dilations } = window;
  const [top, left, bottom, right] = resolvePads(window.pads, [h, w], {
    ...{ kernel, strides, dilations },
  });
  const along = (size: number, axis: 0 | 1) =>
    Math.floor((size - dilations[axis] * (kernel[axis] - 1) - 1) / strides[axis]) + 1;
  const [oh, ow] = [along(h + top + bottom, 0), along(w + left + right, 1)];
  const y: number[] = [];
  for (let at = 0; at < n * oh * ow; at++) {
    const [ox, oy, image] = [at % ow, Math.floor(at / ow) % oh, Math.floor(at / ow / oh)];
    for (let channel = 0; channel < c; channel++) {
      let sum = inputs.bias?.[channel] ?? 0;
      for (let ky = 0; ky < kernel[0]; ky++) {
        for (let kx = 0; kx < kernel[1]; kx++) {
          const iy = oy * strides[0] + ky * dilations[0] - top;
          const ix = ox * strides[1] + kx * dilations[1] - left;
          if (iy < 0 || ix < 0 || iy >= h || ix >= w) continue;
          const value = inputs.x![((image * h + iy) * w + ix) * c + channel]!;
          sum += value * inputs.weight![(ky * kernel[1] + kx) * c + channel]!;
        }
      }
      y.push(sum);
    }
  }
  return Float64Array.from(y);
}

describe("depthwiseConv2d", () => {
  it("has the gradients of its definition", () => {
    const any = fc.record({
      shape: fc.constantFrom([1, 5, 4, 8], [2, 7, 5, 3], [1, 8, 9, 6], [2, 6, 6, 16]),
      kernel: fc.constantFrom([3, 3], [3, 3], [1, 2], [4, 3], [5, 2]) as fc.Arbitrary<
        [number, number]
      >,
      window: fc.constantFrom<Window>(
        { strides: [1, 1], dilations: [1, 1], pads: "same" },
        { strides: [2, 2], dilations: [1, 1], pads: "same" },
        { strides: [1, 1], dilations: [2, 1], pads: [2, 1, 4, 1] },
        { strides: [2, 1], dilations: [1, 2], pads: [1, 2, 2, 0] },
        { strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1] },
      ),
      bias: fc.boolean(),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(any, ({ shape, kernel, window, bias, seed }) => {
        const c = shape[3]!;
        for (const kernels of everyKernels) {
          checkGradients(kernels, {
            inputs: { x: shape, weight: [...kernel, c], ...(bias && { bias: [c] }) },
            build: (v) =>
              depthwiseConv2d(v.x!, v.weight!, { ...window, ...(v.bias && { bias: v.bias }) }),
            reference: (inputs) => convolved(shape, kernel, window, inputs),
            seed,
          });
        }
      }),
      { numRuns: 20, seed: 9 },
    );
  });

  it("computes the gradient of trained channels alone", () => {
    const shape = [2, 5, 5, 12] as const;
    const values = (count: number, step: number) =>
      Float32Array.from({ length: count }, (_, i) => Math.sin(i * step));
    for (const kernels of everyKernels) {
      for (const kernel of [
        [3, 3],
        [2, 3],
      ] as const) {
        const gradientOf = (channels?: readonly number[]) => {
          const tape = createTape();
          const size = kernel[0] * kernel[1] * 12;
          const weight = createParameter({
            ...{ name: "weight", shape: [...kernel, 12], data: values(size, 0.7) },
          });
          const y = depthwiseConv2d(tape.input("x", shape), weight);
          const loss = weightedSum(
            y,
            values(
              y.shape.reduce((a, b) => a * b),
              0.3,
            ),
          );
          const trainable = [channels ? { parameter: weight, channels } : weight];
          using program = createProgram(kernels, { tape, loss, trainable });
          program.run({ x: values(600, 0.11) });
          return program.gradient(weight);
        };
        const all = gradientOf().data as Float32Array;
        const channels = [1, 2, 9, 11];
        const some = gradientOf(channels);
        expect(some.shape).toEqual([...kernel, 4]);
        expect(some.data).toEqual(all.filter((_, i) => channels.includes(i % 12)));
      }
    }
  });

  it("keeps x for the weights, and nothing for the bias", () => {
    const tape = createTape();
    const make = (name: string, shape: number[]): Parameter =>
      createParameter({ name, shape, data: new Float32Array(shape.reduce((a, b) => a * b)) });
    const [first, weight, bias] = [make("w1", [1, 1, 8]), make("w2", [3, 3, 8]), make("b", [8])];
    const x = depthwiseConv2d(tape.input("x", [1, 6, 6, 8]), first);
    const loss = weightedSum(depthwiseConv2d(x, weight, { bias }), new Float32Array(128));
    const kept = (trainable: readonly Parameter[]) =>
      predictMemory({ tape, loss, trainable }).nodes.map(({ name, keeps }) => [
        name,
        keeps.map(({ what, bytes, for: steps }) => [what, bytes, ...steps]),
      ]);
    expect(kept([bias])).toEqual([]);
    expect(kept([weight, bias])).toEqual([
      ["depthwiseConv2d 2", [["input", 1152, "weight gradient"]]],
    ]);
    expect(kept([first])).toEqual([["depthwiseConv2d", [["input", 1152, "weight gradient"]]]]);
  });

  it("says what fits", () => {
    const tape = createTape();
    const x = tape.input("x", [1, 4, 4, 8]);
    const weight = tape.input("weight", [3, 3, 8]);
    expect(() => depthwiseConv2d(x, tape.input("w", [3, 3, 4]))).toThrow(
      "depthwiseConv2d: expected x [n, h, w, c] and weight [kh, kw, c], got [1,4,4,8] and [3,3,4]",
    );
    expect(() => depthwiseConv2d(x, weight, { bias: tape.input("b", [4]) })).toThrow(
      "depthwiseConv2d: expected a bias [8] for the weight [3,3,8], got [4]",
    );
    expect(() => depthwiseConv2d(x, weight, { strides: [0, 1] })).toThrow(
      "depthwiseConv2d: expected whole strides and dilations from 1 and pads from 0, got strides [0,1]",
    );
    expect(() => depthwiseConv2d(x, weight, { dilations: [2, 2] })).toThrow(
      "depthwiseConv2d: a 3 x 3 kernel with dilations [2,2] does not fit into 4 x 4 pixels with pads [0,0,0,0]",
    );
  });
});
