import { describe, expect, test } from "vitest";
import { randomFloats, seededNumbers } from "../../runtime/fixtures.test-support.js";
import { computeEverywhere } from "../compute-everywhere.test-support.js";
import { loadEveryTrainingKind } from "../fixtures.test-support.js";
import { errorOfLargest, normalizeSlowly } from "./norm-reference.test-support.js";
import {
  batchNormGradientWorkspaceBytes,
  planBatchNormGradient,
} from "./plan-batch-norm-gradient.js";
import {
  batchNormTrainingWorkspaceBytes,
  planBatchNormFrozen,
  planBatchNormTraining,
} from "./plan-batch-norm-training.js";

const kinds = await loadEveryTrainingKind();
const [, kernels] = kinds[0]!;
const TOLERANCE = 4e-6; // of the largest result: the bar is 1e-4
const EPSILON = 1e-3;
// Whole chunks, parts of them, one row, channels that fill vectors and bytes of the mask and that do not.
const SHAPES = [
  [1, 1],
  [2, 3],
  [300, 1],
  [700, 5],
  [97, 8],
  [515, 12],
  [1000, 16],
  [200, 24],
  [160, 64],
  [70, 130],
] as const;

/** A batch normalisation of random numbers and what it must give. */
function example(rows: number, c: number, offset = 3) {
  const random = seededNumbers(rows + c);
  const x = randomFloats(rows * c, random, 2).map((v, i) => v * (1 + (i % c)) + offset);
  const dy = randomFloats(rows * c, random);
  const gamma = randomFloats(c, random, 2);
  const beta = randomFloats(c, random);
  const channelOf = (i: number): number => i % c;
  const options = { sets: c, setOf: channelOf, channelOf, epsilon: EPSILON };
  return { x, dy, gamma, beta, options };
}

/** Clears dy where the bit of the mask is 0. */
function masked(dy: Float32Array, mask: Uint8Array): Float32Array {
  return dy.map((v, i) => ((mask[i >> 3]! >> (i & 7)) & 1 ? v : 0));
}

