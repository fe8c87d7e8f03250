import { ShapeError, UnsupportedError } from "@edgewright/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { largestDifference, sumTolerance } from "../../gemm/reference.test-support.js";
import { randomFloats, seededNumbers } from "../../runtime/fixtures.test-support.js";
import { loadKernels } from "../../runtime/load.js";
import { computeEverywhere } from "../compute-everywhere.test-support.js";
import { loadEveryTrainingKind } from "../fixtures.test-support.js";
import { loadTrainingKernels } from "../load-training-kernels.js";
import { referenceConvPasses } from "./conv-pass-reference.test-support.js";
import { type ConvPassSpec, resolveConvPass } from "./conv-pass-spec.js";
import { convForwardWorkspaceBytes, planConvForward } from "./plan-conv-forward.js";
import {
  convInputGradientWorkspaceBytes,
  planConvInputGradient,
} from "./plan-conv-input-gradient.js";
import {
  convWeightGradientWorkspaceBytes,
  planConvWeightGradient,
} from "./plan-conv-weight-gradient.js";

const kinds = await loadEveryTrainingKind();

// A workspace holds whatever another plan left there.
const workspaceOf = (bytes: number): Float32Array => new Float32Array(bytes / 4).fill(Number.NaN);

function checkPasses(spec: ConvPassSpec, seed: number, channels: readonly number[]): void {
  const pass = resolveConvPass("test", spec);
  const { n, h, w, c, oc, kh, kw, groups, oh, ow } = pass;
  const random = seededNumbers(seed);
  const x = randomFloats(n * h * w * c, random);
  const weights = randomFloats((kh * kw * c * oc) / groups, random);
  const dy = randomFloats(n * oh * ow * oc, random);
  const bias = randomFloats(oc, random);
  const before = randomFloats(weights.length, random);
  const want = referenceConvPasses(pass, x, weights, dy);
  const y = want.y.map((sum, i) => Math.max(sum + bias[i % oc]!, 0));
  const outputs = computeEverywhere(
    kinds,
    [x, weights, bias, workspaceOf(convForwardWorkspaceBytes(spec))],
    y.length,
    (kernels, [x, weights, bias, workspace], y) => {
      const at = { x: x!, weights: weights!, bias: bias!, y, workspace: workspace! };
      return planConvForward(kernels, { ...spec, ...at, activation: { kind: "relu" } });
    },
  );
  for (const got of outputs) {
    expect(largestDifference(got, y)).toBeLessThan(sumTolerance((kh * kw * c) / groups + 1));
  }
  const inputGradients = computeEverywhere(
    kinds,
    [dy, weights, workspaceOf(convInputGradientWorkspaceBytes(spec))],
    x.length,
    (kernels, [dy, weights, workspace], dx) =>
      planConvInputGradient(kernels, {
        ...{ ...spec, dy: dy!, weights: weights!, dx, workspace: workspace! },
      }),
  );
  for (const got of inputGradients) {
    expect(largestDifference(got, want.dx)).toBeLessThan(sumTolerance((kh * kw * oc) / groups));
  }
  const shape = { ...spec, channels };
  for (const picks of [undefined, channels]) {
    const all = picks ?? Array.from({ length: oc }, (_, i) => i);
    const rows = weights.length / oc;
    const dw = Float64Array.from({ length: rows * all.length }, (_, i) => {
      const at = Math.floor(i / all.length) * oc + all[i % all.length]!;
      return want.dw[at]! + (picks === undefined ? 0 : before[i]!);
    });
    const given = picks === undefined ? spec : shape;
    const weightGradients = computeEverywhere(
      kinds,
      [x, dy, before, workspaceOf(convWeightGradientWorkspaceBytes(given))],
      dw.length,
      (kernels, [x, dy, before, workspace], dw) => {
        const { arena } = kernels;
        arena.f32(dw, rows * all.length).set(arena.f32(before!, rows * all.length));
        const at = { x: x!, dy: dy!, dw, workspace: workspace! };
        return planConvWeightGradient(kernels, {
          ...{ ...given, ...at, accumulate: picks !== undefined },
        });
      },
    );
    for (const got of weightGradients) {
      expect(largestDifference(got, dw)).toBeLessThan(sumTolerance(n * oh * ow + 1));
    }
  }
}

/** Relative to the root mean square of what is wanted. */
function rootMeanSquareError(got: Float32Array, want: Float64Array): number {
  const squares = want.reduce((sum, value) => sum + value * value, 0);
  const errors = want.reduce((sum, value, i) => sum + (got[i]! - value) ** 2, 0);
  return Math.sqrt(errors / squares);
}

