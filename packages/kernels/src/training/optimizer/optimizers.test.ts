import { describe, expect, test } from "vitest";
import type { Kernels } from "../../index.js";
import { randomFloats, relativeError, seededNumbers } from "../../runtime/fixtures.test-support.js";
import { loadEveryTrainingKind } from "../fixtures.test-support.js";
import { planAdam, planSgd, planSumOfSquares, sumOfSquaresWorkspaceBytes } from "../index.js";

const kinds = await loadEveryTrainingKind();
const STEPS = 6;

interface Case {
  readonly momentum?: number;
  readonly nesterov?: boolean;
  readonly betas?: [number, number];
  readonly epsilon?: number;
  readonly decoupled?: boolean;
  readonly clipValue?: number;
  readonly weightDecay?: number;
  readonly learningRateFactor?: number;
}

// torch.optim.SGD (dampening 0), Adam and AdamW in 64 bits, for one number.
function sgdReference(
  w: number,
  gradients: number[],
  rates: number[],
  scale: number,
  how: Case,
): number {
  const { momentum = 0, nesterov = false, clipValue = Infinity, weightDecay = 0 } = how;
  let v = 0;
  gradients.forEach((g, i) => {
    const d = Math.min(Math.max(scale * g, -clipValue), clipValue) + weightDecay * w;
    v = momentum * v + d;
    w -= rates[i]! * (how.learningRateFactor ?? 1) * (nesterov ? d + momentum * v : v);
  });
  return w;
}
function adamReference(
  w: number,
  gradients: number[],
  rates: number[],
  scale: number,
  how: Case,
): number {
  const { betas = [0.9, 0.999], epsilon = 1e-8, decoupled = false, weightDecay = 0 } = how;
  let m = 0;
  let v = 0;
  gradients.forEach((g, i) => {
    const rate = rates[i]! * (how.learningRateFactor ?? 1);
    const d = scale * g + (decoupled ? 0 : weightDecay * w);
    if (decoupled) w -= rate * weightDecay * w;
    m = betas[0] * m + (1 - betas[0]) * d;
    v = betas[1] * v + (1 - betas[1]) * d * d;
    const square = Math.sqrt(v / (1 - betas[1] ** (i + 1)));
    w -= (rate * (m / (1 - betas[0] ** (i + 1)))) / (square + epsilon);
  });
  return w;
}

const SIZES = [1, 4, 7, 1024, 2500];
const SCALE = 0.5;
const rates = Array.from({ length: STEPS }, (_, i) => 0.05 / (i + 1));

/** Trains parameters of several sizes, the last as [5, 20] with some columns only; gives them one after another. */
function train(kernels: Kernels, kind: "sgd" | "adam", how: Case) {
  const { arena } = kernels;
  const random = seededNumbers(5);
  const { weightDecay = 0, learningRateFactor = 1, ...settings } = how;
  const columns = { indices: [19, 2, 3, 11, 7], cols: 20 };
  const counts = [...SIZES, 100];
  const made = counts.map((count) => {
    const start = randomFloats(count, random);
    const trained = count === 100 ? 25 : count;
    const gradients = rates.map(() => randomFloats(trained, random));
    const states = [0, 1].map(() => arena.upload(new Float32Array(trained)));
    return {
      count,
      start,
      gradients,
      states,
      w: arena.upload(start),
      g: arena.allocate(4 * trained),
    };
  });
  const parameters = made.map(({ count, w, g, states: [a, b] }) => ({
    ...{ parameter: w.ptr, gradient: g.ptr, count, weightDecay, learningRateFactor },
    ...{ velocity: how.momentum ? a!.ptr : 0, mean: a!.ptr, square: b!.ptr },
    ...(count === 100 && { columns }),
  }));
  const spec = { parameters, learningRate: 1, ...settings };
  const used = arena.used;
  const plan = kind === "sgd" ? planSgd(kernels, spec) : planAdam(kernels, spec);
  expect(arena.used - used).toBeGreaterThanOrEqual(plan.bytes);
  const jobs = plan.jobs.map((job) => ({ ...job, grain: 1 })); // threads share even the small ones
  rates.forEach((learningRate, i) => {
    for (const { g, gradients } of made) arena.f32(g.ptr, gradients[i]!.length).set(gradients[i]!);
    plan.set({ learningRate, gradientScale: SCALE, step: i + 1 });
    kernels.run({ ...plan, jobs });
  });
  plan.dispose();
  expect(arena.used).toBe(used);
  const reference = kind === "sgd" ? sgdReference : adamReference;
  const actual: number[] = [];
  const expected: number[] = [];
  for (const { count, w, start, gradients, states, g } of made) {
    actual.push(...arena.f32(w.ptr, count));
    expected.push(
      ...Array.from(start, (value, i) => {
        const at = count === 100 ? columns.indices.indexOf(i % 20) : i;
        if (at < 0) return value; // a column that is not trained
        const own = count === 100 ? Math.floor(i / 20) * 5 + at : i;
        return reference(
          value,
          gradients.map((one) => one[own]!),
          rates,
          SCALE,
          how,
        );
      }),
    );
    for (const allocation of [w, g, ...states]) allocation.dispose();
  }
  return { actual, expected };
}

