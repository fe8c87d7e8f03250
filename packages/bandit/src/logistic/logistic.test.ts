import { createRng, ValidationError } from "@edgewright/core";
import { expect, test } from "vitest";
import { playRounds, roomFor, type World } from "../kernel/play-world.test-support.js";
import { normalCdf } from "../policy/normal-distribution.js";
import { LogisticModel, logistic } from "./logistic-model.js";
import { logisticThompson } from "./logistic-thompson.js";
import { logisticUcb } from "./logistic-ucb.js";

const D = 3;

function drawExamples(seed: number, count: number) {
  const rng = createRng(seed);
  const truth = [1.5, -1, 0.5];
  return Array.from({ length: count }, () => {
    const x = Float64Array.from({ length: D }, () => rng.normal());
    const p = logistic(x.reduce((sum, value, i) => sum + value * truth[i]!, 0));
    return { x, reward: rng.uniform() < p ? 1 : 0 };
  });
}

test("an example moves the mean to the maximum of its posterior: the gradient vanishes there", () => {
  const model = new LogisticModel(D, 0.5, true);
  // Independent of the model: mean and precision written out, the maximum by Newton's method in all dimensions.
  let mean = [0, 0, 0];
  const precision = [0, 1, 2].map((i) => [0, 1, 2].map((j): number => (i === j ? 0.5 : 0)));
  for (const { x, reward } of drawExamples(1, 30)) {
    const weight = 1 + Math.abs(x[0]!);
    const w = [...mean];
    for (let round = 0; round < 60; round++) {
      const p = logistic(w.reduce((sum, value, i) => sum + value * x[i]!, 0));
      const gradient = w.map(
        (_, i) =>
          precision[i]!.reduce((sum, value, j) => sum + value * (w[j]! - mean[j]!), 0) +
          weight * (p - reward) * x[i]!,
      );
      const hessian = precision.map((row, i) =>
        row.map((value, j) => value + weight * p * (1 - p) * x[i]! * x[j]!),
      );
      // Half steps cannot overshoot so far that they never come back.
      solve3(hessian, gradient).forEach((value, i) => {
        w[i]! -= round < 30 ? value / 2 : value;
      });
    }
    mean = w;
    const p = logistic(w.reduce((sum, value, i) => sum + value * x[i]!, 0));
    for (let i = 0; i < D; i++) {
      for (let j = 0; j < D; j++) precision[i]![j]! += weight * p * (1 - p) * x[i]! * x[j]!;
    }
    model.add(x, reward, weight);
    const probe = Float64Array.of(0.3, -2, 1);
    const expected = mean.reduce((sum, value, i) => sum + value * probe[i]!, 0);
    expect(model.logit(probe)).toBeCloseTo(expected, 8);
    const spread = solve3(precision, [...probe]);
    expect(model.variance(probe)).toBeCloseTo(
      spread.reduce((sum, value, i) => sum + value * probe[i]!, 0),
      8,
    );
  }
});

test("with one feature the diagonal is all there is, and both kinds agree", () => {
  const full = new LogisticModel(1, 2, true);
  const diagonal = new LogisticModel(1, 2, false);
  for (const { x, reward } of drawExamples(2, 50)) {
    full.add(x.subarray(0, 1), reward, 1);
    diagonal.add(x.subarray(0, 1), reward, 1);
  }
  const probe = Float64Array.of(0.7);
  expect(full.logit(probe)).toBeCloseTo(diagonal.logit(probe), 10);
  expect(full.variance(probe)).toBeCloseTo(diagonal.variance(probe), 10);
});

test("many examples recover the weights that drew them", () => {
  for (const full of [true, false]) {
    const model = new LogisticModel(D, 1, full);
    for (const { x, reward } of drawExamples(3, 4000)) model.add(x, reward, 1);
    [1.5, -1, 0.5].forEach((weight, i) => {
      const unit = Float64Array.from({ length: D }, (_, k) => (k === i ? 1 : 0));
      // Three standard errors are about 0.15, and the online approximation shrinks a little.
      expect(Math.abs(model.logit(unit) - weight)).toBeLessThan(0.25);
    });
  }
});

const CLICKS: World = {
  contextDimension: 2,
  arms: [0, 1, 2].map((arm) => Float64Array.of(arm)),
  mean: ([x], arm) => [0.1 + 0.8 * x!, 0.9 - 0.8 * x!, 0.5][arm]!,
};

test("both policies learn which arm earns most where, with probabilities that sum to 1", () => {
  const random = (200 * 0.4) / 2;
  for (const make of [logisticUcb, logisticThompson]) {
    for (const covariance of ["full", "diagonal"] as const) {
      const policy = make({ dimension: 2, covariance });
      for (const slot of [0, 1, 2]) policy.addArm(slot);
      playRounds(policy, CLICKS, 800, 4, createRng(5));
      expect(playRounds(policy, CLICKS, 200, 6, createRng(7))).toBeLessThan(random / 2);
      const out = roomFor(3);
      const choices = {
        slots: [0, 1, 2],
        context: Float64Array.of(0.9, 1),
        armFeatures: new Float64Array(0),
      };
      policy.evaluate(choices, createRng(1), out);
      expect(out.probabilities.reduce((sum, value) => sum + value)).toBeCloseTo(1, 9);
      expect(out.widths.every((width) => width > 0 && width < 0.4)).toBe(true);
    }
  }
});