const upTo = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });

test("the passes of random convolutions agree with the definition, in every build and split", () => {
  const shapes = fc.record({
    n: upTo(3),
    extent: fc.tuple(upTo(11), upTo(13)),
    kernel: fc.oneof(fc.tuple(upTo(5), upTo(5)), fc.constantFrom([1, 1], [3, 3], [5, 5])),
    strides: fc.oneof(fc.constant([1, 1] as const), fc.tuple(upTo(3), upTo(3))),
    dilations: fc.oneof(fc.constant([1, 1] as const), fc.tuple(upTo(3), upTo(3))),
    pads: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 4, maxLength: 4 }),
    groups: fc.constantFrom(1, 1, 1, 2, 3),
    channels: upTo(13),
    filters: upTo(19),
    picks: fc.nat(),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(shapes, ({ n, extent: [h, w], kernel, groups, picks, seed, ...rest }) => {
      const [kh, kw] = kernel as [number, number];
      const pads = rest.pads as unknown as [number, number, number, number];
      const { strides, dilations } = rest;
      const [c, oc] = [rest.channels * groups, rest.filters * groups];
      if (h + pads[0] + pads[2] <= (kh - 1) * dilations[0]) return;
      if (w + pads[1] + pads[3] <= (kw - 1) * dilations[1]) return;
      const channels = Array.from({ length: oc }, (_, i) => i).filter(
        (i) => (picks >> (i % 30)) & 1,
      );
      if (channels.length === 0) channels.push(oc - 1);
      const spec = { n, h, w, c, oc, kh, kw, strides, dilations, pads, groups };
      checkPasses(spec, seed, channels);
    }),
    { seed: 11, numRuns: 120 },
  );
});

test.each<[string, ConvPassSpec]>([
  ["LeNet's first layer", { n: 4, h: 28, w: 28, c: 1, oc: 6, kh: 5, kw: 5, pads: [2, 2, 2, 2] }],
  ["LeNet's second layer", { n: 4, h: 14, w: 14, c: 6, oc: 16, kh: 5, kw: 5 }],
  ["many channels", { n: 2, h: 8, w: 8, c: 64, oc: 40, kh: 3, kw: 3, pads: [1, 1, 1, 1] }],
  [
    "stride 2",
    { n: 2, h: 17, w: 16, c: 16, oc: 32, kh: 3, kw: 3, pads: [1, 1, 1, 1], strides: [2, 2] },
  ],
  [
    "Winograd's algorithm, sizes that are no multiples of its tiles",
    { n: 3, h: 13, w: 10, c: 20, oc: 28, kh: 3, kw: 3, pads: [1, 0, 1, 1] },
  ],
  [
    "Winograd's algorithm, many strips",
    { n: 4, h: 31, w: 32, c: 16, oc: 16, kh: 3, kw: 3, pads: [1, 1, 1, 1] },
  ],
  ["pointwise, stride 2", { n: 2, h: 16, w: 16, c: 16, oc: 32, kh: 1, kw: 1, strides: [2, 2] }],
  [
    "weights packed part by part",
    { h: 3, w: 4, c: 200, oc: 230, kh: 3, kw: 3, pads: [1, 1, 1, 1] },
  ],
  ["wider than a block", { h: 1, w: 700, c: 2, oc: 9, kh: 1, kw: 3, pads: [0, 1, 0, 1] }],
])("%s", (_, spec) => {
  checkPasses(spec, 3, [0, 3, 5]);
});

