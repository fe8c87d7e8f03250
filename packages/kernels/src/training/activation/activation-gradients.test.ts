import { describe, expect, test } from "vitest";
import { planSoftmax, planUnary } from "../../index.js";
import { randomFloats, relativeError, seededNumbers } from "../../runtime/fixtures.test-support.js";
import { computeEverywhere } from "../compute-everywhere.test-support.js";
import { loadEveryTrainingKind } from "../fixtures.test-support.js";
import {
  activationGradientReads,
  activationMaskBytes,
  type DifferentiableActivation,
  joinPlans,
  type MaskedActivation,
  planActivationGradient,
  planMaskedActivation,
  planMaskGradient,
  planPreluGradient,
  planSoftmaxGradient,
} from "../index.js";

const kinds = await loadEveryTrainingKind();
const COUNTS = [0, 1, 3, 4, 5, 8, 9, 15, 16, 17, 31, 1023, 1024, 1025, 3000];

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const normal = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

// Phi by Simpson's rule from 0 to x: exact to 1e-13 over the range tested.
function phi(x: number): number {
  const steps = 2000;
  const h = x / steps;
  let sum = normal(0) + normal(x);
  for (let i = 1; i < steps; i++) sum += (i % 2 ? 4 : 2) * normal(i * h);
  return 0.5 + (sum * h) / 3;
}

// Derivatives by the operand in 64 bits.
const DERIVATIVES: Record<DifferentiableActivation, (x: number) => number> = {
  sigmoid: (x) => sigmoid(x) * sigmoid(-x),
  tanh: (x) => 1 / Math.cosh(x) ** 2,
  exp: Math.exp,
  sqrt: (x) => 0.5 / Math.sqrt(x),
  reciprocal: (x) => -1 / x ** 2,
  log: (x) => 1 / x,
  square: (x) => 2 * x,
  abs: Math.sign,
  softsign: (x) => 1 / (1 + Math.abs(x)) ** 2,
  "hard-swish": (x) => (x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5),
  "gelu-tanh": (x) => {
    const k = Math.sqrt(2 / Math.PI);
    const t = Math.tanh(k * (x + 0.044715 * x ** 3));
    return (1 + t) / 2 + (x / 2) * (1 - t * t) * k * (1 + 3 * 0.044715 * x * x);
  },
  silu: (x) => sigmoid(x) * (1 + x * sigmoid(-x)),
  softplus: sigmoid,
  mish: (x) => Math.tanh(softplus(x)) + (x * sigmoid(x)) / Math.cosh(softplus(x)) ** 2,
  elu: (x) => (x < 0 ? Math.exp(x) : 1),
  gelu: (x) => phi(x) + x * normal(x),
  erf: (x) => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x),
};
const NEEDS_POSITIVE: readonly DifferentiableActivation[] = ["sqrt", "log", "reciprocal"];
const BOUND = 2e-6; // of max(1, |f'|), times |dy|

const MASKED: [MaskedActivation, (x: number) => number, (x: number) => number][] = [
  [{ kind: "relu" }, (x) => Math.max(x, 0), (x) => (x > 0 ? 1 : 0)],
  [{ kind: "clip" }, (x) => Math.min(Math.max(x, 0), 6), (x) => (x > 0 && x < 6 ? 1 : 0)],
  [
    { kind: "clip", alpha: -1, beta: 1 },
    (x) => Math.min(Math.max(x, -1), 1),
    (x) => (Math.abs(x) < 1 ? 1 : 0),
  ],
  [{ kind: "leaky-relu" }, (x) => (x > 0 ? x : 0.01 * x), (x) => (x > 0 ? 1 : 0.01)],
  [{ kind: "leaky-relu", alpha: 0.3 }, (x) => (x > 0 ? x : 0.3 * x), (x) => (x > 0 ? 1 : 0.3)],
  [
    { kind: "hard-sigmoid" },
    (x) => Math.min(Math.max(x / 6 + 0.5, 0), 1),
    (x) => (Math.abs(x) < 3 ? 1 / 6 : 0),
  ],
];

