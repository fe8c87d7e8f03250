import { ShapeError } from "@edgewright/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { largestDifference, sumTolerance } from "../gemm/reference.test-support.js";
import {
  computeFloats,
  loadEveryKind,
  randomFloats,
  seededNumbers,
} from "../runtime/fixtures.test-support.js";
import { loadKernels } from "../runtime/load.js";
import { convOutputSize } from "./conv-output-size.js";
import { packConvWeights } from "./pack-conv-weights.js";
import { conv2dWorkspaceBytes, planConv2d } from "./plan-conv2d.js";
import { referenceConv2d } from "./reference.test-support.js";

const upTo = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });
const pad = fc.integer({ min: 0, max: 3 });

test("random convolutions agree with the definition, in every build and split", async () => {
  const kinds = await loadEveryKind();
  const shapes = fc.record({
    n: upTo(2),
    extent: fc.tuple(upTo(14), upTo(19)),
    kernel: fc.oneof(fc.tuple(upTo(5), upTo(5)), fc.constantFrom([1, 1], [3, 3], [5, 5])),
    strides: fc.oneof(fc.constant([1, 1] as const), fc.tuple(upTo(3), upTo(3))),
    dilations: fc.oneof(fc.constant([1, 1] as const), fc.tuple(upTo(3), upTo(3))),
    pads: fc.tuple(pad, pad, pad, pad),
    groups: fc.constantFrom(1, 1, 2, 3),
    channels: upTo(9),
    filters: upTo(12),
    depthwise: fc.boolean(),
    gap: fc.integer({ min: 0, max: 3 }),
    seed: fc.nat(),
  });
  const property = fc.property(shapes, ({ n, extent, kernel, depthwise, gap, seed, ...rest }) => {
    const c = rest.channels * rest.groups * (depthwise ? 2 : 1);
    const oc = depthwise ? c : rest.filters * rest.groups;
    const groups = depthwise ? c : rest.groups;
    const { strides, dilations, pads } = rest;
    const [h, w] = extent;
    const [kh, kw] = kernel as [number, number];
    const conv = { n, h, w, c, oc, kh, kw, strides, dilations, pads, groups };
    const oh = convOutputSize(h, kh, strides[0], dilations[0], pads[0], pads[2]);
    const ow = convOutputSize(w, kw, strides[1], dilations[1], pads[1], pads[3]);
    if (oh === 0 || ow === 0) return;
    const random = seededNumbers(seed);
    const x = randomFloats(n * h * w * c, random);
    const data = randomFloats((oc * c * kh * kw) / groups, random);
    const bias = randomFloats(oc, random);
    const residual = randomFloats(n * oh * ow * oc, random);
    const want = referenceConv2d(conv, oh, ow, x, data).map(
      (v, i) => v + bias[i % oc]! + residual[i]!,
    );
    const yStride = oc + gap;
    for (const [name, kernels] of kinds) {
      const weights = packConvWeights(kernels, { ...conv, weights: data });
      // The last pixel ends without a gap, so the fixture's guard catches writes behind it.
      const length = n * oh * ow * yStride - gap;
      const got = computeFloats(kernels, [x, bias, residual], length, (at, y) =>
        planConv2d(kernels, {
          ...{ ...conv, weights, x: at[0]!, y, bias: at[1]!, residual: at[2]! },
          ...{ yStride, residualStride: oc },
        }),
      );
      weights.dispose();
      const inside = Float32Array.from(
        want,
        (_, i) => got[Math.floor(i / oc) * yStride + (i % oc)]!,
      );
      const tolerance = sumTolerance((kh * kw * c) / groups + 2);
      expect(largestDifference(inside, want), name).toBeLessThan(tolerance);
      const gaps = got.filter((_, i) => i % yStride >= oc);
      expect(gaps.every((value) => value === -123.25)).toBe(true);
    }
  });
  fc.assert(property, { seed: 1, numRuns: 200 });
});

