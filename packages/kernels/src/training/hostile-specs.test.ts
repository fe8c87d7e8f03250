import { EdgewrightError } from "@edgewright/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Kernels } from "../runtime/load.js";
import * as training from "./index.js";

let kernels: Kernels;
beforeAll(async () => {
  kernels = await training.loadTrainingKernels();
});
afterAll(() => kernels.dispose());

type Spec = Record<string, unknown>;
type Plan = (kernels: Kernels, spec: never) => { dispose(): void };

/** Never a size of anything. */
const NO_SIZES = [
  -1,
  0.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 31,
  2 ** 40,
  2 ** 53,
  "3",
  null,
];
/** No list of whole numbers from 1, such as strides and dilations. */
const NO_STEPS = [[0, 1], [1, -1], [0.5, 1], [1, Number.NaN], [2 ** 40, 1], [1]];
const NO_PADS = [
  [-1, 0, 0, 0],
  [0, 0.5, 0, 0],
  [0, 0, Number.NaN, 0],
  [0, 0, 0, 2 ** 40],
  [1, 1],
];
const NO_CHANNELS = [[], [-1], [0.5], [Number.NaN], [2 ** 32], [99], [1, 0], [1, 1], [0, 99]];

const at = { workspace: 65536 };
const conv = { n: 2, h: 5, w: 5, c: 4, oc: 4, kh: 3, kw: 3, ...at };
const depthwise = {
  n: 2,
  h: 5,
  w: 5,
  c: 4,
  kh: 3,
  kw: 3,
  ...at,
  x: 0,
  y: 0,
  dy: 0,
  dx: 0,
  dw: 0,
  weights: 0,
};
const pool = {
  n: 2,
  h: 4,
  w: 4,
  c: 4,
  oh: 2,
  ow: 2,
  kernel: [2, 2],
  strides: [2, 2],
  x: 0,
  y: 0,
  dy: 0,
  dx: 0,
  argmax: 0,
};
const convAt = { x: 0, y: 0, dy: 0, dx: 0, dw: 0, weights: 0 };
const convWrong = {
  ...{
    n: NO_SIZES,
    h: NO_SIZES,
    w: NO_SIZES,
    c: NO_SIZES,
    oc: NO_SIZES,
    kh: NO_SIZES,
    kw: NO_SIZES,
  },
  ...{ strides: NO_STEPS, dilations: NO_STEPS, pads: NO_PADS, groups: [...NO_SIZES, 0, 3] },
};
const { oc: _, groups: __, ...depthwiseWrong } = convWrong;
const poolWrong = {
  ...{ n: NO_SIZES, h: NO_SIZES, w: NO_SIZES, c: NO_SIZES, oh: NO_SIZES, ow: NO_SIZES },
  ...{ kernel: NO_STEPS, strides: NO_STEPS, dilations: NO_STEPS, pads: NO_PADS },
};
const matrix = { rows: NO_SIZES, cols: NO_SIZES };
const rowNorm = { rows: 3, cols: 4, x: 0, y: 0, dy: 0, dx: 0, dgamma: 0, rstd: 0, ...at };
const group = {
  n: 2,
  positions: 4,
  c: 4,
  groups: 2,
  x: 0,
  y: 0,
  dy: 0,
  dx: 0,
  dgamma: 0,
  mean: 0,
  rstd: 0,
  ...at,
};
const groupWrong = { n: NO_SIZES, positions: NO_SIZES, c: NO_SIZES, groups: [...NO_SIZES, 3] };
const batch = {
  rows: 4,
  c: 4,
  x: 0,
  y: 0,
  dy: 0,
  dx: 0,
  mean: 0,
  rstd: 0,
  variance: 0,
  dgamma: 4,
  ...at,
};
const count = { count: NO_SIZES };
const labels = {
  logits: 0,
  labels: 0,
  targets: 0,
  statistics: 0,
  rows: 3,
  classes: 4,
  rowLosses: 0,
  loss: 0,
  dlogits: 0,
  upstream: 0,
};
const classes = { rows: NO_SIZES, classes: [...NO_SIZES, 0] };
const cosine = { a: 0, b: 0, rows: 3, cols: 4, cosines: 0, upstream: 0, da: 64 };
const update = { parameter: 0, gradient: 0, velocity: 0, mean: 0, square: 0, count: 12 };
const wrongUpdates = [
  ...NO_SIZES.map((wrong) => [{ ...update, count: wrong }]),
  ...[...NO_SIZES, 0, 5].map((cols) => [{ ...update, columns: { cols, indices: [0] } }]),
  ...NO_CHANNELS.filter((indices) => indices.length > 0 && indices[0] !== 1).map((indices) => [
    { ...update, columns: { cols: 4, indices } },
  ]),
  [{ ...update, weightDecay: -1 }],
  [{ ...update, weightDecay: Number.NaN }],
  [{ ...update, learningRateFactor: Number.NaN }],
];
const NO_RATES = [-1, Number.NaN, Number.POSITIVE_INFINITY];
const gather = { x: 0, y: 0, dy: 0, dx: 0, indices: 0, rows: 3, count: 2, cols: 4, outer: 1 };
const gatherWrong = { ...matrix, count: NO_SIZES, outer: NO_SIZES };
const product = { a: 0, b: 0, c: 0, m: 3, n: 4, k: 5, ...at };
const productWrong = {
  ...{ m: [...NO_SIZES, 0], n: [...NO_SIZES, 0], k: [...NO_SIZES, 0] },
  ...{ lda: [...NO_SIZES, 0, 2], ldb: [...NO_SIZES, 0, 2], ldc: [...NO_SIZES, 0, 3] },
  batch: [
    ...[...NO_SIZES, 0].map((times) => ({ count: times, strideA: 15, strideB: 20, strideC: 12 })),
    ...NO_SIZES.filter((stride) => stride !== -1).flatMap((stride) => [
      { count: 2, strideA: stride, strideB: 20, strideC: 12 },
      { count: 2, strideA: 15, strideB: stride, strideC: 12 },
      { count: 2, strideA: 15, strideB: 20, strideC: stride },
    ]),
  ],
};

