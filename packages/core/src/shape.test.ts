import fc from "fast-check";
import { expect, test } from "vitest";
import { EdgewrightError } from "./errors.js";
import {
  broadcastShapes,
  broadcastStrides,
  checkShape,
  flattenIndex,
  normalizeAxis,
  sameShape,
  stridesOf,
  unflattenIndex,
} from "./shape.js";
import { sizeOf } from "./tensor.js";

const shapes = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 4 });

test("broadcasting follows the examples of NumPy's manual", () => {
  // numpy.org/doc/stable/user/basics.broadcasting.html
  expect(broadcastShapes([256, 256, 3], [3])).toEqual([256, 256, 3]);
  expect(broadcastShapes([8, 1, 6, 1], [7, 1, 5])).toEqual([8, 7, 6, 5]);
  expect(broadcastShapes([5, 4], [1])).toEqual([5, 4]);
  expect(broadcastShapes([15, 3, 5], [15, 1, 5])).toEqual([15, 3, 5]);
  expect(broadcastShapes([], [2])).toEqual([2]);
  expect(broadcastShapes([0], [1])).toEqual([0]);
  expect(broadcastShapes()).toEqual([]);
  expect(() => broadcastShapes([2, 1], [8, 4, 3])).toThrow(
    "broadcastShapes: [2, 1] and [8, 4, 3] do not broadcast: 2 meets 4",
  );
  expect(() => broadcastShapes([0], [3])).toThrow("0 meets 3");
});

test("positions and indices undo each other", () => {
  fc.assert(
    fc.property(shapes, fc.nat(), (shape, n) => {
      const offset = n % sizeOf(shape);
      const index = unflattenIndex(offset, shape);
      expect(flattenIndex(index, shape)).toBe(offset);
      const strides = stridesOf(shape);
      expect(index.reduce((sum, at, axis) => sum + at * strides[axis]!, 0)).toBe(offset);
    }),
    { seed: 12, numRuns: 200 },
  );
});

test("broadcast strides read the element that the stretched axes repeat", () => {
  fc.assert(
    fc.property(shapes, fc.array(fc.boolean(), { maxLength: 4 }), (target, stretched) => {
      const shape = target
        .map((dim, axis) => (stretched[axis] ? 1 : dim))
        .slice(Math.min(target.length, stretched.length >> 1));
      const strides = broadcastStrides(shape, target);
      for (let offset = 0; offset < sizeOf(target); offset++) {
        const index = unflattenIndex(offset, target);
        const own = index
          .slice(target.length - shape.length)
          .map((at, axis) => (shape[axis] === 1 ? 0 : at));
        expect(index.reduce((sum, at, axis) => sum + at * strides[axis]!, 0)).toBe(
          flattenIndex(own, shape),
        );
      }
    }),
    { seed: 13, numRuns: 100 },
  );
  expect(() => broadcastStrides([3], [2])).toThrow("[3] does not broadcast to [2]");
  expect(() => broadcastStrides([1, 2], [2])).toThrow("[1, 2] does not broadcast to [2]");
});

test("faults are named", () => {
  expect(() => flattenIndex([2], [2])).toThrow("[2] is not an index into shape [2]");
  expect(() => flattenIndex([0, 0], [2])).toThrow("not an index");
  expect(() => unflattenIndex(4, [2, 2])).toThrow("4 is not a position in the 4 elements");
  expect(() => normalizeAxis(2, 2)).toThrow("axis 2 is not one of the 2 axes");
  expect(() => checkShape([2, -1], "f")).toThrow("f: axis 1 of shape [2, -1]");
  expect(() => checkShape([2 ** 30, 2 ** 30])).toThrow("too many elements");
  try {
    checkShape([Number.NaN]);
  } catch (error) {
    expect(EdgewrightError.isInstance(error) && error.code).toBe("shape-mismatch");
  }
  expect(normalizeAxis(-1, 3)).toBe(2);
  expect(sameShape([1, 2], [1, 2])).toBe(true);
  expect(sameShape([1, 2], [1])).toBe(false);
});
