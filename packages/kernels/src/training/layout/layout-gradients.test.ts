import { stridesOf } from "@edgewright/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createResizeTable, planReduce, planResize2d, type ResizeTable } from "../../index.js";
import { randomFloats, relativeError, seededNumbers } from "../../runtime/fixtures.test-support.js";
import { computeEverywhere } from "../compute-everywhere.test-support.js";
import { loadEveryTrainingKind } from "../fixtures.test-support.js";
import { planAddStrided } from "./plan-add-strided.js";
import {
  broadcastGradientWorkspaceBytes,
  planBroadcastGradient,
} from "./plan-broadcast-gradient.js";
import { planExtremeGradient } from "./plan-extreme-gradient.js";
import { transposeResizeTable } from "./transpose-resize-table.js";

const kinds = await loadEveryTrainingKind();
const [, kernels] = kinds[0]!;
const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Where each element of a shape lies, in row-major order of the shape. */
function places(shape: readonly number[], strides: readonly number[], start = 0): number[] {
  const dense = stridesOf(shape);
  return Array.from({ length: size(shape) }, (_, at) =>
    shape.reduce((sum, n, i) => sum + (Math.floor(at / dense[i]!) % n) * strides[i]!, start),
  );
}

test("sums into strided layouts: slices with steps, backwards, repeats", () => {
  const axis = fc.record({
    length: fc.integer({ min: 0, max: 5 }),
    step: fc.constantFrom(-2, -1, 1, 2),
    repeats: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(axis, { maxLength: 6 }), fc.nat(), (axes, seed) => {
      const shape = axes.map(({ length }) => length);
      const dense = stridesOf(shape);
      const xStrides = axes.map(({ repeats }, i) => (repeats ? 0 : dense[i]!));
      const wide = stridesOf(shape.map((length) => 2 * length + 1));
      const yStrides = axes.map(({ step }, i) => step * wide[i]!);
      const start = axes.reduce(
        (sum, { step, length }, i) => sum + (step < 0 ? 2 * length * wide[i]! : 0),
        0,
      );
      const random = seededNumbers(seed);
      const x = randomFloats(size(shape), random);
      const before = randomFloats(size(shape.map((length) => 2 * length + 1)), random);
      const expected = before.slice();
      const from = places(shape, xStrides);
      places(shape, yStrides, start).forEach((to, i) => {
        expected[to] = expected[to]! + x[from[i]!]!;
      });
      for (const y of computeEverywhere(kinds, [x], before.length, (k, [at], to) => {
        k.arena.f32(to, before.length).set(before);
        return planAddStrided(k, { x: at!, y: to + 4 * start, shape, xStrides, yStrides });
      })) {
        expect([...y]).toEqual([...expected]);
      }
    }),
    { numRuns: 100, seed: 1 },
  );
});

test("a broadcast's gradient sums the repeated axes", () => {
  const axis = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.boolean());
  const any = fc.record({
    axes: fc.array(axis, { maxLength: 6 }),
    missing: fc.integer({ min: 0, max: 2 }),
    accumulate: fc.boolean(),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(any, ({ axes, missing, accumulate, seed }) => {
      const shape = axes.map(([length]) => length);
      const kept = axes.map(([length, repeated], i) => (repeated || i < missing ? 1 : length));
      const target = kept.slice(missing);
      const random = seededNumbers(seed);
      const dy = randomFloats(size(shape), random);
      const before = randomFloats(size(target), random);
      const expected = Float64Array.from(before, (v) => (accumulate ? v : 0));
      const strides = stridesOf(kept).map((stride, i) => (kept[i] === 1 ? 0 : stride));
      places(shape, strides).forEach((to, i) => {
        expected[to] = expected[to]! + dy[i]!;
      });
      const bytes = broadcastGradientWorkspaceBytes({ shape, target, accumulate });
      const workspace = new Uint8Array(bytes);
      for (const dx of computeEverywhere(kinds, [dy, workspace], before.length, (k, at, to) => {
        k.arena.f32(to, before.length).set(before);
        const [dy, workspace] = at as [number, number];
        const spec = { shape, target, accumulate, dy, dx: to };
        return planBroadcastGradient(k, bytes > 0 ? { ...spec, workspace } : spec);
      })) {
        // Sums of up to thousands of numbers below 1, in blocks.
        expect(relativeError(dx, expected, Math.sqrt(dy.length / dx.length))).toBeLessThan(1e-6);
      }
    }),
    { numRuns: 100, seed: 2 },
  );
});

test("the workspace of a broadcast's gradient is what lies between its sums", () => {
  const bytes = broadcastGradientWorkspaceBytes;
  expect(bytes({ shape: [8, 6, 5], target: [5] })).toBe(0);
  expect(bytes({ shape: [8, 6, 5], target: [1, 6, 1] })).toBe(Math.ceil((6 * 5 * 4) / 64) * 64);
  expect(bytes({ shape: [8, 6, 5], target: [6, 5], accumulate: true })).toBe(128);
  expect(bytes({ shape: [3, 2, 4, 2, 5], target: [1, 2, 1, 2, 1] })).toBe(192 + 64);
  expect(() => bytes({ shape: [2, 3], target: [2] })).toThrow(
    "planBroadcastGradient: [2] does not broadcast to [2, 3]",
  );
});

