import { describe, expect, test } from "vitest";
import { type Activation, type ActivationKind, planUnary } from "../index.js";
import {
  computeFloats,
  loadEveryKind,
  randomFloats,
  relativeError,
  seededNumbers,
} from "../runtime/fixtures.test-support.js";

const kinds = await loadEveryKind();

// erf by its Maclaurin series up to 3, by the continued fraction of erfc beyond: both exact to 1e-15.
function erf(x: number): number {
  const z = Math.abs(x);
  if (z < 3) {
    let term = z;
    let sum = z;
    for (let n = 1; n < 80; n++) {
      term *= (-z * z) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (z + fraction);
  return Math.sign(x) * (1 - Math.exp(-z * z) / (z + fraction) / Math.sqrt(Math.PI));
}
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const clip = (x: number) => Math.min(Math.max(x, 0), 1);
const elu = (x: number) => (x < 0 ? Math.expm1(x) : x);

const REFERENCE: Record<ActivationKind, (x: number) => number> = {
  identity: (x) => x,
  relu: (x) => Math.max(x, 0),
  clip: (x) => x,
  "leaky-relu": (x) => (x < 0 ? Math.fround(0.01) * x : x),
  "hard-sigmoid": (x) => clip(0.2 * x + 0.5),
  "hard-swish": (x) => x * clip(x / 6 + 0.5),
  sigmoid,
  silu: (x) => x * sigmoid(x),
  tanh: Math.tanh,
  "gelu-tanh": (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  erf,
  gelu: (x) => (x / 2) * (1 + erf(x * Math.SQRT1_2)),
  exp: Math.exp,
  elu,
  selu: (x) => 1.0507009873554805 * (x < 0 ? 1.6732632423543772 * Math.expm1(x) : x),
  softplus,
  mish: (x) => x * Math.tanh(softplus(x)),
  softsign: (x) => x / (1 + Math.abs(x)),
  "thresholded-relu": (x) => (x > 1 ? x : 0),
  log: Math.log,
  sqrt: Math.sqrt,
  reciprocal: (x) => 1 / x,
  neg: (x) => -x,
  abs: Math.abs,
  floor: Math.floor,
  ceil: Math.ceil,
  round: (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)),
  sign: Math.sign,
  square: (x) => x * x,
  expm1: Math.expm1,
};

// What Activation promises: 1e-6 relative. Three subtract nearly equal numbers and promise it of |x| (gelu)
// or of 1 (hard-sigmoid, whose zero lies at a rounded quotient).
const RELATIVE = 1e-6;
const VANISHING = 3e-36; // below this silu and mish may be 0: their factor e^x is no normal float
const ABSOLUTE_IN_X: ActivationKind[] = ["gelu", "gelu-tanh", "hard-swish"];

describe.each(kinds)("%s", (_, kernels) => {
  const apply = (op: ActivationKind | Activation, x: Float32Array) =>
    computeFloats(kernels, [x], x.length, ([at], y) =>
      planUnary(kernels, { op, x: at!, y, count: x.length }),
    );

  test.each(Object.keys(REFERENCE) as ActivationKind[])("%s keeps its bound", (kind) => {
    const random = seededNumbers(kind.length);
    const sweep = Float32Array.from({ length: 4001 }, (_, i) => (i - 2000) / 20);
    const small = randomFloats(2001, random, 1);
    const tiny = randomFloats(999, random, 1e-4);
    for (const x of [sweep, small, tiny]) {
      const expected = Float64Array.from(x, REFERENCE[kind]);
      const actual = apply(kind, x);
      let worst = 0;
      for (const [i, value] of x.entries()) {
        const e = expected[i]!;
        const a = actual[i]!;
        if (Object.is(a, Math.fround(e)) || a === e) continue;
        if (Math.abs(e) < VANISHING && Math.abs(a) < VANISHING) continue;
        let unit = Math.abs(e);
        if (ABSOLUTE_IN_X.includes(kind)) unit = Math.abs(value);
        if (kind === "hard-sigmoid") unit = 1;
        const error = Math.abs(a - e) / unit;
        worst = Math.max(worst, Number.isFinite(error) ? error : Number.POSITIVE_INFINITY);
      }
      expect(worst).toBeLessThan(RELATIVE);
    }
  });

  test("every length writes its own floats and no others", () => {
    for (const count of [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 1023, 1024, 1025, 2051]) {
      const x = randomFloats(count, seededNumbers(count), 3);
      for (const op of ["relu", "sigmoid", "identity"] as const) {
        expect(relativeError(apply(op, x), Array.from(x, REFERENCE[op]))).toBeLessThan(RELATIVE);
      }
    }
  });

  test("NaN and infinities come out as the limit does", () => {
    const x = new Float32Array([Number.NaN, Infinity, -Infinity, -0, 1e30, -1e30]);
    const limits: Partial<Record<ActivationKind, number[]>> = {
      relu: [Number.NaN, Infinity, 0, 0, 1e30, 0],
      sigmoid: [Number.NaN, 1, 0, 0.5, 1, 0],
      silu: [Number.NaN, Infinity, 0, 0, 1e30, 0],
      tanh: [Number.NaN, 1, -1, 0, 1, -1],
      exp: [Number.NaN, Infinity, 0, 1, Infinity, 0],
      gelu: [Number.NaN, Infinity, 0, 0, 1e30, 0],
      "gelu-tanh": [Number.NaN, Infinity, 0, 0, 1e30, 0],
      mish: [Number.NaN, Infinity, 0, 0, 1e30, 0],
      elu: [Number.NaN, Infinity, -1, 0, 1e30, -1],
      softplus: [Number.NaN, Infinity, 0, Math.LN2, 1e30, 0],
      erf: [Number.NaN, 1, -1, 0, 1, -1],
      log: [Number.NaN, Infinity, Number.NaN, -Infinity, Math.log(1e30), Number.NaN],
      sqrt: [Number.NaN, Infinity, Number.NaN, 0, 1e15, Number.NaN],
      sign: [Number.NaN, 1, -1, 0, 1, -1],
      "leaky-relu": [Number.NaN, Infinity, -Infinity, 0, 1e30, -1e28],
      "thresholded-relu": [Number.NaN, Infinity, 0, 0, 1e30, 0],
    };
    for (const [kind, expected] of Object.entries(limits)) {
      const actual = apply(kind as ActivationKind, x);
      expect([kind, relativeError(actual, expected)]).toEqual([kind, expect.closeTo(0, 6)]);
    }
  });

  test("parameters, scale and shift", () => {
    const x = randomFloats(37, seededNumbers(1), 8);
    const cases: [Activation, (x: number) => number][] = [
      [{ kind: "clip", alpha: -1, beta: 6 }, (v) => Math.min(Math.max(v, -1), 6)],
      [{ kind: "leaky-relu", alpha: 0.25 }, (v) => (v < 0 ? 0.25 * v : v)],
      [
        { kind: "leaky-relu", alpha: 0.25, beta: -0.5 },
        (v) => Math.max(v < 0 ? 0.25 * v : v, -0.5),
      ],
      [{ kind: "elu", alpha: 2, beta: 0.5 }, (v) => (v < 0 ? 2 * Math.expm1(v / 2) : v)],
      [{ kind: "silu", alpha: 1.5 }, (v) => v * sigmoid(1.5 * v)],
      [{ kind: "thresholded-relu", alpha: 3 }, (v) => (v > 3 ? v : 0)],
      [{ kind: "identity", scale: 2, shift: -3 }, (v) => 2 * v - 3],
      [{ kind: "relu", scale: -0.5, shift: 1 }, (v) => 1 - Math.max(v, 0) / 2],
      [{ kind: "sigmoid", scale: 4, shift: 8 }, (v) => 4 * sigmoid(v) + 8],
    ];
    for (const [activation, reference] of cases) {
      expect(relativeError(apply(activation, x), Array.from(x, reference), 1)).toBeLessThan(
        RELATIVE,
      );
    }
  });

  test("an unknown function is named", () => {
    expect(() =>
      planUnary(kernels, { op: "swoosh" as ActivationKind, x: 0, y: 0, count: 1 }),
    ).toThrow("activation: expected one of identity, relu");
    expect(() => planUnary(kernels, { op: "relu", x: 0, y: 0, count: 1.5 })).toThrow(
      "planUnary: expected count to be a whole number from 0, got 1.5",
    );
  });
});
