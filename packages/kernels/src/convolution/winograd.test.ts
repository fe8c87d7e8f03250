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
  expect(conv2dWorkspaceBytes(kernels, { ...shape, weights })).toBeLessThan(300 * 1024);
});

test.each([
  [40, 1],
  [40, 3],
  [12, 3],
])(
  "a side of %i pixels: %i threads stay inside the workspace they are given",
  async (side, threads) => {
    using kernels = await loadKernels({ threads });
    const { arena } = kernels;
    const random = seededNumbers(side);
    const shape = { h: side, w: side, c: 16, oc: 20, kh: 3, kw: 3, pads: [1, 1, 1, 1] } as const;
    const data = randomFloats(20 * 16 * 9, random);
    const weights = packConvWeights(kernels, { ...shape, weights: data });
    const x = arena.upload(randomFloats(side * side * 16, random));
    const results = side * side * 20;
    const [y, want] = [arena.allocate(results * 4), arena.allocate(results * 4)];
    const bytes = conv2dWorkspaceBytes(kernels, { ...shape, weights });
    const memory = arena.allocate(bytes + 128);
    const around = (): Float32Array[] =>
      [memory.ptr, memory.ptr + 64 + bytes].map((at) => arena.f32(at, 16));
    for (const guard of around()) guard.fill(-1);
    const spec = { ...shape, weights, x: x.ptr };
    const shared = planConv2d(kernels, { ...spec, y: y.ptr, workspace: memory.ptr + 64 });
    const own = planConv2d(kernels, { ...spec, y: want.ptr });
    kernels.run(own);
    for (let run = 0; run < 20; run++) {
      arena.f32(y.ptr, results).fill(0);
      kernels.run(shared);
      const got = arena.f32(y.ptr, results);
      expect(largestDifference(got, arena.f32(want.ptr, results))).toBe(0);
    }
    expect(around().every((guard) => guard.every((v) => v === -1))).toBe(true);
    expect(own.bytes - shared.bytes).toBe(bytes);
  },
);

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
