import type { Kernels } from "@edgewright/kernels";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { predictMemory } from "../engine/memory-account.js";
import { createParameter } from "../engine/parameter.js";
import { createTape, type Operand, type Variable } from "../engine/tape.js";
import {
  checkGradients,
  loadEveryKernels,
  weightedSum,
} from "../testing/check-gradients.test-support.js";
import { elu } from "./elu.js";
import { gelu } from "./gelu.js";
import { hardSigmoid } from "./hard-sigmoid.js";
import { hardSwish } from "./hard-swish.js";
import { leakyRelu } from "./leaky-relu.js";
import { mish } from "./mish.js";
import { prelu } from "./prelu.js";
import { relu, relu6 } from "./relu.js";
import { sigmoid } from "./sigmoid.js";
import { silu } from "./silu.js";
import { softplus } from "./softplus.js";
import { tanh } from "./tanh.js";

let everyKernels: Kernels[];
beforeAll(async () => {
  everyKernels = await loadEveryKernels();
});
afterAll(() => {
  for (const kernels of everyKernels) kernels.dispose();
});

const logistic = (x: number) => 1 / (1 + Math.exp(-x));
const clip = (x: number, low: number, high: number) => Math.min(Math.max(x, low), high);
// The normal distribution function, 1/2 + phi(x) (x + x^3/3 + x^5/(3 5) + ...): 1e-14 for x up to 7.
function normal(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 120; n++) {
    term *= (x * x) / (2 * n + 1);
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

interface Case {
  readonly name: string;
  readonly apply: (x: Operand) => Variable;
  readonly f: (x: number) => number;
  readonly kinks?: readonly number[];
  /** What its gradient reads of the forward pass, and its bytes for 33 elements. */
  readonly keeps: readonly [what: string, bytes: number];
}

const CASES: readonly Case[] = [
  { name: "relu", apply: relu, f: (x) => Math.max(x, 0), kinks: [0], keeps: ["mask", 5] },
  { name: "relu6", apply: relu6, f: (x) => clip(x, 0, 6), kinks: [0, 6], keeps: ["mask", 5] },
  {
    name: "leakyRelu",
    apply: (x) => leakyRelu(x),
    f: (x) => (x > 0 ? x : x / 100),
    kinks: [0],
    keeps: ["mask", 5],
  },
  {
    name: "leakyRelu, steeper",
    apply: (x) => leakyRelu(x, { slope: 0.3 }),
    f: (x) => (x > 0 ? x : 0.3 * x),
    kinks: [0],
    keeps: ["mask", 5],
  },
  {
    name: "leakyRelu, flat",
    apply: (x) => leakyRelu(x, { slope: 0 }),
    f: (x) => Math.max(x, 0),
    kinks: [0],
    keeps: ["mask", 5],
  },
  {
    name: "hardSigmoid",
    apply: hardSigmoid,
    f: (x) => clip(x / 6 + 0.5, 0, 1),
    kinks: [-3, 3],
    keeps: ["mask", 5],
  },
  {
    name: "hardSwish",
    apply: hardSwish,
    f: (x) => x * clip(x / 6 + 0.5, 0, 1),
    kinks: [-3, 3],
    keeps: ["input", 132],
  },
  { name: "sigmoid", apply: sigmoid, f: logistic, keeps: ["output", 132] },
  { name: "tanh", apply: tanh, f: Math.tanh, keeps: ["output", 132] },
  { name: "silu", apply: silu, f: (x) => x * logistic(x), keeps: ["input", 132] },
  { name: "gelu", apply: (x) => gelu(x), f: (x) => x * normal(x), keeps: ["input", 132] },
  {
    name: "gelu by tanh",
    apply: (x) => gelu(x, { approximation: "tanh" }),
    f: (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
    keeps: ["input", 132],
  },
  {
    name: "elu",
    apply: elu,
    f: (x) => (x < 0 ? Math.expm1(x) : x),
    kinks: [0], // of the second derivative
    keeps: ["input", 132],
  },
  { name: "softplus", apply: softplus, f: (x) => Math.log1p(Math.exp(x)), keeps: ["input", 132] },
  {
    name: "mish",
    apply: mish,
    f: (x) => x * Math.tanh(Math.log1p(Math.exp(x))),
    keeps: ["input", 132],
  },
];

/** 0.5, for the scale of errors, and numbers of [-5, 7) that keep away from the kinks. */
function drawn(seed: number, count: number, kinks: readonly number[]): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, (_, i) => {
    if (i === 0) return 0.5;
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    const x = (state / 2 ** 32) * 12 - 5;
    return kinks.some((kink) => Math.abs(x - kink) < 0.01) ? x + 0.03 : x;
  });
}