const SGD: Case[] = [
  {},
  { weightDecay: 0.1 },
  { momentum: 0.9 },
  { momentum: 0.9, nesterov: true, weightDecay: 0.01 },
  { momentum: 0.5, clipValue: 0.2, learningRateFactor: 2 },
];
const ADAM: Case[] = [
  {},
  { weightDecay: 0.1 },
  { weightDecay: 0.1, decoupled: true, learningRateFactor: 0.5 },
  { betas: [0.8, 0.95], epsilon: 1e-3 },
];

describe.each([
  ["sgd", SGD],
  ["adam", ADAM],
] as const)("%s", (kind, cases) => {
  test.each(cases)("%o", (how) => {
    const bits = new Map<string, number[]>();
    for (const [name, kernels] of kinds) {
      const { actual, expected } = train(kernels, kind, how);
      expect(relativeError(actual, expected, 1), name).toBeLessThan(2e-6);
      expect(actual, name).toEqual(bits.get(kernels.variant) ?? actual);
      bits.set(kernels.variant, actual);
    }
  });
});

test("what does not fit is refused", () => {
  const [, kernels] = kinds[0]!;
  const used = kernels.arena.used;
  const one = { parameter: 0, gradient: 0, count: 12, mean: 0, square: 0 };
  const sgd = (extra: object, settings: object = {}) =>
    planSgd(kernels, { parameters: [{ ...one, ...extra }], learningRate: 1, ...settings });
  expect(() => sgd({ columns: { indices: [0, 5], cols: 5 } })).toThrow(
    "planSgd: 12 floats are no rows of 5 columns",
  );
  for (const indices of [[4], [-1], [0.5], [1, 1]]) {
    expect(() => sgd({ columns: { indices, cols: 4 } })).toThrow(
      `planSgd: expected different columns from 0 to 3, got [${indices.join(", ")}]`,
    );
  }
  expect(() => sgd({ count: 1.5 })).toThrow("planSgd: expected count to be a whole number from 0");
  expect(() => sgd({}, { momentum: 2 })).toThrow("planSgd: expected momentum from 0 to 1, got 2");
  expect(() => sgd({ weightDecay: -1 })).toThrow(
    "planSgd: expected weightDecay of 0 or more, got -1",
  );
  expect(() => planAdam(kernels, { parameters: [one], learningRate: 1, betas: [0.9, 1] })).toThrow(
    "planAdam: expected the second of betas from 0 to",
  );
  expect(kernels.arena.used).toBe(used);
});

describe("sum of squares", () => {
  test("of several runs, in 64 bits", () => {
    const counts = [1, 0, 4096, 10_001];
    const random = seededNumbers(1);
    const data = counts.map((count) => randomFloats(count, random, 1e20));
    const expected = data.reduce((sum, run) => run.reduce((s, v) => s + v * v, sum), 0);
    const results = kinds.map(([, kernels]) => {
      const { arena } = kernels;
      const runs = data.map((run) => ({ x: arena.upload(run).ptr, count: run.length }));
      using workspace = arena.allocate(sumOfSquaresWorkspaceBytes(counts));
      using plan = planSumOfSquares(kernels, { runs, workspace: workspace.ptr });
      kernels.run({ ...plan, jobs: plan.jobs.map((job) => ({ ...job, grain: 1 })) });
      return plan.read();
    });
    for (const result of results) expect(Math.abs(result / expected - 1)).toBeLessThan(1e-13);
    expect(new Set(results).size).toBe(1);
  });

  test("is finite just when every element is", () => {
    const [, kernels] = kinds[0]!;
    for (const [value, finite] of [
      [3e38, true],
      [Number.NaN, false],
      [-Infinity, false],
    ] as const) {
      using x = kernels.arena.upload(new Float32Array(5000).fill(1).fill(value, 4999));
      using workspace = kernels.arena.allocate(sumOfSquaresWorkspaceBytes([5000]));
      const runs = [{ x: x.ptr, count: 5000 }];
      using plan = planSumOfSquares(kernels, { runs, workspace: workspace.ptr });
      kernels.run(plan);
      expect(Number.isFinite(plan.read())).toBe(finite);
    }
  });
});
