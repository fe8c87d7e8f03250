import { describe, expect, test } from "vitest";
import { planGroupNorm, planNormalize } from "../../index.js";
import { randomFloats, seededNumbers } from "../../runtime/fixtures.test-support.js";
import { computeEverywhere } from "../compute-everywhere.test-support.js";
import { loadEveryTrainingKind } from "../fixtures.test-support.js";
import { errorOfLargest, normalizeSlowly } from "./norm-reference.test-support.js";
import {
  groupNormGradientWorkspaceBytes,
  groupNormTrainingWorkspaceBytes,
  planGroupNormGradient,
  planGroupNormTraining,
} from "./plan-group-norm-training.js";
import {
  planRowNormGradient,
  planRowNormTraining,
  rowNormGradientWorkspaceBytes,
} from "./plan-row-norm-training.js";

const kinds = await loadEveryTrainingKind();
const [, kernels] = kinds[0]!;
const TOLERANCE = 4e-6; // of the largest result: the bar is 1e-4
const EPSILON = 1e-3;

/** Random operands of a normalisation over the last axis of `cols`. */
function example(count: number, cols: number) {
  const random = seededNumbers(count + cols);
  return {
    x: randomFloats(count, random, 2).map((v) => v + 1.5),
    dy: randomFloats(count, random),
    gamma: randomFloats(cols, random, 2),
    beta: randomFloats(cols, random),
  };
}

/** Splits floats behind each other into runs of the given lengths. */
function runs(all: Float32Array, lengths: readonly number[]): Float32Array[] {
  let from = 0;
  return lengths.map((length) => {
    from += length;
    return all.subarray(from - length, from);
  });
}

describe("group normalisation in training", () => {
  test.each([
    [1, 1, 1, 1],
    [2, 9, 3, 3],
    [1, 600, 6, 2],
    [3, 35, 20, 5],
    [2, 300, 16, 4],
    [2, 7, 9, 1],
    [2, 64, 32, 32],
  ])("of [%i, %i, %i] in %i groups, and its gradients", (n, positions, c, groups) => {
    const count = n * positions * c;
    const { x, dy, gamma, beta } = example(count, c);
    const size = c / groups;
    const expected = normalizeSlowly(x, dy, gamma, beta, {
      sets: n * groups,
      setOf: (i) => Math.floor(i / (positions * c)) * groups + Math.floor((i % c) / size),
      channelOf: (i) => i % c,
      epsilon: EPSILON,
    });
    const shape = { n, positions, c, groups };
    const mean = Float32Array.from(expected.mean);
    const rstd = Float32Array.from(expected.rstd);
    const room = new Float32Array(groupNormTrainingWorkspaceBytes(shape) / 4);
    const lengths = [count, n * groups, n * groups];
    const total = count + 2 * n * groups;
    const forward = computeEverywhere(kinds, [x, gamma, beta, room], total, (k, [a, g, b, s], y) =>
      planGroupNormTraining(k, {
        ...{ ...shape, x: a!, y, gamma: g!, beta: b!, epsilon: EPSILON, workspace: s! },
        ...{ mean: y + count * 4, rstd: y + (count + n * groups) * 4 },
      }),
    );
    const [inference] = computeEverywhere(kinds, [x, gamma, beta], count, (k, [a, g, b], y) =>
      planGroupNorm(k, { ...shape, x: a!, y, gamma: g!, beta: b!, epsilon: EPSILON }),
    );
    for (const all of forward) {
      const [y, means, rstds] = runs(all, lengths);
      expect(errorOfLargest(y!, expected.y)).toBeLessThan(TOLERANCE);
      expect(errorOfLargest(y!, inference!, 1)).toBeLessThan(TOLERANCE);
      expect(errorOfLargest(means!, expected.mean)).toBeLessThan(TOLERANCE);
      expect(errorOfLargest(rstds!, expected.rstd)).toBeLessThan(TOLERANCE);
    }
    const scratch = new Float32Array(groupNormGradientWorkspaceBytes(shape) / 4);
    const inputs = [x, gamma, mean, rstd, scratch];
    for (const all of computeEverywhere(kinds, inputs, count + 2 * c, (k, [a, g, m, r, s], dx) => {
      k.arena.f32(dx, count).set(dy);
      k.arena.f32(dx + count * 4, 2 * c).fill(1);
      return planGroupNormGradient(k, {
        ...{ ...shape, x: a!, dy: dx, dx, gamma: g!, mean: m!, rstd: r!, workspace: s! },
        ...{ dgamma: dx + count * 4, dbeta: dx + (count + c) * 4, accumulate: true },
      });
    })) {
      const [dx, dgamma, dbeta] = runs(all, [count, c, c]);
      expect(errorOfLargest(dx!, expected.dx, expected.dxScale)).toBeLessThan(TOLERANCE);
      const factors = expected.dgamma.map((v) => v + 1);
      expect(errorOfLargest(dgamma!, factors)).toBeLessThan(TOLERANCE);
      const shifts = expected.dbeta.map((v) => v + 1);
      expect(errorOfLargest(dbeta!, shifts)).toBeLessThan(TOLERANCE);
    }
  });

  test("errors say what was expected", () => {
    const spec = {
      n: 1,
      positions: 1,
      c: 5,
      groups: 2,
      x: 0,
      y: 0,
      mean: 0,
      rstd: 0,
      workspace: 0,
    };
    expect(() => planGroupNormTraining(kernels, spec)).toThrow(
      "planGroupNormTraining: 5 channels cannot be split into 2 groups",
    );
    expect(() => planGroupNormGradient(kernels, { ...spec, dy: 0, groups: 0 })).toThrow(
      "planGroupNormGradient: expected groups to be a whole number from 1, got 0",
    );
  });
});

