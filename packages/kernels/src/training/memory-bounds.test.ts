import fc from "fast-check";
import { expect, test } from "vitest";
import { convOutputSize } from "../convolution/conv-output-size.js";
import { builds, type Floats, guard, someOf, upTo } from "./guard-memory.test-support.js";
import {
  convForwardWorkspaceBytes,
  convInputGradientWorkspaceBytes,
  convWeightGradientWorkspaceBytes,
  depthwiseForwardWorkspaceBytes,
  depthwiseWeightGradientWorkspaceBytes,
  planAveragePoolGradient,
  planBiasGradient,
  planConvForward,
  planConvInputGradient,
  planConvWeightGradient,
  planDepthwiseForward,
  planDepthwiseInputGradient,
  planDepthwiseWeightGradient,
  planGlobalAveragePoolGradient,
  planMaxPoolGradient,
  planMaxPoolTraining,
  planProduct,
  productWorkspaceBytes,
} from "./index.js";
import { type PoolShape, poolWords } from "./pooling/pool-shape.js";
import { type GuardedRun, runGuarded } from "./run-guarded.test-support.js";

test("the guards notice what is wrong", () => {
  const build = builds[0]!;
  const copy = (n: number, x: number, y: number): GuardedRun => ({
    inputs: { x: new Float32Array(x) },
    outputs: { y: y * 4 },
    plan: (kernels, at) =>
      planGlobalAveragePoolGradient(kernels, {
        ...{ dy: at("x"), dx: at("y"), n, positions: 1, c: 1 },
      }),
  });
  runGuarded(build, copy(5, 5, 5));
  expect(() => runGuarded(build, copy(5, 5, 4))).toThrow("wrote 0 bytes behind y");
  expect(() => runGuarded(build, copy(5, 4, 5))).toThrow("byte 16 of the 20 of y depends on");
  expect(() => runGuarded(build, copy(4, 4, 5))).toThrow("byte 16 of the 20 of y depends on");
});

guard(
  "planProduct",
  fc.record({
    ...{ m: upTo(19), n: upTo(19), k: upTo(21), extra: fc.tuple(upTo(3, 0), upTo(3, 0)) },
    ...{ transposeA: fc.boolean(), transposeB: fc.boolean(), bias: fc.boolean() },
    ...{ accumulate: fc.boolean(), count: upTo(4, 0), share: fc.tuple(fc.boolean(), fc.boolean()) },
  }),
  ({ m, n, k, extra, bias, accumulate, count, share, ...transposed }, floats) => {
    const { transposeA, transposeB } = transposed;
    const lda = (transposeA ? m : k) + extra[0];
    const ldb = (transposeB ? k : n) + extra[1];
    const aFloats = ((transposeA ? k : m) - 1) * lda + (transposeA ? m : k);
    const bFloats = ((transposeB ? n : k) - 1) * ldb + (transposeB ? k : n);
    const batch =
      count === 0
        ? undefined
        : {
            ...{ count, strideA: share[0] ? 0 : aFloats, strideB: share[1] ? 0 : bFloats },
            strideC: m * n,
          };
    const times = Math.max(1, count);
    const shape = { m, n, k, ...transposed, ...(batch && { batch }), ...(bias && { bias: 1 }) };
    return [
      {
        inputs: {
          a: floats(batch?.strideA ? aFloats * times : aFloats),
          b: floats(batch?.strideB ? bFloats * times : bFloats),
          bias: floats(n),
        },
        outputs: { c: accumulate ? floats(m * n * times) : m * n * times * 4 },
        scratch: { workspace: productWorkspaceBytes(shape) },
        plan: (kernels, at) =>
          planProduct(kernels, {
            ...{ ...shape, a: at("a"), b: at("b"), c: at("c"), lda, ldb, accumulate },
            ...(bias && { bias: at("bias") }),
            workspace: at("workspace"),
          }),
      },
    ];
  },
  150,
);

