import { EdgewrightError, ValidationError } from "@edgewright/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { loadKernels } from "../../index.js";
import { randomFloats, relativeError, seededNumbers } from "../../runtime/fixtures.test-support.js";
import { computeEverywhere } from "../compute-everywhere.test-support.js";
import { loadEveryTrainingKind } from "../fixtures.test-support.js";
import { checkIndexRange } from "./indexed-plan.js";
import { planGather, planGatherGradient } from "./plan-gather.js";

const kinds = await loadEveryTrainingKind();
const [, kernels] = kinds[0]!;

const sizes = fc.record({
  outer: fc.integer({ min: 1, max: 3 }),
  rows: fc.integer({ min: 1, max: 9 }),
  count: fc.integer({ min: 0, max: 12 }),
  cols: fc.integer({ min: 1, max: 70 }),
  seed: fc.nat(),
});

function randomIndices(count: number, rows: number, random: () => number): Int32Array {
  return Int32Array.from({ length: count }, () => Math.floor(random() * rows));
}

test("rows come in the order of the indices", () => {
  fc.assert(
    fc.property(sizes, ({ outer, rows, count, cols, seed }) => {
      const random = seededNumbers(seed);
      const x = randomFloats(outer * rows * cols, random);
      const ids = randomIndices(count, rows, random);
      const expected: number[] = [];
      for (let o = 0; o < outer; o++) {
        for (const id of ids)
          expected.push(...x.subarray((o * rows + id) * cols, (o * rows + id + 1) * cols));
      }
      for (const y of computeEverywhere(kinds, [x, ids], expected.length, (k, [at, indices], to) =>
        planGather(k, { x: at!, indices: indices!, y: to, outer, rows, count, cols }),
      )) {
        expect([...y]).toEqual(expected);
      }
    }),
    { numRuns: 60, seed: 1 },
  );
});

test("the gradient sums rows that were chosen more than once", () => {
  const any = fc.tuple(sizes, fc.boolean());
  fc.assert(
    fc.property(any, ([{ outer, rows, count, cols, seed }, accumulate]) => {
      const random = seededNumbers(seed);
      const dy = randomFloats(outer * count * cols, random);
      const before = randomFloats(outer * rows * cols, random);
      const ids = randomIndices(count, rows, random);
      const expected = Float64Array.from(before, (v) => (accumulate ? v : 0));
      dy.forEach((v, i) => {
        const row = Math.floor(i / cols);
        const o = Math.floor(row / count);
        const to = (o * rows + ids[row % count]!) * cols + (i % cols);
        expected[to] = expected[to]! + v;
      });
      for (const dx of computeEverywhere(
        kinds,
        [dy, ids],
        expected.length,
        (k, [at, indices], to) => {
          k.arena.f32(to, before.length).set(before);
          return planGatherGradient(k, {
            dy: at!,
            indices: indices!,
            dx: to,
            outer,
            rows,
            count,
            cols,
            accumulate,
          });
        },
      )) {
        // A few additions of numbers below 1.
        expect(relativeError(dx, expected, 1)).toBeLessThan(1e-6);
      }
    }),
    { numRuns: 60, seed: 2 },
  );
});

test("an index out of range reads nothing, gives zeros and is reported once", () => {
  for (const bad of [5, -1, 2 ** 31 - 1, -(2 ** 31)]) {
    const x = kernels.arena.upload(new Float32Array(15).fill(1));
    const ids = kernels.arena.upload(new Int32Array([0, bad, 4]));
    const y = kernels.arena.allocate(36);
    const spec = { indices: ids.ptr, rows: 5, count: 3, cols: 3 };
    const plan = planGather(kernels, { ...spec, x: x.ptr, y: y.ptr });
    plan.checkIndices();
    kernels.run(plan);
    expect([...kernels.arena.f32(y.ptr, 9)]).toEqual([1, 1, 1, 0, 0, 0, 1, 1, 1]);
    expect(() => plan.checkIndices()).toThrow(
      `planGather: expected indices from 0 to 4, got ${bad} at 1`,
    );
    plan.checkIndices();
    const gradient = planGatherGradient(kernels, { ...spec, dy: y.ptr, dx: x.ptr });
    kernels.run(gradient);
    expect([...kernels.arena.f32(x.ptr, 15)].map(Boolean).indexOf(true)).toBe(0);
    for (const held of [plan, gradient, x, ids, y]) held.dispose();
  }
  expect(() => checkIndexRange("embedding", new Int32Array([3, 7]), 7)).toThrow(ValidationError);
  expect(() => checkIndexRange("embedding", new Int32Array([3, 6]), 7)).not.toThrow();
});

test("errors say what was expected", async () => {
  const spec = { x: 0, indices: 0, y: 0, rows: 2.5, count: 1, cols: 1 };
  expect(() => planGather(kernels, spec)).toThrow(
    "planGather: expected rows to be a whole number from 0, got 2.5",
  );
  using plain = await loadKernels();
  expect(() => planGather(plain, { ...spec, rows: 2 })).toThrow(EdgewrightError);
});
