import { createRng } from "@edgewright/core";
import { describe, expect, test } from "vitest";
import { goldenLog } from "./golden-log.test-support.js";
import { createLoggedData, type LoggedData } from "./logged-data.js";
import { logisticRewardModel } from "./logistic-reward-model.js";
import { crossFit, type RewardModel } from "./reward-model.js";
import { ridgeRewardModel } from "./ridge-reward-model.js";

const allRows = (data: LoggedData): Int32Array =>
  Int32Array.from({ length: data.rows }, (_, i) => i);

function predictions(model: RewardModel, data: LoggedData, row: number): number[] {
  const out = new Float64Array(data.candidates[row]!.length);
  model.fit(data, allRows(data)).predict(data, row, out);
  return [...out];
}

describe("golden values: scikit-learn 1.9.1 on the twelve rows, features hstack([contexts, eye(3)[arms]])", () => {
  test("ridge: Ridge(alpha=1)", () => {
    const data = goldenLog();
    const first = predictions(ridgeRewardModel(), data, 0);
    const second = predictions(ridgeRewardModel(), data, 1);
    [0.7263425315548817, 0.456421762792363, 0.49735605223061286].forEach((expected, arm) => {
      expect(first[arm]).toBeCloseTo(expected, 12);
    });
    [0.495638651100925, 0.22571788233840628, 0.2666521717766561].forEach((expected, arm) => {
      expect(second[arm]).toBeCloseTo(expected, 12);
    });
  });

  test('logistic: LogisticRegression(C=1, solver="newton-cholesky", tol=1e-12), rewards from 0.5 as 1', () => {
    const log = goldenLog();
    const data = { ...log, rewards: log.rewards.map((r) => (r >= 0.5 ? 1 : 0)) };
    const first = predictions(logisticRewardModel(), data, 0);
    const second = predictions(logisticRewardModel(), data, 1);
    [0.7667992363607818, 0.5210033091474395, 0.6927396534518752].forEach((expected, arm) => {
      expect(first[arm]).toBeCloseTo(expected, 8);
    });
    [0.5875301468218589, 0.32027721172131984, 0.49409976837431396].forEach((expected, arm) => {
      expect(second[arm]).toBeCloseTo(expected, 8);
    });
  });
});