test.each([
  ["pointwise", { c: 24, oc: 17, kh: 1, kw: 1 }],
  ["first layer", { c: 3, oc: 16, kh: 3, kw: 3, strides: [2, 2], pads: [1, 1, 1, 1] }],
  ["depthwise 5 x 5", { c: 22, oc: 22, groups: 22, kh: 5, kw: 5, pads: [2, 2, 2, 2] }],
  ["one-dimensional", { h: 1, c: 5, oc: 9, kh: 1, kw: 3, pads: [0, 1, 0, 1] }],
] as const)("%s: every activation follows the sum", async (_, shape) => {
  const kernels = await loadKernels();
  const conv = {
    n: 1,
    h: 23,
    w: 29,
    groups: 1,
    strides: [1, 1],
    dilations: [1, 1],
    ...shape,
  } as const;
  const pads = "pads" in shape ? shape.pads : ([0, 0, 0, 0] as const);
  const oh = convOutputSize(conv.h, conv.kh, conv.strides[0], 1, pads[0], pads[2]);
  const ow = convOutputSize(conv.w, conv.kw, conv.strides[1], 1, pads[1], pads[3]);
  const random = seededNumbers(5);
  const x = randomFloats(conv.h * conv.w * conv.c, random);
  const data = randomFloats((conv.oc * conv.c * conv.kh * conv.kw) / conv.groups, random);
  const weights = packConvWeights(kernels, { ...conv, weights: data });
  const sums = referenceConv2d({ ...conv, pads }, oh, ow, x, data);
  const cases = [
    [{ kind: "relu" }, (v: number) => Math.max(v, 0)],
    [{ kind: "clip", alpha: -0.5, beta: 0.5 }, (v: number) => Math.min(Math.max(v, -0.5), 0.5)],
    [{ kind: "silu" }, (v: number) => v / (1 + Math.exp(-v))],
    [{ kind: "hard-swish" }, (v: number) => v * Math.min(Math.max(v / 6 + 0.5, 0), 1)],
    [{ kind: "relu", scale: 0.25, shift: 2 }, (v: number) => 0.25 * Math.max(v, 0) + 2],
  ] as const;
  for (const [activation, f] of cases) {
    const got = computeFloats(kernels, [x], sums.length, ([at], y) =>
      planConv2d(kernels, { ...conv, pads, weights, x: at!, y, activation }),
    );
    // Errors of sums below 30 in size, times slopes up to 1.5, beside the vector exponential's 1e-6.
    expect(largestDifference(got, sums.map(f)), activation.kind).toBeLessThan(5e-5);
  }
});

test("plans may share one workspace", async () => {
  const kernels = await loadKernels();
  const { arena } = kernels;
  const random = seededNumbers(6);
  const shape = { h: 9, w: 7, c: 4, oc: 5, kh: 3, kw: 3, pads: [1, 1, 1, 1] } as const;
  const data = randomFloats(5 * 4 * 9, random);
  const weights = packConvWeights(kernels, { ...shape, weights: data });
  const bytes = conv2dWorkspaceBytes(kernels, { ...shape, weights });
  const workspace = arena.allocate(bytes);
  const x = randomFloats(9 * 7 * 4, random);
  const [own, shared] = [undefined, workspace.ptr].map((ptr) =>
    computeFloats(kernels, [x], 9 * 7 * 5, ([at], y) => {
      const spec = { ...shape, weights, x: at!, y };
      const plan = planConv2d(kernels, ptr === undefined ? spec : { ...spec, workspace: ptr });
      if (ptr !== undefined) expect(plan.bytes).toBeLessThan(bytes);
      return plan;
    }),
  );
  expect(shared).toEqual(own);
});

test("what is no convolution is refused with a reason", async () => {
  const kernels = await loadKernels();
  const shape = { h: 4, w: 4, c: 4, oc: 6, kh: 3, kw: 3 };
  const weights = packConvWeights(kernels, { ...shape, weights: new Float32Array(6 * 4 * 9) });
  const spec = { ...shape, weights, x: 65536, y: 65536 };
  expect(() => planConv2d(kernels, { ...spec, h: 2 })).toThrow(
    /3 x 3 kernel does not fit into 2 x 4/,
  );
  expect(() => planConv2d(kernels, { ...spec, oc: 5 })).toThrow(/packed for .*6, 4, 3, 3, 1.*5, 4/);
  expect(() => planConv2d(kernels, { ...spec, groups: 4 })).toThrow(/do not divide into 4 groups/);
  expect(() => planConv2d(kernels, { ...spec, yStride: 5 })).toThrow(/at least oc = 6, got 5/);
  expect(() => planConv2d(kernels, { ...spec, strides: [0, 1] })).toThrow(
    /strides\[0\] from 1, got 0/,
  );
  expect(() => planConv2d(kernels, { ...spec, pads: [0, -1, 0, 0] })).toThrow(ShapeError);
  expect(() => packConvWeights(kernels, { ...shape, weights: new Float32Array(7) })).toThrow(
    /\[6, 4, 3, 3\] = 216 weights, got 7/,
  );
});