describe("batch normalisation in training", () => {
  test.each(SHAPES)("forward of [%i, %i], with the running statistics", (rows, c) => {
    const { x, dy, gamma, beta, options } = example(rows, c);
    const expected = normalizeSlowly(x, dy, gamma, beta, options);
    const unbiased = (v: number): number => (v * rows) / Math.max(1, rows - 1);
    const running = randomFloats(2 * c, seededNumbers(1)).map(Math.abs);
    const all = [
      ...expected.y,
      ...expected.mean,
      ...expected.rstd,
      ...[...expected.mean].map((m, i) => 0.75 * running[i]! + 0.25 * m),
      ...[...expected.variance].map((v, i) => 0.75 * running[c + i]! + 0.25 * unbiased(v)),
    ];
    const room = new Float32Array(batchNormTrainingWorkspaceBytes({ rows, c }) / 4);
    const inputs = [x, gamma, beta, room];
    const count = rows * c;
    for (const result of computeEverywhere(kinds, inputs, all.length, (k, [a, g, b, s], y) => {
      const at = (floats: number): number => y + floats * 4;
      k.arena.f32(at(count + 2 * c), 2 * c).set(running);
      return planBatchNormTraining(k, {
        ...{ x: a!, y, rows, c, gamma: g!, beta: b!, epsilon: EPSILON, momentum: 0.25 },
        ...{ mean: at(count), rstd: at(count + c), workspace: s! },
        ...{ runningMean: at(count + 2 * c), runningVariance: at(count + 3 * c) },
      });
    })) {
      for (const [from, to] of [
        [0, count],
        [count, count + c],
        [count + c, count + 2 * c],
        [count + 2 * c, count + 3 * c],
        [count + 3 * c, count + 4 * c],
      ] as const) {
        const error = errorOfLargest(result.subarray(from, to), all.slice(from, to));
        expect(error).toBeLessThan(TOLERANCE);
      }
    }
  });

  test.each(SHAPES)("gradients of [%i, %i], with and without a mask, in place", (rows, c) => {
    const { x, dy, gamma, beta, options } = example(rows, c);
    const room = new Float32Array(batchNormGradientWorkspaceBytes({ rows, c }) / 4);
    const random = seededNumbers(2);
    const mask = Uint8Array.from({ length: (rows * c + 7) >> 3 }, () => random() * 256);
    for (const frozen of [false, true]) {
      const constants = { mean: randomFloats(c, random), variance: new Float32Array(c).fill(2) };
      for (const useMask of [false, true]) {
        const expected = normalizeSlowly(x, useMask ? masked(dy, mask) : dy, gamma, beta, {
          ...options,
          ...(frozen && { frozen: constants }),
        });
        const inputs = [x, gamma, mask, room].concat([
          Float32Array.from(expected.mean),
          Float32Array.from(expected.rstd),
        ]);
        const count = rows * c;
        for (const result of computeEverywhere(kinds, inputs, count + 2 * c, (k, at, dx) => {
          const [xAt, g, bits, s, mean, rstd] = at;
          k.arena.f32(dx, count).set(dy);
          k.arena.f32(dx + count * 4, 2 * c).fill(1);
          return planBatchNormGradient(k, {
            ...{ x: xAt!, dy: dx, dx, rows, c, mean: mean!, rstd: rstd!, gamma: g! },
            ...{ dgamma: dx + count * 4, dbeta: dx + (count + c) * 4, accumulate: true },
            ...{ workspace: s!, frozen, ...(useMask && { mask: bits! }) },
          });
        })) {
          const dx = result.subarray(0, count);
          expect(errorOfLargest(dx, expected.dx, expected.dxScale)).toBeLessThan(TOLERANCE);
          const dgamma = result.subarray(count, count + c);
          expect(
            errorOfLargest(
              dgamma,
              expected.dgamma.map((v) => v + 1),
            ),
          ).toBeLessThan(TOLERANCE);
          const dbeta = result.subarray(count + c);
          expect(
            errorOfLargest(
              dbeta,
              expected.dbeta.map((v) => v + 1),
            ),
          ).toBeLessThan(TOLERANCE);
        }
      }
    }
  });

  test.each(SHAPES)("an activation in the same pass, with its mask: [%i, %i]", (rows, c) => {
    const { x, dy, gamma, beta, options } = example(rows, c);
    const random = seededNumbers(5);
    const frozen = { mean: randomFloats(c, random), variance: new Float32Array(c).fill(0.5) };
    const count = rows * c;
    const bytes = (count + 7) >> 3;
    const room = new Float32Array(batchNormTrainingWorkspaceBytes({ rows, c }) / 4);
    const inputs = [x, gamma, beta, room, frozen.mean, frozen.variance, new Float32Array(2 * c)];
    for (const activation of ["relu", "relu6"] as const) {
      for (const train of [true, false]) {
        const reference = normalizeSlowly(x, dy, gamma, beta, {
          ...options,
          ...(!train && { frozen }),
        });
        const high = activation === "relu6" ? 6 : Number.POSITIVE_INFINITY;
        const expected = reference.y.map((v) => Math.min(Math.max(v, 0), high));
        for (const useMask of [true, false]) {
          const words = count + Math.ceil(bytes / 4);
          for (const result of computeEverywhere(kinds, inputs, words, (k, at, y) => {
            const [xAt, g, b, workspace, mean, variance, kept] = at;
            k.arena.i32(y + 4 * count, words - count).fill(0);
            const spec = {
              ...{ x: xAt!, y, rows, c, gamma: g!, beta: b!, epsilon: EPSILON, activation },
              ...(useMask && { mask: y + 4 * count }),
              ...{ mean: train ? kept! : mean!, rstd: kept! + 4 * c },
            };
            return train
              ? planBatchNormTraining(k, { ...spec, workspace: workspace! })
              : planBatchNormFrozen(k, { ...spec, variance: variance! });
          })) {
            const y = result.subarray(0, count);
            expect(errorOfLargest(y, expected)).toBeLessThan(TOLERANCE);
            if (!useMask) continue;
            const mask = new Uint8Array(result.buffer, result.byteOffset + 4 * count, bytes);
            const set = Float32Array.from(y, (v) => (v > 0 && v < high ? 1 : 0));
            expect(masked(new Float32Array(count).fill(1), mask)).toEqual(set);
          }
        }
      }
    }
  });

  test("a mean far from 0 costs no digits", () => {
    const [rows, c] = [5000, 8];
    const { x, dy, gamma, beta, options } = example(rows, c, 0);
    // Whole numbers of 1/64 beside 4096: exact in 32 bits, where squares of x would keep nothing of them.
    const far = x.map((v) => Math.round(v * 64) / 64 + 4096);
    const expected = normalizeSlowly(far, dy, gamma, beta, options);
    const room = new Float32Array(batchNormTrainingWorkspaceBytes({ rows, c }) / 4);
    for (const result of computeEverywhere(kinds, [far, room], far.length + 2 * c, (k, [a, s], y) =>
      planBatchNormTraining(k, {
        ...{ x: a!, y, rows, c, epsilon: EPSILON, workspace: s! },
        ...{ mean: y + far.length * 4, rstd: y + (far.length + c) * 4 },
      }),
    )) {
      const rstd = result.subarray(far.length + c);
      expect(errorOfLargest(rstd, expected.rstd)).toBeLessThan(1e-5);
    }
  });

  test("computes what is asked for, without what that does not need", () => {
    const [rows, c] = [50, 8];
    const { x, dy, gamma, beta, options } = example(rows, c);
    const frozen = { mean: new Float32Array(c), variance: new Float32Array(c).fill(1) };
    const expected = normalizeSlowly(x, dy, gamma, beta, { ...options, frozen });
    const rstd = Float32Array.from(expected.rstd);
    const room = new Float32Array(batchNormGradientWorkspaceBytes({ rows, c }) / 4);
    const spec = { rows, c, frozen: true };
    for (const dx of computeEverywhere(kinds, [dy, rstd, gamma, room], rows * c, (k, at, to) =>
      planBatchNormGradient(k, {
        ...{ ...spec, dy: at[0]!, rstd: at[1]!, gamma: at[2]!, dx: to, workspace: at[3]! },
      }),
    )) {
      expect(errorOfLargest(dx, expected.dx)).toBeLessThan(TOLERANCE);
    }
    for (const accumulate of [false, true]) {
      for (const dbeta of computeEverywhere(kinds, [dy, room], c, (k, [d, s], to) => {
        k.arena.f32(to, c).fill(1);
        return planBatchNormGradient(k, { ...spec, dy: d!, dbeta: to, workspace: s!, accumulate });
      })) {
        const sums = expected.dbeta.map((v) => v + (accumulate ? 1 : 0));
        expect(errorOfLargest(dbeta, sums)).toBeLessThan(TOLERANCE);
      }
    }
  });

  test("errors say what was expected", () => {
    const spec = { rows: 0, c: 4, x: 0, y: 0, mean: 0, rstd: 0, workspace: 0 };
    expect(() => planBatchNormTraining(kernels, spec)).toThrow(
      "planBatchNormTraining: expected positions to be a whole number from 1, got 0",
    );
    const gradient = { rows: 4, c: 4, dy: 0, rstd: 0, dx: 0, workspace: 0 };
    expect(() => planBatchNormGradient(kernels, gradient)).toThrow(
      "planBatchNormGradient: the gradients asked for need x; give its address",
    );
  });
});