/** By Gram and Schmidt's orthogonalisation, twice for its digits: no normal equations. */
function solveLeastSquares(design: number[][], observed: number[]): number[] {
  const width = design[0]!.length;
  const dot = (a: number[], b: number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const basis: number[][] = [];
  const upper: number[][] = [];
  for (let j = 0; j < width; j++) {
    let column = design.map((row) => row[j]!);
    const factors = new Array<number>(width).fill(0);
    for (let pass = 0; pass < 2; pass++) {
      basis.forEach((one, k) => {
        const part = dot(one, column);
        factors[k]! += part;
        column = column.map((x, i) => x - part * one[i]!);
      });
    }
    factors[j] = Math.sqrt(dot(column, column));
    basis.push(column.map((x) => x / factors[j]!));
    upper.push(factors);
  }
  const theta = basis.map((one) => dot(one, observed));
  for (let j = width - 1; j >= 0; j--) {
    for (let k = j + 1; k < width; k++) theta[j]! -= upper[k]![j]! * theta[k]!;
    theta[j]! /= upper[j]![j]!;
  }
  return theta;
}

// What arm a earns grows with x, what b earns falls.
function crossing(rows: number): LoggedData {
  const rng = createRng(21);
  const contexts = Array.from({ length: rows }, () => [rng.normal()]);
  const chosen = contexts.map(() => rng.integer(0, 2));
  return createLoggedData({
    arms: ["a", "b"],
    chosen,
    contexts,
    rewards: chosen.map((arm, i) => (arm === 0 ? 1 : -1) * contexts[i]![0]! + rng.normal(0, 0.1)),
    propensities: chosen.map(() => 0.5),
  });
}

test("separate arms learn what one model over all cannot", () => {
  const data = crossing(400);
  const x = data.contexts[0]!;
  const [a, b] = predictions(ridgeRewardModel({ arms: "separate" }), data, 0) as [number, number];
  expect(a).toBeCloseTo(x, 1);
  expect(b).toBeCloseTo(-x, 1);
  const [first, second] = predictions(ridgeRewardModel(), data, 0) as [number, number];
  expect(Math.abs(first - second)).toBeLessThan(Math.abs(2 * x) / 2);
});

test("every position has its own model, unless all share one", () => {
  const positions = Array.from({ length: 60 }, (_, i) => i % 2);
  const data = createLoggedData({
    arms: ["a", "b"],
    chosen: positions.map((_, i) => (i % 3 === 0 ? 0 : 1)),
    rewards: positions,
    propensities: positions.map(() => 0.5),
    positions,
  });
  const apart = predictions(ridgeRewardModel(), data, 1);
  expect(apart[0]).toBeCloseTo(1, 6);
  expect(predictions(ridgeRewardModel(), data, 2)[0]).toBeCloseTo(0, 6);
  const shared = predictions(ridgeRewardModel({ perPosition: false }), data, 1);
  expect(Math.abs(shared[0]! - 0.5)).toBeLessThan(0.3);
});

test("features tell an arm that was never chosen from another", () => {
  const chosen = Array.from({ length: 80 }, (_, i) => (i % 2 === 0 ? "a" : "b"));
  const data = createLoggedData({
    arms: ["a", "b", "c"],
    armFeatures: [[0], [1], [2]],
    chosen,
    rewards: chosen.map((arm) => (arm === "a" ? 0 : 1)),
    propensities: chosen.map(() => 0.5),
  });
  const out = predictions(ridgeRewardModel({ armTerms: "features", penalty: 1e-6 }), data, 0);
  expect(out[2]).toBeCloseTo(2, 4);
});

test("rewards that are all the same are predicted as such", () => {
  const data = createLoggedData({
    arms: ["a", "b"],
    chosen: ["a", "b", "a"],
    rewards: [0, 0, 0],
    propensities: [0.5, 0.5, 0.5],
    contexts: [[1], [2], [3]],
  });
  expect(predictions(logisticRewardModel(), data, 0)).toEqual([0, 0]);
  const ones = { ...data, rewards: new Float64Array(3).fill(1) };
  expect(predictions(logisticRewardModel(), ones, 0)).toEqual([1, 1]);
});

describe("cross-fitting", () => {
  test("no row is predicted by a model that has seen it; folds are even and seeded", () => {
    const data = crossing(31);
    const seen: number[][] = [];
    const spy: RewardModel = {
      name: "spy",
      fit(_, rows) {
        const own = [...rows];
        seen.push(own);
        return { predict: (_data, row, out) => void out.fill(own.includes(row) ? 1 : 0) };
      },
    };
    const predictor = crossFit(data, spy, { seed: 4 });
    const out = new Float64Array(2);
    for (let row = 0; row < data.rows; row++) {
      predictor.predict(row, out);
      expect(out[0]).toBe(0);
    }
    expect(seen.map(({ length }) => length).sort()).toEqual([20, 21, 21]);
    const before = JSON.stringify(seen);
    seen.length = 0;
    crossFit(data, spy, { seed: 4 });
    expect(JSON.stringify(seen)).toBe(before);
  });

  test("one fold learns from everything; given folds are used", () => {
    const data = crossing(6);
    const sizes: number[] = [];
    const spy: RewardModel = {
      name: "spy",
      fit: (_, rows) => {
        sizes.push(rows.length);
        return { predict: () => undefined };
      },
    };
    crossFit(data, spy, { folds: 1 });
    crossFit(data, spy, { foldOf: [0, 0, 0, 0, 1, 1] });
    expect(sizes).toEqual([6, 2, 4]);
  });

  test("refuses folds that cannot be", () => {
    const data = crossing(5);
    const model = ridgeRewardModel();
    expect(() => crossFit(data, model, { folds: 6 })).toThrow("from 1 to the 5 rows");
    expect(() => crossFit(data, model, { foldOf: [0, 1] })).toThrow("a fold for each of 5 rows");
    expect(() => crossFit(data, model, { foldOf: [0, 1, -1, 0, 1] })).toThrow("row 2");
    expect(() => crossFit(data, model, { foldOf: [0, 1, 5, 0, 1] })).toThrow(
      "row 2: a whole fold from 0 to 4 was expected, got 5",
    );
    expect(() => crossFit(data, model, { foldOf: [1, 1, 1, 1, 1] })).toThrow("at least two folds");
  });
});

test("a penalised model of arms and features solves its normal equations, written out densely", () => {
  const rng = createRng(8);
  const rows = 60;
  const contexts = Array.from({ length: rows }, () => [rng.normal(), rng.normal()]);
  const armFeatures = Array.from({ length: 7 }, () => [rng.normal(), rng.normal()]);
  // Arm 5 is never chosen.
  const chosen = contexts.map((_, i) => (i * 3) % 7).map((arm) => (arm === 5 ? 6 : arm));
  const arms = armFeatures.map((_, arm) => `arm ${arm}`);
  const rewards = chosen.map((arm) => arm / 7 + rng.normal());
  const data = createLoggedData({ arms, chosen, rewards, contexts, armFeatures });
  const penalty = 0.3;
  const oneHot = (arm: number): number[] => arms.map((_, other) => (other === arm ? 1 : 0));
  const featuresOf = (row: number, arm: number): number[] => [
    ...[1, ...contexts[row]!],
    ...[...oneHot(arm), ...armFeatures[arm]!],
  ];
  // A ridge is the least squares solution with rows of sqrt(penalty) added for every coefficient but the intercept.
  const design = chosen.map((arm, row) => featuresOf(row, arm));
  const observed = [...rewards];
  for (let j = 1; j < design[0]!.length; j++) {
    design.push(design[0]!.map((_, k) => (k === j ? Math.sqrt(penalty) : 0)));
    observed.push(0);
  }
  const theta = solveLeastSquares(design, observed);
  const model = ridgeRewardModel({ penalty }).fit(data, allRows(data));
  const out = new Float64Array(7);
  for (const row of [0, 31, 59]) {
    model.predict(data, row, out);
    for (let arm = 0; arm < 7; arm++) {
      const expected = featuresOf(row, arm).reduce((sum, z, j) => sum + z * theta[j]!, 0);
      expect(out[arm]).toBeCloseTo(expected, 9);
    }
  }
});

test("thousands of arms cost no more than their rows", () => {
  const arms = Array.from({ length: 5000 }, (_, arm) => `arm ${arm}`);
  const chosen = Array.from({ length: 2000 }, (_, i) => (i * 7) % 5000);
  const rewards = chosen.map((arm) => (arm % 14 === 0 ? 1 : 0));
  const data = createLoggedData({
    arms,
    chosen,
    rewards,
    contexts: chosen.map((arm) => [arm % 3]),
  });
  const out = predictions(logisticRewardModel(), data, 0);
  const [rewarded, unchosen, unrewarded] = [out[0]!, out[1]!, out[7]!];
  expect(rewarded).toBeGreaterThan(1.5 * unchosen);
  expect(unchosen).toBeGreaterThan(1.05 * unrewarded);
});

test("refuses penalties and rewards it cannot use", () => {
  expect(() => ridgeRewardModel({ penalty: 0 })).toThrow("a finite penalty above 0");
  const data = crossing(10);
  expect(() => logisticRewardModel().fit(data, allRows(data))).toThrow(
    "a reward from 0 to 1 was expected",
  );
});