guard(
  "planProduct over a batch that is summed",
  fc.record({ m: upTo(19), n: upTo(19), k: upTo(21), count: upTo(4) }),
  ({ m, n, k, count }, floats) => {
    const batch = { count, strideA: k * m, strideB: k * n, strideC: 0 };
    const shape = { m, n, k, transposeA: true, batch };
    return [
      {
        inputs: { a: floats(count * k * m), b: floats(count * k * n) },
        outputs: { c: m * n * 4 },
        scratch: { workspace: productWorkspaceBytes(shape) },
        plan: (kernels, at) =>
          planProduct(kernels, {
            ...{ ...shape, a: at("a"), b: at("b"), c: at("c"), workspace: at("workspace") },
          }),
      },
    ];
  },
);

guard(
  "planProduct whose B is packed in parts",
  fc.constantFrom(
    { m: 2, n: 700, k: 800, transposeB: false },
    { m: 1, n: 131, k: 5000, transposeB: true },
  ),
  (shape, floats) => [
    {
      inputs: { a: floats(shape.m * shape.k), b: floats(shape.k * shape.n) },
      outputs: { c: shape.m * shape.n * 4 },
      scratch: { workspace: productWorkspaceBytes(shape) },
      plan: (kernels, at) =>
        planProduct(kernels, {
          ...{ ...shape, a: at("a"), b: at("b"), c: at("c"), workspace: at("workspace") },
        }),
    },
  ],
  2,
);

guard(
  "planBiasGradient",
  fc.record({
    ...{ rows: upTo(600), cols: upTo(37), some: fc.boolean(), accumulate: fc.boolean() },
  }),
  ({ rows, cols, some, accumulate }, floats, random) => {
    const channels = some ? { channels: someOf(cols, random) } : {};
    const count = channels.channels?.length ?? cols;
    return [
      {
        inputs: { dy: floats(rows * cols) },
        outputs: { db: accumulate ? floats(count) : count * 4 },
        plan: (kernels, at) =>
          planBiasGradient(kernels, {
            ...{ dy: at("dy"), db: at("db"), rows, cols, accumulate, ...channels },
          }),
      },
    ];
  },
  40,
);

const windows = fc.record({
  ...{ n: upTo(3), h: upTo(9), w: upTo(9), kh: upTo(4), kw: upTo(4) },
  strides: fc.tuple(upTo(3), upTo(3)),
  dilations: fc.tuple(upTo(2), upTo(2)),
  pads: fc.tuple(upTo(3, 0), upTo(3, 0), upTo(3, 0), upTo(3, 0)),
});
type Windows = typeof windows extends fc.Arbitrary<infer T> ? T : never;

function outputSize({ h, w, kh, kw, strides, dilations, pads }: Windows): [number, number] {
  return [
    convOutputSize(h, kh, strides[0], dilations[0], pads[0], pads[2]),
    convOutputSize(w, kw, strides[1], dilations[1], pads[1], pads[3]),
  ];
}

const fittingWindows = windows.filter((shape) => outputSize(shape).every((size) => size > 0));

