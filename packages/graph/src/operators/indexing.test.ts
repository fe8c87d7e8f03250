import { tensor } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  elementAt,
  floats,
  longs,
  noise,
  numbers,
  positions,
  run,
  runAll,
} from "./run-operator.test-support.js";

describe("gathering", () => {
  it("agrees with indexing along any axis, negative indices included", () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(shapes, fc.nat(), fc.array(fc.nat(), { maxLength: 4 }), (shape, pick, raw) => {
        const axis = pick % shape.length;
        const size = shape[axis]!;
        const indices = raw.map((n) => (n % (2 * size)) - size);
        const x = noise(shape, 81);
        const y = run("Gather", [x, longs(indices)], { attributes: { axis } });
        for (const position of positions(y.shape)) {
          const source = position.slice();
          const index = indices[position[axis]!]!;
          source[axis] = index < 0 ? index + size : index;
          expect(elementAt(y, position)).toBe(elementAt(x, source));
        }
      }),
      { seed: 82, numRuns: 100 },
    );
  });

  it("takes a scalar index by dropping the axis", () => {
    expect(run("Gather", [noise([2, 3]), longs([1], [])]).shape).toEqual([3]);
  });

  it("refuses indices outside the axis, naming both", () => {
    for (const [opType, indices] of [
      ["Gather", longs([3])],
      ["GatherElements", longs([-4])],
      ["GatherND", longs([7], [1, 1])],
    ] as const) {
      expect(() => run(opType, [noise([3]), indices])).toThrow("is outside an axis of 3");
    }
  });
});

describe("scattering", () => {
  it("undoes gathering with a permutation", () => {
    const x = noise([5, 3], 83);
    const order = [3, 1, 4, 0, 2];
    const indices = longs(
      order.flatMap((i) => [i, i, i]),
      [5, 3],
    );
    const gathered = run("GatherElements", [x, indices]);
    expect(run("ScatterElements", [noise([5, 3]), indices, gathered])).toEqual(x);
    const tuples = longs(order, [5, 1]);
    const rows = run("GatherND", [x, tuples]);
    expect(run("ScatterND", [noise([5, 3]), tuples, rows])).toEqual(x);
  });

  it.each([
    ["none", [6, 2]],
    ["add", [12, 2]],
    ["mul", [30, 2]],
    ["max", [6, 2]],
    ["min", [1, 2]],
  ])("combines repeated indices by %s", (reduction, expected) => {
    const inputs = [longs([1, 2]), longs([0, 0]), longs([5, 6])];
    const attributes = { reduction };
    expect(numbers(run("ScatterElements", inputs, { attributes, opset: 18 }))).toEqual(expected);
    const asFloats = [floats([2], [1, 2]), longs([0, 0]), floats([2], [5, 6])];
    expect(numbers(run("ScatterElements", asFloats, { attributes, opset: 18 }))).toEqual(expected);
  });

  it("leaves its input untouched", () => {
    const x = floats([2], [1, 2]);
    run("ScatterElements", [x, longs([0]), floats([1], [9])]);
    expect(numbers(x)).toEqual([1, 2]);
  });

  it("refuses updates of another shape or type", () => {
    const x = noise([2, 2]);
    expect(() => run("ScatterND", [x, longs([0], [1, 1]), noise([2])])).toThrow(
      "updates [2] do not fit",
    );
    expect(() => run("ScatterElements", [x, longs([0], [1, 1]), longs([1], [1, 1])])).toThrow(
      "updates are i64, the input is f32",
    );
  });
});

describe("selecting", () => {
  it("lists the places of what is not zero", () => {
    const x = longs([0, 3, 0, 4], [2, 2]);
    expect(numbers(run("NonZero", [x]))).toEqual([0, 1, 1, 1]);
    expect(run("NonZero", [longs([5], [])]).shape).toEqual([1, 1]);
  });

  it("marks indices, wrapping negative ones and leaving out the rest", () => {
    const y = run("OneHot", [longs([1, -1, 7]), longs([3]), floats([2], [0, 1])]);
    expect(numbers(y)).toEqual([0, 1, 0, 0, 0, 1, 0, 0, 0]);
    const first = run("OneHot", [longs([1, 0]), longs([2]), longs([5, 9])], {
      attributes: { axis: 0 },
    });
    expect(numbers(first)).toEqual([5, 9, 9, 5]);
  });

  it("compresses along an axis, or over everything", () => {
    const x = longs([1, 2, 3, 4], [2, 2]);
    const flags = tensor("bool", [2], [0, 1]);
    expect(numbers(run("Compress", [x, flags], { attributes: { axis: 1 } }))).toEqual([2, 4]);
    expect(numbers(run("Compress", [x, flags]))).toEqual([2]);
  });

  it("keeps triangles of every matrix", () => {
    const x = longs([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
    expect(numbers(run("Trilu", [x]))).toEqual([1, 2, 0, 4, 5, 6, 0, 8]);
    const lower = run("Trilu", [x, longs([-1], [])], { attributes: { upper: 0 } });
    expect(numbers(lower)).toEqual([0, 0, 3, 0, 0, 0, 7, 0]);
  });

  it("rebuilds the input from unique values and their inverse", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -2, max: 2 }), { maxLength: 8 }),
        fc.integer({ min: 0, max: 1 }),
        (values, sorted) => {
          const [y, first, inverse, counts] = runAll("Unique", [longs(values)], {
            attributes: { sorted },
            outputCount: 4,
          });
          const distinct = numbers(y!);
          const expected = [...new Set(values)];
          expect(distinct).toEqual(sorted ? expected.sort((a, b) => a - b) : expected);
          expect(numbers(inverse!).map((g) => distinct[g])).toEqual(values);
          expect(numbers(first!).map((i) => values[i])).toEqual(distinct);
          expect(numbers(counts!).reduce((a, b) => a + b, 0)).toBe(values.length);
        },
      ),
      { seed: 84, numRuns: 100 },
    );
  });

  it("keeps boxes greedily, best score first", () => {
    const boxes = floats([1, 3, 4], [0, 0, 1, 1, 1, 1.1, 0, 0.1, 0, 5, 1, 6]);
    const scores = floats([1, 1, 3], [0.9, 0.95, 0.5]);
    const kept = (overlap: number): number[] =>
      numbers(run("NonMaxSuppression", [boxes, scores, longs([9]), floats([1], [overlap])]));
    expect(kept(0.5)).toEqual([0, 0, 1, 0, 0, 2]);
    expect(kept(0.9)).toEqual([0, 0, 1, 0, 0, 0, 0, 0, 2]);
    expect(numbers(run("NonMaxSuppression", [boxes, scores]))).toEqual([]);
  });
});