test("Winograd's algorithm stays within a few rounding errors of the exact sums in all three passes", () => {
  const size = { n: 2, h: 15, w: 16, c: 16, oc: 20, kh: 3, kw: 3 };
  const spec: ConvPassSpec = { ...size, pads: [1, 1, 1, 1] };
  const random = seededNumbers(9);
  const x = randomFloats(2 * 15 * 16 * 16, random);
  const weights = randomFloats(9 * 16 * 20, random);
  const dy = randomFloats(2 * 15 * 16 * 20, random);
  const want = referenceConvPasses(resolveConvPass("test", spec), x, weights, dy);
  const errors = (algorithm: "auto" | "direct"): number[] => {
    const given = { ...spec, algorithm };
    const y = computeEverywhere(
      kinds,
      [x, weights, workspaceOf(convForwardWorkspaceBytes(given))],
      want.y.length,
      (kernels, [x, weights, workspace], y) =>
        planConvForward(kernels, {
          ...{ ...given, x: x!, weights: weights!, y, workspace: workspace! },
        }),
    );
    const dx = computeEverywhere(
      kinds,
      [dy, weights, workspaceOf(convInputGradientWorkspaceBytes(given))],
      x.length,
      (kernels, [dy, weights, workspace], dx) =>
        planConvInputGradient(kernels, {
          ...{ ...given, dy: dy!, weights: weights!, dx, workspace: workspace! },
        }),
    );
    const dw = computeEverywhere(
      kinds,
      [x, dy, workspaceOf(convWeightGradientWorkspaceBytes(given))],
      weights.length,
      (kernels, [x, dy, workspace], dw) =>
        planConvWeightGradient(kernels, {
          ...{ ...given, x: x!, dy: dy!, dw, workspace: workspace! },
        }),
    );
    return [
      ...y.map((got) => rootMeanSquareError(got, want.y)),
      ...dx.map((got) => rootMeanSquareError(got, want.dx)),
      ...dw.map((got) => rootMeanSquareError(got, want.dw)),
    ];
  };
  // Measured: 1.1e-6 to 2.1e-6, and 2e-7 to 4e-7 for direct sums.
  for (const error of errors("auto")) expect(error).toBeLessThan(5e-6);
  for (const error of errors("direct")) expect(error).toBeLessThan(1e-6);
});

test("tiles that would read behind the memory do not", async () => {
  // All of the memory is taken, and the output gradient, of 3 columns, ends where it ends.
  const kernels = await loadTrainingKernels({ initialBytes: 131072, maximumBytes: 131072 });
  const { arena } = kernels;
  const shape = { h: 9, w: 8, c: 8, oc: 3, kh: 2, kw: 2, strides: [1, 1] } as const;
  const pass = resolveConvPass("test", shape);
  const x = arena.upload(randomFloats(9 * 8 * 8, seededNumbers(1)));
  const dw = arena.allocate(4 * 8 * 3 * 4);
  const values = randomFloats(8 * 7 * 3, seededNumbers(2));
  const dy = 131072 - values.byteLength;
  arena.f32(dy, values.length).set(values);
  const plan = planConvWeightGradient(kernels, {
    ...{ ...shape, x: x.ptr, dy, dw: dw.ptr, workspace: 0 },
  });
  kernels.run(plan);
  const want = referenceConvPasses(
    pass,
    arena.f32(x.ptr, 9 * 8 * 8),
    new Float32Array(4 * 8 * 3),
    values,
  );
  expect(largestDifference(arena.f32(dw.ptr, 96), want.dw)).toBeLessThan(sumTolerance(56));
});

test("workspace is known from shapes, and holds weights rather than images", () => {
  const size = { h: 8, w: 8, c: 16, oc: 16, kh: 3, kw: 3, pads: [1, 1, 1, 1] } as const;
  const shape = { ...size, algorithm: "direct" } as const;
  const one = convForwardWorkspaceBytes(shape);
  expect(one).toBe(convForwardWorkspaceBytes({ ...shape, n: 32 }));
  // Of three columns for the middle, two for either edge.
  expect(one).toBe((3 + 2 + 2) * 3 * 16 * 16 * 4);
  expect(convWeightGradientWorkspaceBytes(shape)).toBe(0);
  // However many channels there are, not much over 2 MiB at a time.
  const large = { ...shape, c: 512, oc: 512 };
  expect(convForwardWorkspaceBytes(large)).toBeLessThan(2.2 * 2 ** 20);
  expect(convInputGradientWorkspaceBytes(large)).toBeLessThan(2.2 * 2 ** 20);
});

test("what is no convolution is refused with a reason", async () => {
  const [, kernels] = kinds[0]!;
  const spec = { h: 4, w: 4, c: 4, oc: 6, kh: 3, kw: 3, x: 0, y: 0, weights: 0, workspace: 0 };
  expect(() => planConvForward(kernels, { ...spec, h: 2 })).toThrow(
    "planConvForward: a 3 x 3 kernel does not fit into 2 x 4 pixels",
  );
  expect(() => convInputGradientWorkspaceBytes({ ...spec, groups: 4 })).toThrow(
    "convInputGradientWorkspaceBytes: 4 -> 6 channels do not divide into 4 groups",
  );
  for (const channels of [[], [2, 2], [6], [-1]]) {
    const gradient = { ...spec, dy: 0, dw: 0, channels };
    expect(() => planConvWeightGradient(kernels, gradient)).toThrow(ShapeError);
  }
  using plain = await loadKernels();
  expect(() => planConvForward(plain, spec)).toThrow(UnsupportedError);
});
