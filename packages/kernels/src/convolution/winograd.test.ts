import { ShapeError, UnsupportedError } from "@edgewright/core";
import { expect, test } from "vitest";
import { largestDifference } from "../gemm/reference.test-support.js";
import {
  computeFloats,
  loadEveryKind,
  randomFloats,
  seededNumbers,
} from "../runtime/fixtures.test-support.js";
import { loadKernels } from "../runtime/load.js";
import { packConvWeights } from "./pack-conv-weights.js";
import { conv2dWorkspaceBytes, planConv2d } from "./plan-conv2d.js";
import { referenceConv2d } from "./reference.test-support.js";

/**
 * Largest error over the range of the results. The constants of F(4, 3) magnify roundings: measured 2e-6 to
 * 7e-6 for 16 to 256 channels, where direct sums have 3e-7 to 2e-6.
 */
const WINOGRAD_TOLERANCE = 2e-5;

test.each([
  [1, 4, 4, 16, 16, [1, 1, 1, 1]],
  [2, 9, 11, 16, 20, [1, 1, 1, 1]],
  [1, 3, 3, 20, 16, [0, 0, 0, 0]],
  [1, 5, 14, 16, 44, [2, 0, 1, 3]],
  [3, 17, 13, 96, 24, [1, 1, 1, 1]],
  [1, 40, 40, 32, 32, [1, 1, 1, 1]],
] as const)("%i images of %i x %i, %i -> %i channels, pads %o", async (n, h, w, c, oc, pads) => {
  const random = seededNumbers(h * w);
  const [oh, ow] = [h + pads[0] + pads[2] - 2, w + pads[1] + pads[3] - 2];
  const ones = { strides: [1, 1], dilations: [1, 1], groups: 1 } as const;
  const conv = { n, h, w, c, oc, kh: 3, kw: 3, pads, ...ones };
  const x = randomFloats(n * h * w * c, random);
  const data = randomFloats(oc * c * 9, random);
  const bias = randomFloats(oc, random);
  const residual = randomFloats(n * oh * ow * oc, random);
  const want = referenceConv2d(conv, oh, ow, x, data).map(
    (v, i) => v + bias[i % oc]! + residual[i]!,
  );
  const range = want.reduce((largest, v) => Math.max(largest, Math.abs(v)), 0);
  for (const [name, kernels] of await loadEveryKind()) {
    const weights = packConvWeights(kernels, { ...conv, weights: data });
    expect(weights.layout).toBe("winograd");
    for (const kind of ["identity", "relu", "leaky-relu"] as const) {
      const got = computeFloats(kernels, [x, bias, residual], want.length, (at, y) =>
        planConv2d(kernels, {
          ...{ ...conv, weights, x: at[0]!, y, bias: at[1]!, residual: at[2]! },
          activation: { kind, alpha: 0.5 },
        }),
      );
      const slope = { identity: 1, relu: 0, "leaky-relu": 0.5 }[kind];
      const activated = want.map((v) => (v < 0 ? slope * v : v));
      expect(largestDifference(got, activated) / range, name).toBeLessThan(WINOGRAD_TOLERANCE);
    }
    weights.dispose();
    if (kernels.threads > 1) kernels.dispose();
  }
});

test("a strip of tiles at a time keeps the workspace small", async () => {
  const kernels = await loadKernels();
  const shape = { h: 200, w: 200, c: 16, oc: 16, kh: 3, kw: 3, pads: [1, 1, 1, 1] } as const;
  const weights = packConvWeights(kernels, { ...shape, weights: new Float32Array(16 * 16 * 9) });
  expect(conv2dWorkspaceBytes({ ...shape, weights })).toBeLessThan(300 * 1024);
});

test("where it does not apply it is not taken", async () => {
  const kernels = await loadKernels();
  const shape = { c: 16, oc: 16, kh: 3, kw: 3, weights: new Float32Array(16 * 16 * 9) };
  expect(packConvWeights(kernels, { ...shape, strides: [2, 1] }).layout).toBe("panels");
  expect(packConvWeights(kernels, { ...shape, dilations: [1, 2] }).layout).toBe("panels");
  expect(packConvWeights(kernels, { ...shape, algorithm: "direct" }).layout).toBe("panels");
  const few = { ...shape, c: 3, weights: new Float32Array(16 * 3 * 9) };
  expect(packConvWeights(kernels, few).layout).toBe("panels");
  expect(() => packConvWeights(kernels, { ...few, algorithm: "winograd" })).toThrow(
    UnsupportedError,
  );
  const weights = packConvWeights(kernels, shape);
  const spec = { ...shape, h: 9, w: 9, x: 65536, y: 65536, weights };
  expect(() => planConv2d(kernels, { ...spec, strides: [2, 2] })).toThrow(ShapeError);
});