function convolutionRuns(
  shape: Windows & { c: number; oc: number; groups: number; algorithm: "auto" | "direct" },
  more: { bias: boolean; accumulate: boolean; some: boolean },
  floats: Floats,
  random: () => number,
): GuardedRun[] {
  const { n, h, w, c, oc, kh, kw, groups } = shape;
  const [oh, ow] = outputSize(shape);
  const weights = floats((kh * kw * c * oc) / groups);
  const channels = more.some ? { channels: someOf(oc, random) } : {};
  const dw = ((kh * kw * c) / groups) * (channels.channels?.length ?? oc);
  const activation = { activation: { kind: "relu" } as const };
  return [
    {
      inputs: { x: floats(n * h * w * c), weights, bias: floats(oc) },
      outputs: { y: n * oh * ow * oc * 4 },
      scratch: { workspace: convForwardWorkspaceBytes(shape) },
      plan: (kernels, at) =>
        planConvForward(kernels, {
          ...{ ...shape, x: at("x"), weights: at("weights"), y: at("y") },
          ...(more.bias && { bias: at("bias"), ...activation }),
          workspace: at("workspace"),
        }),
    },
    {
      inputs: { dy: floats(n * oh * ow * oc), weights },
      outputs: { dx: n * h * w * c * 4 },
      scratch: { workspace: convInputGradientWorkspaceBytes(shape) },
      plan: (kernels, at) =>
        planConvInputGradient(kernels, {
          ...{ ...shape, dy: at("dy"), weights: at("weights"), dx: at("dx") },
          workspace: at("workspace"),
        }),
    },
    {
      inputs: { x: floats(n * h * w * c), dy: floats(n * oh * ow * oc) },
      outputs: { dw: more.accumulate ? floats(dw) : dw * 4 },
      scratch: { workspace: convWeightGradientWorkspaceBytes({ ...shape, ...channels }) },
      plan: (kernels, at) =>
        planConvWeightGradient(kernels, {
          ...{ ...shape, ...channels, x: at("x"), dy: at("dy"), dw: at("dw") },
          ...{ accumulate: more.accumulate, workspace: at("workspace") },
        }),
    },
  ];
}

const choices = { bias: fc.boolean(), accumulate: fc.boolean(), some: fc.boolean() };

guard(
  "a convolution's three passes",
  fc.record({
    ...{ window: fittingWindows, inner: upTo(11), filters: upTo(11), groups: upTo(3) },
    ...choices,
  }),
  ({ window, inner, filters, groups, ...more }, floats, random) => {
    const channels = { c: inner * groups, oc: filters * groups, groups };
    return convolutionRuns({ ...window, ...channels, algorithm: "auto" }, more, floats, random);
  },
  150,
);

guard(
  "Winograd's three passes",
  fc.record({
    ...{ n: upTo(3), h: upTo(23, 13), w: upTo(23, 13), c: upTo(6, 4), oc: upTo(6, 4) },
    pads: fc.tuple(upTo(2, 0), upTo(2, 0), upTo(2, 0), upTo(2, 0)),
    ...choices,
  }),
  ({ n, h, w, c, oc, pads, ...more }, floats, random) => {
    const window = { n, h, w, kh: 3, kw: 3, pads };
    const unit: [number, number] = [1, 1];
    const shape = { ...window, strides: unit, dilations: unit, c: c * 4, oc: oc * 4, groups: 1 };
    return convolutionRuns({ ...shape, algorithm: "auto" }, more, floats, random);
  },
  8,
);

guard(
  "a convolution whose weights are packed in parts",
  fc.constant({ n: 1, h: 3, w: 2, kh: 3, kw: 3, c: 130, oc: 513, groups: 1 }),
  (shape, floats, random) => {
    const unit: [number, number] = [1, 1];
    const pads: [number, number, number, number] = [1, 1, 1, 1];
    return convolutionRuns(
      { ...shape, strides: unit, dilations: unit, pads, algorithm: "direct" },
      { bias: true, accumulate: false, some: false },
      floats,
      random,
    );
  },
  1,
);