const cases: [plan: Plan, valid: Spec, wrong: Record<string, readonly unknown[]>][] = [
  [training.planProduct, product, productWrong],
  [training.planProduct, { ...product, transposeA: true }, productWrong],
  [training.planProduct, { ...product, transposeB: true }, productWrong],
  [
    training.planBiasGradient,
    { dy: 0, db: 0, rows: 3, cols: 4 },
    { ...matrix, channels: NO_CHANNELS },
  ],
  [training.planConvForward, { ...conv, ...convAt }, convWrong],
  [training.planConvInputGradient, { ...conv, ...convAt }, convWrong],
  [
    training.planConvWeightGradient,
    { ...conv, ...convAt },
    { ...convWrong, channels: NO_CHANNELS },
  ],
  [training.planDepthwiseForward, depthwise, depthwiseWrong],
  [training.planDepthwiseInputGradient, depthwise, depthwiseWrong],
  [training.planDepthwiseWeightGradient, depthwise, { ...depthwiseWrong, channels: NO_CHANNELS }],
  [training.planMaxPoolTraining, pool, poolWrong],
  [training.planMaxPoolGradient, pool, poolWrong],
  [training.planAveragePoolGradient, pool, poolWrong],
  [
    training.planGlobalAveragePoolGradient,
    { dy: 0, dx: 0, n: 2, positions: 3, c: 4 },
    { n: NO_SIZES, positions: NO_SIZES, c: NO_SIZES },
  ],
  [training.planBatchNormTraining, batch, { rows: NO_SIZES, c: NO_SIZES }],
  [
    training.planBatchNormTraining,
    { ...batch, activation: "relu", mask: 64, c: 5 },
    { rows: NO_SIZES, c: NO_SIZES },
  ],
  [training.planBatchNormFrozen, batch, { rows: NO_SIZES, c: NO_SIZES }],
  [training.planBatchNormGradient, batch, { rows: NO_SIZES, c: NO_SIZES }],
  [
    training.planBatchNormGradient,
    { ...batch, mask: 64, c: 5 },
    { rows: NO_SIZES, c: NO_SIZES, rstd: [undefined], x: [undefined] },
  ],
  [training.planGroupNormTraining, group, groupWrong],
  [training.planGroupNormGradient, group, groupWrong],
  [training.planRowNormTraining, rowNorm, matrix],
  [training.planRowNormGradient, rowNorm, matrix],
  [
    training.planActivationGradient,
    { kind: "silu", dy: 0, source: 0, dx: 0, count: 4 },
    { ...count, kind: ["relu", 3, undefined] },
  ],
  [
    training.planMaskedActivation,
    { kind: "relu", x: 0, y: 0, mask: 0, count: 4 },
    { ...count, kind: ["silu", undefined] },
  ],
  [
    training.planMaskGradient,
    { kind: "relu", dy: 0, dx: 0, mask: 0, count: 4 },
    { ...count, kind: ["silu", undefined] },
  ],
  [
    training.planPreluGradient,
    { x: 0, dy: 0, dx: 0, slope: 0, dslope: 0, rows: 3, cols: 4 },
    { ...matrix, slopes: [...NO_SIZES, 0, 3] },
  ],
  [training.planSoftmaxGradient, { y: 0, dy: 0, dx: 0, rows: 3, cols: 4 }, matrix],
  [
    training.planCrossEntropy,
    labels,
    {
      ...classes,
      labelSmoothing: [-1, 2, Number.NaN],
      loss: [undefined],
      reduction: ["all"],
      ignoreIndex: [0.5, Number.NaN, 2 ** 40],
    },
  ],
  [
    training.planCrossEntropyGradient,
    labels,
    {
      ...classes,
      labelSmoothing: [-1, 2, Number.NaN],
      reduction: ["all"],
      ignoreIndex: [0.5, Number.NaN, 2 ** 40],
    },
  ],
  [
    training.planSoftCrossEntropy,
    labels,
    { ...classes, temperature: [0, ...NO_RATES], loss: [undefined], reduction: ["all"] },
  ],
  [
    training.planSoftCrossEntropyGradient,
    labels,
    { ...classes, temperature: [0, ...NO_RATES], reduction: ["all"] },
  ],
  [training.planSquaredError, { x: 0, target: 0, loss: 0, count: 4, ...at }, count],
  [training.planSquaredErrorGradient, { x: 0, target: 0, dx: 0, upstream: 0, count: 4 }, count],
  [training.planScale, { x: 0, y: 0, scalar: 0, count: 4 }, count],
  [training.planCosineSimilarity, cosine, { ...matrix, epsilon: [0, -1, Number.NaN] }],
  [training.planCosineGradient, cosine, { ...matrix, epsilon: [0, -1, Number.NaN] }],
  [
    training.planSgd,
    { parameters: [update], learningRate: 1 },
    {
      parameters: wrongUpdates,
      learningRate: NO_RATES,
      momentum: [2, ...NO_RATES],
      clipValue: [-1, Number.NaN],
    },
  ],
  [
    training.planAdam,
    { parameters: [update], learningRate: 1 },
    {
      parameters: wrongUpdates,
      learningRate: NO_RATES,
      betas: [
        [1, 0],
        [0, 1],
        [Number.NaN, 0],
        [-1, 0],
      ],
      epsilon: NO_RATES,
      clipValue: [-1, Number.NaN],
    },
  ],
  [
    training.planSumOfSquares,
    { runs: [{ x: 0, count: 4 }], ...at },
    { runs: NO_SIZES.map((wrong) => [{ x: 0, count: wrong }]) },
  ],
  [training.planGather, gather, gatherWrong],
  [training.planGatherGradient, gather, gatherWrong],
  [
    training.planRotary,
    { x: 0, y: 0, sequence: 3, width: 8, angles: 0, places: 3 },
    {
      ...{
        outer: NO_SIZES,
        sequence: [...NO_SIZES, 4],
        heads: NO_SIZES,
        width: [...NO_SIZES, 7],
        places: [...NO_SIZES, 2],
      },
      ...{ rotated: [...NO_SIZES, 3, 10], positionGroup: [...NO_SIZES, 0, 2], pairing: ["full"] },
    },
  ],
  [
    training.planMaskedSoftmax,
    { x: 0, y: 0, rows: 3, cols: 4 },
    {
      ...{ ...matrix, batch: NO_SIZES, heads: NO_SIZES },
      causal: [
        { offset: 0.5 },
        { offset: Number.NaN },
        { offset: 2 ** 40 },
        { window: 0 },
        { window: 0.5 },
      ],
      mask: [
        { ptr: 0, kind: "hide" },
        { ptr: 0, kind: "add", strides: [0, 0.5, 4] },
        { ptr: 0, kind: "add", strides: [0, 0, Number.NaN] },
        { ptr: 0, kind: "add", strides: [2 ** 40, 0, 4] },
      ],
    },
  ],
  [
    training.planBroadcastGradient,
    { dy: 0, dx: 0, shape: [2, 3], target: [1, 3], ...at },
    {
      shape: [[3, 3, 0.5], [2, Number.NaN], [-2, 3], [3], [2 ** 40, 3], [2 ** 20, 3, 2 ** 20, 3]],
      target: [[2, 2], [1, 1, 3], [Number.NaN], [0.5, 3]],
    },
  ],
];