describe("activations with a mask", () => {
  test.each(MASKED)("%o forward and backward, in place and not", (activation, f, derivative) => {
    for (const count of COUNTS) {
      const random = seededNumbers(count + 1);
      const x = randomFloats(count, random, 9);
      const dy = randomFloats(count, random);
      for (const inPlace of [false, true]) {
        const results = computeEverywhere(
          kinds,
          [x, dy, new Float32Array(count)],
          2 * count,
          (kernels, [a, b, m], y) => {
            const operand = inPlace ? y : a!;
            const plans = [
              planMaskedActivation(kernels, { ...activation, x: operand, y, mask: m!, count }),
              planMaskGradient(kernels, {
                ...activation,
                dy: b!,
                dx: inPlace ? b! : y + 4 * count,
                mask: m!,
                count,
              }),
            ];
            if (inPlace) {
              kernels.arena.f32(y, count).set(x);
              plans.push(planUnary(kernels, { op: "identity", x: b!, y: y + 4 * count, count }));
            }
            return joinPlans(plans);
          },
        );
        for (const result of results) {
          expect(relativeError(result.subarray(0, count), Float64Array.from(x, f), 1)).toBeLessThan(
            1e-6,
          );
          const expected = dy.map((d, i) => d * derivative(x[i]!));
          expect(relativeError(result.subarray(count), expected, 1)).toBeLessThan(1e-6);
        }
      }
    }
  });

  test("the mask alone, its bits in order, nothing behind the last byte", () => {
    const x = new Float32Array([1, -1, 2, 0, 3, Number.NaN, 4, -5, 6, 7, -8]);
    for (const [, kernels] of kinds) {
      using operand = kernels.arena.upload(x);
      using mask = kernels.arena.upload(new Uint8Array(8).fill(0xaa));
      expect(activationMaskBytes(x.length)).toBe(2);
      using plan = planMaskedActivation(kernels, {
        kind: "clip",
        alpha: -2,
        beta: 5,
        x: operand.ptr,
        mask: mask.ptr,
        count: x.length,
      });
      kernels.run(plan);
      expect([...kernels.arena.u8(mask.ptr, 3)]).toEqual([0b01011111, 0, 0xaa]);
      expect([...kernels.arena.f32(operand.ptr, x.length)]).toEqual([...x]);
    }
  });

  test("unknown kinds and counts are named", () => {
    const spec = { x: 0, mask: 0, count: 1 };
    const [, kernels] = kinds[0]!;
    expect(() => planMaskedActivation(kernels, { ...spec, kind: "gelu" as "relu" })).toThrow(
      'planMaskedActivation: expected one of relu, clip, leaky-relu, hard-sigmoid, got "gelu"',
    );
    expect(() => planMaskedActivation(kernels, { ...spec, kind: "relu", count: -1 })).toThrow(
      "planMaskedActivation: expected count to be a whole number from 0, got -1",
    );
  });
});

describe("activations without a mask", () => {
  test.each(Object.keys(DERIVATIVES) as DifferentiableActivation[])("%s", (kind) => {
    for (const [count, scale] of [
      [1025, 4],
      [37, 30],
      [3, 0.01],
    ] as const) {
      const random = seededNumbers(count);
      let x = randomFloats(count, random, scale);
      if (NEEDS_POSITIVE.includes(kind)) x = x.map((v) => Math.abs(v) + 0.1);
      const dy = randomFloats(count, random);
      const fromResult = activationGradientReads(kind) === "result";
      const results = computeEverywhere(kinds, [x, dy], count, (kernels, [a, b], y) => {
        const plans = fromResult ? [planUnary(kernels, { op: kind, x: a!, y: a!, count })] : [];
        const gradient = { kind, dy: b!, source: a!, dx: y, count };
        return joinPlans([...plans, planActivationGradient(kernels, gradient)]);
      });
      for (const result of results) {
        for (const [i, value] of x.entries()) {
          const slope = DERIVATIVES[kind](value);
          const error = Math.abs(result[i]! - slope * dy[i]!);
          expect(error / Math.max(1, Math.abs(slope))).toBeLessThan(BOUND);
        }
      }
    }
  });

  test("limits: far away no infinity meets a 0", () => {
    const x = new Float32Array([-1e30, 1e30, -200, 200, Number.NaN]);
    const dy = new Float32Array(5).fill(2);
    const limits: Partial<Record<DifferentiableActivation, number[]>> = {
      silu: [0, 2, 0, 2, Number.NaN],
      gelu: [0, 2, 0, 2, Number.NaN],
      "gelu-tanh": [0, 2, 0, 2, Number.NaN],
      mish: [0, 2, 0, 2, Number.NaN],
      softplus: [0, 2, 0, 2, Number.NaN],
      elu: [0, 2, 0, 2, Number.NaN],
      "hard-swish": [0, 2, 0, 2, Number.NaN],
    };
    for (const [kind, expected] of Object.entries(limits)) {
      const results = computeEverywhere(kinds, [x, dy], 5, (kernels, [a, b], y) =>
        planActivationGradient(kernels, {
          kind: kind as DifferentiableActivation,
          dy: b!,
          source: a!,
          dx: y,
          count: 5,
        }),
      );
      for (const result of results) {
        expect([kind, relativeError(result, expected, 1)]).toEqual([kind, expect.closeTo(0, 6)]);
      }
    }
  });

  test("parameters", () => {
    const x = randomFloats(19, seededNumbers(3), 4);
    const dy = new Float32Array(19).fill(1);
    const gradient = (spec: { kind: DifferentiableActivation; alpha: number; beta?: number }) =>
      computeEverywhere(kinds, [x, dy], 19, (kernels, [a, b], y) =>
        planActivationGradient(kernels, { ...spec, dy: b!, source: a!, dx: y, count: 19 }),
      );
    for (const result of gradient({ kind: "silu", alpha: 1.7 })) {
      const expected = Array.from(x, (v) => sigmoid(1.7 * v) * (1 + 1.7 * v * sigmoid(-1.7 * v)));
      expect(relativeError(result, expected, 1)).toBeLessThan(BOUND);
    }
    for (const result of gradient({ kind: "elu", alpha: 2, beta: 0.5 })) {
      const expected = Array.from(x, (v) => (v < 0 ? Math.exp(v / 2) : 1));
      expect(relativeError(result, expected, 1)).toBeLessThan(BOUND);
    }
  });

  test("an unknown kind is named", () => {
    const spec = { kind: "relu" as "gelu", dy: 0, source: 0, dx: 0, count: 1 };
    expect(() => planActivationGradient(kinds[0]![1], spec)).toThrow(
      "planActivationGradient: expected one of sigmoid, tanh",
    );
  });
});