test("the probability of the better of two arms is that of a normal difference, at every scale", () => {
  const context = Float64Array.of(1);
  const example = { context, armFeatures: new Float64Array(0), propensity: 1, weight: 1 };
  for (const scale of [0.3, 1, 2]) {
    const policy = logisticThompson({ dimension: 1, scale });
    const models = [1, 0].map((reward, slot) => {
      policy.addArm(slot);
      policy.learn({ ...example, slot, reward }, createRng(1));
      const model = new LogisticModel(1, 1, true);
      model.add(context, reward, 1);
      return model;
    });
    const out = roomFor(2);
    const choices = { slots: [0, 1], context, armFeatures: example.armFeatures };
    policy.evaluate(choices, createRng(1), out);
    const [gap, variance] = [
      models[0]!.logit(context) - models[1]!.logit(context),
      models[0]!.variance(context) + models[1]!.variance(context),
    ];
    const expected = normalCdf(gap / (scale * Math.sqrt(variance)));
    expect(out.probabilities[0]).toBeCloseTo(expected, 6);
  }
});

test("states resume bit for bit, damaged ones are refused, arms begin like others", () => {
  for (const covariance of ["full", "diagonal"] as const) {
    const policy = logisticUcb({ dimension: 2, covariance });
    for (const slot of [0, 1, 2]) policy.addArm(slot);
    playRounds(policy, CLICKS, 50, 4, createRng(5));
    const text = JSON.stringify(policy.state());
    const other = logisticUcb({ dimension: 2, covariance });
    other.restore(JSON.parse(text));
    expect(playRounds(other, CLICKS, 50, 1, createRng(1))).toBe(
      playRounds(policy, CLICKS, 50, 1, createRng(1)),
    );
    expect(JSON.stringify(other.state())).toBe(JSON.stringify(policy.state()));
    const before = JSON.stringify(other.state());
    const damage = (
      change: (state: { kind: string; models: Record<string, unknown>[] }) => void,
    ) => {
      const state = JSON.parse(text);
      change(state);
      expect(() => other.restore(state)).toThrow(ValidationError);
      expect(JSON.stringify(other.state())).toBe(before);
    };
    damage((state) => {
      state.kind = "x";
    });
    damage((state) => {
      state.models[1]!.slot = 0;
    });
    damage((state) => {
      state.models[2]!.slot = -1;
    });
    damage((state) => {
      state.models[2]!.mean = "AAAA";
    });
    damage((state) => {
      state.models[2]!.precision = state.models[2]!.mean;
    });
    damage((state) => {
      state.models[2] = null as never;
    });
    expect(() => other.restore(null)).toThrow(ValidationError);
    policy.addArm(3, 1);
    const out = roomFor(2);
    const choices = {
      slots: [1, 3],
      context: Float64Array.of(0.3, 1),
      armFeatures: new Float64Array(0),
    };
    policy.evaluate(choices, createRng(1), out);
    expect(out.means[1]).toBe(out.means[0]);
    policy.removeArm(3);
    policy.addArm(3);
    policy.evaluate(choices, createRng(1), out);
    expect(out.means[1]).toBe(0.5);
  }
});

test("rare clicks on huge features neither overflow nor stall", () => {
  const policy = logisticThompson({ dimension: 1 });
  policy.addArm(0);
  const example = { slot: 0, armFeatures: new Float64Array(0), propensity: 1, weight: 1 };
  for (const size of [1e8, 1e50, 1e-50]) {
    for (let n = 0; n < 50; n++) {
      policy.learn({ ...example, context: Float64Array.of(size), reward: n % 2 }, createRng(1));
    }
  }
  const out = roomFor(1);
  policy.evaluate(
    { slots: [0], context: Float64Array.of(1), armFeatures: new Float64Array(0) },
    createRng(1),
    out,
  );
  expect(Number.isFinite(out.means[0]!)).toBe(true);
  const before = JSON.stringify(policy.state());
  const context = Float64Array.of(1e200);
  expect(() => policy.learn({ ...example, context, reward: 1 }, createRng(1))).toThrow(
    "scale them",
  );
  const heavy = { slot: 0, context: Float64Array.of(1), armFeatures: new Float64Array(0) };
  expect(() =>
    policy.learn({ ...heavy, reward: 1, propensity: 1, weight: 1e300 }, createRng(1)),
  ).toThrow("scale them");
  expect(JSON.stringify(policy.state())).toBe(before);
  expect(() => logisticUcb({ dimension: 0 })).toThrow("dimension");
  expect(() => logisticUcb({ dimension: 1, alpha: -1 })).toThrow("alpha");
  expect(() => logisticThompson({ dimension: 1, ridge: 0 })).toThrow("ridge");
});

function solve3(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  for (let k = 0; k < 3; k++) {
    for (let i = k + 1; i < 3; i++) {
      const factor = rows[i]![k]! / rows[k]![k]!;
      for (let j = k; j < 4; j++) rows[i]![j]! -= factor * rows[k]![j]!;
    }
  }
  const x = [0, 0, 0];
  for (let i = 2; i >= 0; i--) {
    let rest = rows[i]![3]!;
    for (let j = i + 1; j < 3; j++) rest -= rows[i]![j]! * x[j]!;
    x[i] = rest / rows[i]![i]!;
  }
  return x;
}