/** Sizes that make operands of 2^30 floats and more, each a possible size by itself. */
const TOO_LARGE: [plan: Plan, valid: Spec][] = cases.flatMap(([plan, valid, wrong]) =>
  ["n", "rows", "outer", "batch", "heads", "m"]
    .filter((name) => wrong[name]?.includes(2 ** 31))
    .map((name): [Plan, Spec] => [plan, { ...valid, [name]: 2 ** 29 }]),
);

test("operands that no memory holds are refused at once", () => {
  const before = kernels.arena.used;
  for (const [plan, spec] of TOO_LARGE) {
    expect(() => plan(kernels, spec as never), plan.name).toThrow("does not fit into the 4 GiB");
  }
  expect(TOO_LARGE.length).toBeGreaterThan(25);
  expect(kernels.arena.used).toBe(before);
});

describe("what cannot be is refused by a typed error, and takes no memory", () => {
  for (const [plan, valid, wrong] of cases) {
    test(`${plan.name}, ${JSON.stringify(valid).slice(0, 60)}`, () => {
      const before = kernels.arena.used;
      plan(kernels, valid as never).dispose();
      expect(kernels.arena.used).toBe(before);
      const bad: string[] = [];
      for (const [name, values] of Object.entries(wrong)) {
        for (const value of values) {
          const what = `${name} of ${typeof value === "object" ? JSON.stringify(value) : String(value)}`;
          const start = performance.now();
          try {
            plan(kernels, { ...valid, [name]: value } as never).dispose();
            bad.push(`${what} was taken`);
          } catch (error) {
            if (!EdgewrightError.isInstance(error)) bad.push(`${what}: ${error}`);
            else if (!error.message.startsWith(plan.name)) bad.push(`${what}: ${error.message}`);
          }
          if (performance.now() - start > 200)
            bad.push(`${what} took ${performance.now() - start} ms`);
          if (kernels.arena.used !== before) bad.push(`${what} kept memory`);
          if (kernels.arena.used !== before) break;
        }
      }
      expect(bad).toEqual([]);
    });
  }
});
