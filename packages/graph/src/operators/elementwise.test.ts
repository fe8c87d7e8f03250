import { decodeFloat16, encodeFloat16, type Tensor, tensor } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorFunction } from "./error-function.js";
import {
  elementAt,
  floats,
  longs,
  noise,
  numbers,
  positions,
  run,
} from "./run-operator.test-support.js";

const sizes = fc.integer({ min: 0, max: 3 });

describe("broadcast arithmetic", () => {
  it("agrees with indexing one element at a time", () => {
    const shape = fc.array(sizes, { maxLength: 4 });
    const mask = fc.array(fc.boolean(), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(shape, mask, mask, fc.nat({ max: 4 }), (target, ones, others, drop) => {
        const squash = (flags: readonly boolean[]): number[] =>
          target.map((n, i) => (flags[i] ? 1 : n));
        const a = noise(squash(ones), 3);
        const b = noise(squash(others).slice(Math.min(drop, target.length)), 4);
        const sum = run("Sub", [a, b]);
        const pick = (x: Tensor, position: readonly number[]): number =>
          elementAt(
            x,
            position
              .slice(position.length - x.shape.length)
              .map((at, i) => (x.shape[i] === 1 ? 0 : at)),
          );
        let i = 0;
        for (const position of positions(sum.shape)) {
          expect(sum.data[i++]).toBe(Math.fround(pick(a, position) - pick(b, position)));
        }
        expect(i).toBe(sum.data.length);
      }),
      { seed: 21, numRuns: 200 },
    );
  });

  it("names the node and both shapes when they do not fit", () => {
    expect(() => run("Add", [noise([2, 3]), noise([2])])).toThrow(
      'Add "node": shapes [2, 3] and [2] do not broadcast',
    );
    expect(() => run("Add", [noise([2]), longs([1, 2])])).toThrow(
      "inputs must have one element type, got f32 and i64",
    );
    expect(() => run("Add", [noise([2])])).toThrow("input 1 is missing");
  });

  it("wraps integers around as two's complement does", () => {
    const int = (dtype: "u8" | "i32", values: number[]): Tensor =>
      tensor(dtype, [values.length], values);
    expect(numbers(run("Add", [int("u8", [250, 3]), int("u8", [10, 4])]))).toEqual([4, 7]);
    const large = [2 ** 31 - 1, 123456789];
    expect(numbers(run("Mul", [int("i32", large), int("i32", large)]))).toEqual(
      large.map((v) => Math.imul(v, v)),
    );
    const max = tensor("i64", [1], [2n ** 63n - 1n]);
    expect(run("Add", [max, longs([1])]).data[0]).toBe(-(2n ** 63n));
  });

  it("divides integers towards zero, and by zero without an exception", () => {
    expect(numbers(run("Div", [longs([7, -7, 5]), longs([2, 2, 0])]))).toEqual([3, -3, 0]);
    const i32 = (values: number[]): Tensor => tensor("i32", [3], values);
    expect(numbers(run("Div", [i32([7, -7, 5]), i32([2, 2, 0])]))).toEqual([3, -3, 0]);
    expect(numbers(run("Mod", [i32([7, -7, 5]), i32([-4, 4, 0])]))).toEqual([-1, 1, 0]);
    expect(numbers(run("Mod", [longs([7, -7, 5]), longs([-4, 4, 0])]))).toEqual([-1, 1, 0]);
  });

  it("takes powers of integers exactly, whatever the exponent", () => {
    expect(run("Pow", [longs([3]), longs([39])]).data[0]).toBe(3n ** 39n);
    expect(numbers(run("Pow", [longs([2, -1, 7]), longs([-1, -3, 0])]))).toEqual([0, -1, 1]);
    const huge = run("Pow", [longs([3]), tensor("i64", [1], [2n ** 62n])]).data[0];
    expect(huge).toBe(1n); // the order of 3 modulo 2^64 is 2^62
  });

  it("rounds 16-bit floats once, at the end", () => {
    const a = tensor("f16", [2], encodeFloat16([1, 2048]));
    const b = tensor("f16", [2], encodeFloat16([2 ** -11, 1]));
    const sum = run("Add", [a, b]);
    expect(sum.dtype).toBe("f16");
    expect([...decodeFloat16(sum.data as Uint16Array)]).toEqual([1, 2048]);
  });

  it("selects, and folds any number of inputs", () => {
    const condition = tensor("bool", [2, 1], [1, 0]);
    const chosen = run("Where", [condition, longs([1, 2, 3]), longs([9])]);
    expect(numbers(chosen)).toEqual([1, 2, 3, 9, 9, 9]);
    const inputs = [floats([2], [1, 5]), floats([1], [3]), floats([2], [8, -8])];
    expect(numbers(run("Max", inputs))).toEqual([8, 5]);
    expect(numbers(run("Min", inputs))).toEqual([1, -8]);
    expect(numbers(run("Mean", inputs))).toEqual([4, 0]);
  });
});

