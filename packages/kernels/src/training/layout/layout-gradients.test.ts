import { stridesOf } from "@edgewright/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createResizeTable, planResize2d, type ResizeTable } from "../../index.js";
import { randomFloats, relativeError, seededNumbers } from "../../runtime/fixtures.test-support.js";
import { computeEverywhere } from "../compute-everywhere.test-support.js";
import { loadEveryTrainingKind } from "../fixtures.test-support.js";
import {
  broadcastGradientWorkspaceBytes,
  planBroadcastGradient,
} from "./plan-broadcast-gradient.js";
import { transposeResizeTable } from "./transpose-resize-table.js";

const kinds = await loadEveryTrainingKind();
const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Where each element of a shape lies, in row-major order of the shape. */
function places(shape: readonly number[], strides: readonly number[], start = 0): number[] {
  const dense = stridesOf(shape);
  return Array.from({ length: size(shape) }, (_, at) =>
    shape.reduce((sum, n, i) => sum + (Math.floor(at / dense[i]!) % n) * strides[i]!, start),
  );
}

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