describe("prelu", () => {
  test.each([
    [7, 5, 5],
    [130, 9, 9],
    [3, 1030, 1030],
    [200, 4, 1],
    [33, 71, 1],
    [1, 1, 1],
    [0, 3, 3],
  ])("[%i, %i] with %i slopes", (rows, cols, slopes) => {
    const random = seededNumbers(rows * cols);
    const count = rows * cols;
    const x = randomFloats(count, random);
    const dy = randomFloats(count, random);
    const slope = randomFloats(slopes, random);
    const before = randomFloats(slopes, random);
    for (const accumulate of [false, true]) {
      const results = computeEverywhere(
        kinds,
        [x, dy, slope],
        count + slopes,
        (kernels, [a, d, s], y) => {
          const dslope = y + 4 * count;
          kernels.arena.f32(dslope, slopes).set(before);
          return planPreluGradient(kernels, {
            x: a!,
            dy: d!,
            slope: s!,
            slopes,
            dx: y,
            dslope,
            accumulate,
            rows,
            cols,
          });
        },
      );
      const expected = new Float64Array(slopes);
      if (accumulate) expected.set(before);
      x.forEach((v, i) => {
        if (v < 0) expected[slopes === 1 ? 0 : i % cols]! += v * dy[i]!;
      });
      for (const result of results) {
        const dx = dy.map((d, i) => (x[i]! < 0 ? d * slope[slopes === 1 ? 0 : i % cols]! : d));
        expect([...result.subarray(0, count)]).toEqual([...dx]);
        expect(relativeError(result.subarray(count), expected, 1)).toBeLessThan(4e-6);
      }
    }
  });

  test("another number of slopes is refused", () => {
    const spec = { x: 0, dy: 0, slope: 0, slopes: 2, rows: 4, cols: 3 };
    expect(() => planPreluGradient(kinds[0]![1], spec)).toThrow(
      "planPreluGradient: expected 3 slopes (one a column) or 1, got 2",
    );
  });
});

test("the gradients of softmax and its logarithm", () => {
  for (const [rows, cols] of [
    [1, 1],
    [3, 7],
    [40, 10],
    [2, 1003],
  ] as const) {
    const random = seededNumbers(cols);
    const count = rows * cols;
    const x = randomFloats(count, random, 5);
    const dy = randomFloats(count, random);
    for (const log of [false, true]) {
      const scale = 0.25;
      const results = computeEverywhere(kinds, [x, dy], count, (kernels, [a, d], y) =>
        joinPlans([
          planSoftmax(kernels, { x: a!, y: a!, rows, cols, log }),
          planSoftmaxGradient(kernels, { y: a!, dy: d!, dx: y, rows, cols, log, scale }),
        ]),
      );
      const expected = new Float64Array(count);
      for (let r = 0; r < rows; r++) {
        const e = Array.from(x.subarray(r * cols, (r + 1) * cols), Math.exp);
        const sum = e.reduce((a, b) => a + b, 0);
        const d = dy.subarray(r * cols, (r + 1) * cols);
        const total = d.reduce((a, v, i) => a + v * (log ? 1 : e[i]! / sum), 0);
        d.forEach((v, i) => {
          const p = e[i]! / sum;
          expected[r * cols + i] = scale * (log ? v - p * total : p * (v - total));
        });
      }
      const largest = Math.max(...expected.map(Math.abs), 1e-3);
      for (const result of results) {
        expect(relativeError(result, expected, largest)).toBeLessThan(1e-5);
      }
    }
  }
});