describe("functions of one element", () => {
  it("rounds halves to even", () => {
    const halves = floats([6], [0.5, 1.5, 2.5, -0.5, -1.5, 2.4]);
    expect(numbers(run("Round", [halves])).map((v) => v + 0)).toEqual([0, 2, 2, 0, -2, 2]);
  });

  it("stays finite at both ends of the sigmoid and of softplus", () => {
    const ends = floats([2], [-1000, 1000]);
    expect(numbers(run("Sigmoid", [ends]))).toEqual([0, 1]);
    expect(numbers(run("Softplus", [ends]))).toEqual([0, 1000]);
  });

  it("computes the error function to 14 digits (Abramowitz and Stegun, table 7.1; DLMF 7.23)", () => {
    const known: [number, number][] = [
      [0, 0],
      [0.5, 0.5204998778130465],
      [1, 0.8427007929497149],
      [2.5, 0.999593047982555],
      [3, 0.9999779095030014],
    ];
    for (const [x, y] of known) {
      expect(Math.abs(errorFunction(x) - y)).toBeLessThan(1e-14);
      expect(errorFunction(-x)).toBe(-errorFunction(x) + 0);
    }
    expect(errorFunction(Number.POSITIVE_INFINITY)).toBe(1);
    expect(errorFunction(Number.NaN)).toBeNaN();
  });

  it("keeps NaN through ReLU and clipping", () => {
    const values = floats([3], [Number.NaN, -1, 9]);
    expect(numbers(run("Relu", [values]))).toEqual([Number.NaN, 0, 9]);
    const bounds = [floats([], [0]), floats([], [6])];
    expect(numbers(run("Clip", [values, ...bounds]))).toEqual([Number.NaN, 0, 6]);
  });

  it("reads the bounds of Clip from attributes before version 11", () => {
    const attributes = {
      min: { type: "float", value: 0 },
      max: { type: "float", value: 6 },
    } as const;
    const clipped = run("Clip", [floats([3], [-1, 3, 9])], { attributes, opset: 6 });
    expect(numbers(clipped)).toEqual([0, 3, 6]);
    expect(numbers(run("Clip", [longs([-5, 5]), longs([-1], []), null]))).toEqual([-1, 5]);
  });

  it("refuses element types that an operator does not have", () => {
    expect(() => run("Sin", [longs([1])])).toThrow('Sin "node": works on floating-point elements');
    expect(() => run("Not", [floats([1], [1])])).toThrow("works on bool");
    expect(() => run("NoSuchOperator", [])).toThrow("no operator NoSuchOperator at opset 17");
    expect(() => run("Gelu", [noise([1])], { opset: 19 })).toThrow("no operator Gelu at opset 19");
  });

  it("computes nothing of nothing", () => {
    for (const opType of ["Abs", "Relu", "Exp", "Not"]) {
      const empty = opType === "Not" ? tensor("bool", [0, 3]) : tensor("f32", [0, 3]);
      expect(run(opType, [empty]).shape).toEqual([0, 3]);
    }
  });
});

describe("Cast", () => {
  const cast = (x: Tensor, to: number): Tensor => run("Cast", [x], { attributes: { to } });

  it("cuts fractions off, wraps integers, and makes truth of what is not zero", () => {
    expect(numbers(cast(floats([3], [1.9, -1.9, 300]), 7))).toEqual([1, -1, 300]);
    expect(numbers(cast(longs([300, -1]), 2))).toEqual([44, 255]);
    expect(numbers(cast(floats([3], [0, 0.2, Number.NaN]), 9))).toEqual([0, 1, 1]);
    expect(numbers(cast(tensor("i64", [1], [2n ** 32n + 5n]), 6))).toEqual([5]);
    expect(cast(floats([1], [Number.NaN]), 7).data[0]).toBe(0n);
  });

  it("goes through 16-bit floats and back", () => {
    const x = floats([3], [1.5, -0.25, 65504]);
    for (const to of [10, 1]) expect(numbers(cast(cast(x, to), 1))).toEqual(numbers(x));
    expect(numbers(cast(cast(floats([2], [1.5, -0.25]), 16), 1))).toEqual([1.5, -0.25]);
  });

  it("refuses strings", () => {
    expect(() => cast(longs([1]), 8)).toThrow("element type 8 of the standard is not supported");
  });
});