test("the gradient of a maximum or minimum goes to the elements that reach it", () => {
  const any = fc.record({
    outer: fc.integer({ min: 1, max: 4 }),
    axis: fc.integer({ min: 1, max: 23 }),
    inner: fc.oneof(fc.constant(1), fc.integer({ min: 2, max: 19 })),
    op: fc.constantFrom<("max" | "min")[]>("max", "min"),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(any, ({ outer, axis, inner, op, seed }) => {
      const random = seededNumbers(seed);
      // Few different values, 0 among them, so that some are shared.
      const x = Float32Array.from({ length: outer * axis * inner }, () =>
        Math.round(random() * 6 - 3),
      );
      const dy = randomFloats(outer * inner, random);
      const expected = new Float64Array(x.length);
      for (let i = 0; i < dy.length; i++) {
        const at = Math.floor(i / inner) * axis * inner + (i % inner);
        const places = Array.from({ length: axis }, (_, j) => at + j * inner);
        const extreme = (op === "max" ? Math.max : Math.min)(...places.map((j) => x[j]!));
        const chosen = places.filter((j) => x[j] === extreme);
        for (const j of chosen) expected[j] = dy[i]! / chosen.length;
      }
      const sizes = { outer, axis, inner };
      for (const [, k] of kinds) {
        const held = [x, dy, new Float32Array(dy.length)].map((data) => k.arena.upload(data));
        const [from, , y] = held.map(({ ptr }) => ptr) as [number, number, number];
        const plan = planReduce(k, { op, x: from, y, ...sizes });
        k.run(plan);
        const extremes = k.arena.f32(y, dy.length).slice();
        for (const each of [plan, ...held]) each.dispose();
        const [dx] = computeEverywhere([["", k]], [x, extremes, dy], x.length, (k, at, dx) => {
          const [x, y, dy] = at as [number, number, number];
          return planExtremeGradient(k, { x, y, dy, dx, ...sizes });
        });
        expect(relativeError(dx!, expected)).toBeLessThan(1.2e-7);
      }
    }),
    { numRuns: 60, seed: 3 },
  );
});

/** The matrix [outputLength, inputLength] of a table. */
function matrixOf(table: ResizeTable): number[][] {
  return Array.from({ length: table.outputLength }, (_, o) => {
    const row = new Array<number>(table.inputLength).fill(0);
    for (let tap = 0; tap < table.taps; tap++) {
      const index = table.indices[o * table.taps + tap]!;
      row[index] = row[index]! + table.weights[o * table.taps + tap]!;
    }
    return row;
  });
}

test("the transposed tables of a resizing give its gradient", () => {
  const any = fc.record({
    lengths: fc.tuple(...[1, 2, 3, 4].map(() => fc.integer({ min: 1, max: 9 }))),
    mode: fc.constantFrom<("nearest" | "linear" | "cubic")[]>("nearest", "linear", "cubic"),
    coordinates: fc.constantFrom<("half_pixel" | "align_corners" | "asymmetric")[]>(
      "half_pixel",
      "align_corners",
      "asymmetric",
    ),
    antialias: fc.boolean(),
    c: fc.integer({ min: 1, max: 6 }),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(any, ({ lengths, c, seed, ...options }) => {
      const [h, w, oh, ow] = lengths as [number, number, number, number];
      const rows = createResizeTable({ inputLength: h, outputLength: oh, ...options });
      const columns = createResizeTable({ inputLength: w, outputLength: ow, ...options });
      const n = 2;
      const dy = randomFloats(n * oh * ow * c, seededNumbers(seed));
      const expected = new Float64Array(n * h * w * c);
      const [byRow, byColumn] = [matrixOf(rows), matrixOf(columns)];
      dy.forEach((v, at) => {
        const channel = at % c;
        const ox = Math.floor(at / c) % ow;
        const oy = Math.floor(at / c / ow) % oh;
        const image = Math.floor(at / c / ow / oh);
        for (let y = 0; y < h; y++) {
          for (let x = 0; x < w; x++) {
            const to = ((image * h + y) * w + x) * c + channel;
            expected[to] = expected[to]! + v * byRow[oy]![y]! * byColumn[ox]![x]!;
          }
        }
      });
      const tables = { rows: transposeResizeTable(rows), columns: transposeResizeTable(columns) };
      for (const dx of computeEverywhere(kinds, [dy], expected.length, (k, [at], y) =>
        planResize2d(k, { x: at!, y, n, c, ...tables }),
      )) {
        // A sum of at most 81 products.
        expect(relativeError(dx, expected, 4)).toBeLessThan(1e-6);
      }
    }),
    { numRuns: 60, seed: 4 },
  );
});

test("errors say what was expected", () => {
  const spec = { x: 0, y: 0, shape: [2, 3] };
  expect(() => planAddStrided(kernels, { ...spec, xStrides: [1] })).toThrow(
    "planAddStrided: expected a stride for each of 2 axes, got 1 and 2",
  );
  expect(() => planAddStrided(kernels, { ...spec, yStrides: [0, 1] })).toThrow(
    "planAddStrided: expected strides of y without 0, got [0, 1]; sum over the axis",
  );
});
