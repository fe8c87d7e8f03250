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
} from "./run-operator.test-support.js";

describe("Reduce*", () => {
  const formulas: Record<string, (row: number[]) => number> = {
    ReduceSum: (row) => row.reduce((a, b) => a + b, 0),
    ReduceMean: (row) => row.reduce((a, b) => a + b, 0) / row.length,
    ReduceMax: (row) => Math.max(...row),
    ReduceMin: (row) => Math.min(...row),
    ReduceProd: (row) => row.reduce((a, b) => a * b, 1),
    ReduceL1: (row) => row.reduce((a, b) => a + Math.abs(b), 0),
    ReduceL2: (row) => Math.hypot(...row),
    ReduceSumSquare: (row) => row.reduce((a, b) => a + b * b, 0),
    ReduceLogSumExp: (row) => Math.log(row.reduce((a, b) => a + Math.exp(b), 0)),
  };

  it.each(Object.keys(formulas))("%s agrees with its formula over any axes", (opType) => {
    const shapes = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(shapes, fc.nat(), fc.boolean(), (shape, bits, keep) => {
        const axes = [...shape.keys()].filter((axis) => (bits >> axis) & 1);
        fc.pre(axes.length > 0);
        const x = noise(shape, 71);
        const rows = new Map<string, number[]>();
        for (const position of positions(shape)) {
          const key = position.filter((_, axis) => !axes.includes(axis)).join();
          rows.set(key, [...(rows.get(key) ?? []), elementAt(x, position)]);
        }
        const y = run(
          opType,
          [x, longs(axes.map((axis, i) => (i % 2 ? axis - shape.length : axis)))],
          {
            attributes: { keepdims: keep ? 1 : 0 },
            opset: 18,
          },
        );
        expect(y.shape.length).toBe(keep ? shape.length : shape.length - axes.length);
        for (const [i, row] of [...rows.values()].entries()) {
          expect(y.data[i]).toBeCloseTo(formulas[opType]!(row), 4);
        }
      }),
      { seed: 72, numRuns: 60 },
    );
  });

  it("reads axes from an attribute before version 18, ReduceSum before 13", () => {
    const x = longs([1, 2, 3, 4], [2, 2]);
    const attributes = { axes: [0], keepdims: 0 };
    expect(numbers(run("ReduceMax", [x], { attributes, opset: 17 }))).toEqual([3, 4]);
    expect(numbers(run("ReduceSum", [x], { attributes, opset: 11 }))).toEqual([4, 6]);
    expect(numbers(run("ReduceSum", [x, longs([1])], { attributes: { keepdims: 0 } }))).toEqual([
      3, 7,
    ]);
  });

  it("adds 64-bit integers exactly", () => {
    const x = tensor("i64", [2], [2n ** 60n + 1n, 2n ** 60n]);
    expect(run("ReduceSum", [x]).data[0]).toBe(2n ** 61n + 1n);
  });

  it("reduces nothing to the neutral element", () => {
    const empty = tensor("f32", [0, 2]);
    const of = (opType: string): number[] =>
      numbers(run(opType, [empty, longs([0])], { opset: 20 }));
    expect(of("ReduceSum")).toEqual([0, 0]);
    expect(of("ReduceProd")).toEqual([1, 1]);
    expect(of("ReduceMax")).toEqual([-Infinity, -Infinity]);
    expect(() => run("ArgMax", [empty])).toThrow("axis 0 of shape [0, 2] is empty");
  });

  it("leaves the input alone without axes when told so", () => {
    const x = noise([2, 2]);
    const attributes = { noop_with_empty_axes: 1 };
    expect(run("ReduceSum", [x, longs([])], { attributes })).toEqual(x);
    expect(run("ReduceSum", [x, longs([])]).shape).toEqual([1, 1]);
  });

  it("does not overflow in log-sum-exp", () => {
    expect(numbers(run("ReduceLogSumExp", [floats([2], [1000, 1000])]))[0]).toBeCloseTo(
      1000.6931,
      3,
    );
  });
});

describe("ArgMax, CumSum and TopK", () => {
  it("prefers the first of equals, or the last on request", () => {
    const x = floats([4], [1, 3, 3, 2]);
    expect(numbers(run("ArgMax", [x]))).toEqual([1]);
    expect(numbers(run("ArgMax", [x], { attributes: { select_last_index: 1 } }))).toEqual([2]);
    expect(numbers(run("ArgMin", [x]))).toEqual([0]);
  });

  it("sums up to each element, from either end, with or without it", () => {
    const x = longs([1, 2, 3, 4]);
    const of = (exclusive: number, reverse: number): number[] =>
      numbers(run("CumSum", [x, longs([0], [])], { attributes: { exclusive, reverse } }));
    expect(of(0, 0)).toEqual([1, 3, 6, 10]);
    expect(of(1, 0)).toEqual([0, 1, 3, 6]);
    expect(of(0, 1)).toEqual([10, 9, 7, 4]);
    expect(of(1, 1)).toEqual([9, 7, 4, 0]);
  });

  it("finds the same elements as sorting, ties by position", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 9 }),
        fc.nat(),
        (values, pick) => {
          const k = pick % (values.length + 1);
          const y = run("TopK", [longs(values), longs([k])]);
          expect(numbers(y)).toEqual([...values].sort((a, b) => b - a).slice(0, k));
        },
      ),
      { seed: 73, numRuns: 100 },
    );
    expect(numbers(run("TopK", [longs([1, 5, 3])], { attributes: { k: 2 }, opset: 9 }))).toEqual([
      5, 3,
    ]);
    expect(() => run("TopK", [longs([1]), longs([2])])).toThrow("k is 2, the axis has 1");
  });
});