describe.each(CASES.map((one) => [one.name, one] as const))(
  "%s",
  (_, { apply, f, kinks, keeps }) => {
    it("has the output and the gradient of its definition", () => {
      fc.assert(
        fc.property(
          fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 0, maxLength: 4 }),
          fc.integer({ min: 1, max: 1e6 }),
          (shape, seed) => {
            const count = shape.reduce((product, size) => product * size, 1);
            for (const kernels of everyKernels) {
              checkGradients(kernels, {
                inputs: { x: { shape, data: drawn(seed, count, kinks ?? []) } },
                build: ({ x }) => apply(x!),
                reference: ({ x }) => x!.map(f),
              });
            }
          },
        ),
        { numRuns: 6, seed: 1 },
      );
    });

    it(`keeps its ${keeps[0]} for the backward pass, and nothing where nothing is trained`, () => {
      const tape = createTape();
      const x = tape.input("x", [3, 11]);
      const loss = weightedSum(apply(x), new Float32Array(33));
      const { nodes } = predictMemory({ tape, loss, trainable: [], gradientsOf: [x] });
      expect(nodes.map(({ keeps: kept }) => kept.map(({ what, bytes }) => [what, bytes]))).toEqual([
        [keeps],
      ]);
      expect(predictMemory({ tape, outputs: [loss] }).keptBytes).toBe(0);
    });
  },
);

describe("prelu", () => {
  it("has both gradients, with a slope a channel and with one for all", () => {
    for (const [shape, slopes] of [
      [[2, 3, 2, 5], [5]],
      [[37, 3], [3]],
      [[3, 7], [1]],
      [[9], [1]],
      [[2, 2], []],
    ] as const) {
      const count = shape.reduce((product: number, size) => product * size, 1);
      const cols = slopes[0] === 1 ? 1 : (slopes[0] ?? 1);
      for (const kernels of everyKernels) {
        checkGradients(kernels, {
          inputs: { x: { shape, data: drawn(count, count, [0]) }, slope: slopes },
          build: ({ x, slope }) => prelu(x!, slope!),
          reference: ({ x, slope }) => x!.map((v, i) => (v < 0 ? v * slope![i % cols]! : v)),
        });
      }
    }
  });

  it("keeps x, and nothing beside it where only the input or only the slope is trained", () => {
    const tape = createTape();
    const x = tape.input("x", [3, 11]);
    const slope = createParameter({ name: "slope", shape: [11], data: new Float32Array(11) });
    const loss = weightedSum(prelu(x, slope), new Float32Array(33));
    for (const trained of [
      { trainable: [slope] },
      { trainable: [], gradientsOf: [x] },
      { trainable: [slope], gradientsOf: [x] },
    ]) {
      const [node] = predictMemory({ tape, loss, ...trained }).nodes;
      expect(node!.keeps.map(({ what }) => what)).toContain("input");
      expect(node!.bytes).toBe(132);
    }
  });
});

describe("errors", () => {
  it("name the operation and the shapes", () => {
    const tape = createTape();
    const x = tape.input("x", [3, 11]);
    expect(() => prelu(x, tape.input("slope", [3]))).toThrow(
      "prelu: expected one slope, or one for each of the last axis of [3,11], got [3]",
    );
    expect(() => leakyRelu(x, { slope: Number.NaN })).toThrow(
      "leakyRelu: expected a finite slope, got NaN",
    );
    expect(() => gelu(x, { approximation: "fast" as "tanh" })).toThrow(
      'gelu: expected approximation "none" or "tanh", got "fast"',
    );
  });
});