describe.each(["layer", "rms"] as const)("%s normalisation in training", (kind) => {
  test.each([
    [1, 1],
    [3, 2],
    [5, 7],
    [40, 8],
    [300, 12],
    [33, 131],
    [70, 64],
    [2, 3000],
  ])("of [%i, %i], and its gradients", (rows, cols) => {
    const count = rows * cols;
    const { x, dy, gamma, beta } = example(count, cols);
    const expected = normalizeSlowly(x, dy, gamma, beta, {
      sets: rows,
      setOf: (i) => Math.floor(i / cols),
      channelOf: (i) => i % cols,
      epsilon: EPSILON,
      centred: kind === "layer",
    });
    const total = count + 2 * rows;
    const forward = computeEverywhere(kinds, [x, gamma, beta], total, (k, [a, g, b], y) => {
      k.arena.f32(y + count * 4, rows).fill(0);
      return planRowNormTraining(k, {
        ...{ x: a!, y, rows, cols, gamma: g!, beta: b!, epsilon: EPSILON },
        ...(kind === "layer" && { mean: y + count * 4 }),
        rstd: y + (count + rows) * 4,
      });
    });
    const [inference] = computeEverywhere(kinds, [x, gamma, beta], count, (k, [a, g, b], y) =>
      planNormalize(k, { kind, x: a!, y, rows, cols, gamma: g!, beta: b!, epsilon: EPSILON }),
    );
    for (const all of forward) {
      const [y, mean, rstd] = runs(all, [count, rows, rows]);
      expect(errorOfLargest(y!, expected.y)).toBeLessThan(TOLERANCE);
      expect(errorOfLargest(y!, inference!, 1)).toBeLessThan(TOLERANCE);
      expect(errorOfLargest(mean!, expected.mean)).toBeLessThan(TOLERANCE);
      expect(errorOfLargest(rstd!, expected.rstd)).toBeLessThan(TOLERANCE);
    }
    const room = new Float32Array(rowNormGradientWorkspaceBytes({ rows, cols }) / 4);
    const inputs = [
      x,
      gamma,
      Float32Array.from(expected.mean),
      Float32Array.from(expected.rstd),
      room,
    ];
    for (const accumulate of [false, true]) {
      for (const all of computeEverywhere(
        kinds,
        inputs,
        count + 2 * cols,
        (k, [a, g, m, r, s], dx) => {
          k.arena.f32(dx, count).set(dy);
          k.arena.f32(dx + count * 4, 2 * cols).fill(1);
          return planRowNormGradient(k, {
            ...{ x: a!, dy: dx, dx, rows, cols, gamma: g!, rstd: r!, workspace: s!, accumulate },
            ...{ dgamma: dx + count * 4, dbeta: dx + (count + cols) * 4 },
            ...(kind === "layer" && { mean: m! }),
          });
        },
      )) {
        const [dx, dgamma, dbeta] = runs(all, [count, cols, cols]);
        const before = accumulate ? 1 : 0;
        expect(errorOfLargest(dx!, expected.dx, expected.dxScale)).toBeLessThan(TOLERANCE);
        const factors = expected.dgamma.map((v) => v + before);
        expect(errorOfLargest(dgamma!, factors)).toBeLessThan(TOLERANCE);
        const shifts = expected.dbeta.map((v) => v + before);
        expect(errorOfLargest(dbeta!, shifts)).toBeLessThan(TOLERANCE);
      }
    }
  });

  test("writes nothing that was not asked for", () => {
    const { x, dy, gamma } = example(24, 8);
    const rstd = new Float32Array(3).fill(1);
    for (const all of computeEverywhere(kinds, [x, dy, gamma, rstd], 24, (k, [a, d, g, r], dx) =>
      planRowNormGradient(k, {
        ...{ x: a!, dy: d!, dx, rows: 3, cols: 8, gamma: g!, rstd: r!, workspace: 0 },
        ...(kind === "layer" && { mean: r! }),
      }),
    )) {
      expect(all.every(Number.isFinite)).toBe(true);
    }
  });
});

test("sizes are checked", () => {
  const spec = { rows: 1, cols: 0, x: 0, y: 0, rstd: 0 };
  expect(() => planRowNormTraining(kernels, spec)).toThrow(
    "planRowNormTraining: expected cols to be a whole number from 1, got 0",
  );
});
