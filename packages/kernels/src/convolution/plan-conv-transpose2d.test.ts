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
import { convTransposeOutputSize } from "./conv-output-size.js";
import { packConvTransposeWeights } from "./pack-conv-transpose-weights.js";
import { planConvTranspose2d } from "./plan-conv-transpose2d.js";
import { referenceConvTranspose2d } from "./reference.test-support.js";

const upTo = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });
const pad = fc.integer({ min: 0, max: 2 });

test("random transposed convolutions agree with the definition, in every build and split", async () => {
  const kinds = await loadEveryKind();
  const shapes = fc.record({
    n: upTo(2),
    extent: fc.tuple(upTo(9), upTo(9)),
    kernel: fc.oneof(fc.tuple(upTo(5), upTo(5)), fc.constantFrom([2, 2], [4, 4])),
    strides: fc.tuple(upTo(3), upTo(3)),
    dilations: fc.oneof(fc.constant([1, 1] as const), fc.tuple(upTo(2), upTo(2))),
    pads: fc.tuple(pad, pad, pad, pad),
    ends: fc.tuple(fc.nat(), fc.nat()),
    groups: fc.constantFrom(1, 1, 2, 3),
    channels: upTo(9),
    filters: upTo(12),
    seed: fc.nat(),
  });
  const property = fc.property(shapes, ({ n, extent, kernel, ends, seed, ...rest }) => {
    const { strides, dilations, pads, groups } = rest;
    const [c, oc] = [rest.channels * groups, rest.filters * groups];
    const [h, w] = extent;
    const [kh, kw] = kernel as [number, number];
    const outputPads = [ends[0] % strides[0], ends[1] % strides[1]] as const;
    const [top, left, bottom, right] = pads;
    const sizes = [
      convTransposeOutputSize(h, kh, strides[0], dilations[0], top, bottom, outputPads[0]),
      convTransposeOutputSize(w, kw, strides[1], dilations[1], left, right, outputPads[1]),
    ] as const;
    if (Math.min(...sizes) < 1) return;
    const conv = { n, h, w, c, oc, kh, kw, strides, dilations, pads, groups };
    const random = seededNumbers(seed);
    const x = randomFloats(n * h * w * c, random);
    const data = randomFloats((c * oc * kh * kw) / groups, random);
    const bias = randomFloats(oc, random);
    const residual = randomFloats(n * sizes[0] * sizes[1] * oc, random);
    const want = referenceConvTranspose2d(conv, ...sizes, x, data).map(
      (v, i) => v + bias[i % oc]! + residual[i]!,
    );
    for (const [name, kernels] of kinds) {
      const weights = packConvTransposeWeights(kernels, { ...conv, weights: data });
      const got = computeFloats(kernels, [x, bias, residual], want.length, (at, y) =>
        planConvTranspose2d(kernels, {
          ...{ n, h, w, pads, outputPads, weights },
          ...{ x: at[0]!, y, bias: at[1]!, residual: at[2]! },
        }),
      );
      weights.dispose();
      const tolerance = sumTolerance((kh * kw * c) / groups + 2);
      expect(largestDifference(got, want), name).toBeLessThan(tolerance);
    }
  });
  fc.assert(property, { seed: 1, numRuns: 150 });
});

test("what is no transposed convolution is refused with a reason", async () => {
  const kernels = await loadKernels();
  const shape = { c: 2, oc: 3, kh: 2, kw: 2 };
  const weights = packConvTransposeWeights(kernels, { ...shape, weights: new Float32Array(24) });
  const spec = { h: 1, w: 1, x: 65536, y: 65536, weights };
  expect(() => planConvTranspose2d(kernels, { ...spec, pads: [1, 1, 1, 1] })).toThrow(
    /output would be 0 x 0/,
  );
  expect(() => planConvTranspose2d(kernels, { ...spec, yStride: 2 })).toThrow(/at least oc = 3/);
  expect(() => planConvTranspose2d(kernels, { ...spec, h: 0 })).toThrow(ShapeError);
  expect(() =>
    packConvTransposeWeights(kernels, { ...shape, weights: new Float32Array(23) }),
  ).toThrow(/\[2, 3, 2, 2\] = 24 weights, got 23/);
});