guard(
  "a depthwise convolution's three passes",
  fc.record({
    ...{ window: fittingWindows, plain: fc.boolean(), c: upTo(21) },
    ...choices,
  }),
  ({ window, plain, c, bias, accumulate, some }, floats, random) => {
    const unit: [number, number] = [1, 1];
    const three = { ...window, kh: 3, kw: 3, strides: unit, dilations: unit };
    const fits = plain && outputSize(three).every((size) => size > 0);
    const shape = { ...(fits ? three : window), c };
    const { n, h, w, kh, kw } = shape;
    const [oh, ow] = outputSize(shape);
    const channels = some ? { channels: someOf(c, random) } : {};
    const dw = kh * kw * (channels.channels?.length ?? c);
    return [
      {
        inputs: { x: floats(n * h * w * c), weights: floats(kh * kw * c), bias: floats(c) },
        outputs: { y: n * oh * ow * c * 4 },
        scratch: { workspace: depthwiseForwardWorkspaceBytes(shape) },
        plan: (kernels, at) =>
          planDepthwiseForward(kernels, {
            ...{ ...shape, x: at("x"), weights: at("weights"), y: at("y") },
            ...{ ...(bias && { bias: at("bias") }), workspace: at("workspace") },
          }),
      },
      {
        inputs: { dy: floats(n * oh * ow * c), weights: floats(kh * kw * c) },
        outputs: { dx: n * h * w * c * 4 },
        plan: (kernels, at) =>
          planDepthwiseInputGradient(kernels, {
            ...{ ...shape, dy: at("dy"), weights: at("weights"), dx: at("dx") },
          }),
      },
      {
        inputs: { x: floats(n * h * w * c), dy: floats(n * oh * ow * c) },
        outputs: { dw: accumulate ? floats(dw) : dw * 4 },
        scratch: { workspace: depthwiseWeightGradientWorkspaceBytes({ ...shape, ...channels }) },
        plan: (kernels, at) =>
          planDepthwiseWeightGradient(kernels, {
            ...{ ...shape, ...channels, x: at("x"), dy: at("dy"), dw: at("dw"), accumulate },
            workspace: at("workspace"),
          }),
      },
    ];
  },
  150,
);

/** Windows that lie in the padding alone are refused. */
function isPooling(shape: PoolShape): boolean {
  try {
    return poolWords("", shape).length > 0;
  } catch {
    return false;
  }
}

guard(
  "pooling",
  fc.record({
    ...{ window: fittingWindows, c: upTo(13), countIncludePad: fc.boolean() },
  }),
  ({ window, c, countIncludePad }, floats, random) => {
    const { n, h, w, kh, kw, strides, dilations, pads: wide } = window;
    const pads = wide.map((pad, i) => Math.min(pad, (i % 2 === 0 ? kh : kw) - 1)) as typeof wide;
    const [oh, ow] = outputSize({ ...window, pads });
    if (oh < 1 || ow < 1) return [];
    const shape = { n, h, w, c, oh, ow, kernel: [kh, kw] as const, strides, dilations, pads };
    if (!isPooling(shape)) return [];
    const results = n * oh * ow * c;
    const average: GuardedRun = {
      inputs: { dy: floats(results) },
      outputs: { dx: n * h * w * c * 4 },
      plan: (kernels, at) =>
        planAveragePoolGradient(kernels, {
          ...{ ...shape, dy: at("dy"), dx: at("dx"), countIncludePad },
        }),
    };
    const global: GuardedRun = {
      inputs: { dy: floats(n * c) },
      outputs: { dx: n * h * w * c * 4 },
      plan: (kernels, at) =>
        planGlobalAveragePoolGradient(kernels, {
          ...{ dy: at("dy"), dx: at("dx"), n, positions: h * w, c },
        }),
    };
    const max: GuardedRun = {
      inputs: { x: floats(n * h * w * c) },
      outputs: { y: results * 4, argmax: results },
      plan: (kernels, at) =>
        planMaxPoolTraining(kernels, {
          ...{ ...shape, x: at("x"), y: at("y"), argmax: at("argmax") },
        }),
    };
    const places = Uint8Array.from({ length: results }, () => Math.floor(random() * kh * kw));
    const back: GuardedRun = {
      inputs: { dy: floats(results), argmax: places },
      outputs: { dx: n * h * w * c * 4 },
      plan: (kernels, at) =>
        planMaxPoolGradient(kernels, {
          ...{ ...shape, dy: at("dy"), argmax: at("argmax"), dx: at("dx") },
        }),
    };
    return [average, global, max, back];
  },
  120,
);
