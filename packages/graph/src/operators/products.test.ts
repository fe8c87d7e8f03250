import { type Tensor, tensor } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  elementAt,
  floats,
  longs,
  maxDifference,
  noise,
  numbers,
  positions,
  run,
  runAll,
} from "./run-operator.test-support.js";

describe("matrix products", () => {
  it("agree with sums over the inner index, batches broadcast", () => {
    const size = fc.integer({ min: 1, max: 4 });
    fc.assert(
      fc.property(size, size, size, size, fc.boolean(), (m, k, n, batch, shared) => {
        const a = noise([batch, 2, m, k], 91);
        const b = noise(shared ? [k, n] : [batch, 1, k, n], 92);
        const y = run("MatMul", [a, b]);
        expect(y.shape).toEqual([batch, 2, m, n]);
        for (const [i, j, row, column] of positions(y.shape) as Iterable<
          [number, number, number, number]
        >) {
          let sum = 0;
          for (let p = 0; p < k; p++) {
            sum +=
              elementAt(a, [i, j, row, p]) * elementAt(b, shared ? [p, column] : [i, 0, p, column]);
          }
          expect(elementAt(y, [i, j, row, column])).toBeCloseTo(sum, 4);
        }
      }),
      { seed: 93, numRuns: 60 },
    );
  });

  it("treat vectors as rows and columns", () => {
    const v = longs([1, 2, 3]);
    expect(run("MatMul", [v, v])).toEqual(longs([14], []));
    expect(run("MatMul", [noise([2, 3]), noise([3])]).shape).toEqual([2]);
    expect(run("MatMul", [noise([3]), noise([5, 3, 2])]).shape).toEqual([5, 2]);
    expect(() => run("MatMul", [noise([2, 3]), noise([4, 5])])).toThrow(
      "inner dimensions differ, [2, 3] x [4, 5]",
    );
  });

  it("Gemm transposes, scales and adds", () => {
    const a = noise([3, 2], 94);
    const b = noise([4, 3], 95);
    const attributes = {
      transA: 1,
      transB: 1,
      alpha: { type: "float", value: 2 },
      beta: { type: "float", value: 3 },
    } as const;
    const y = run("Gemm", [a, b, floats([4], [1, 2, 3, 4])], { attributes });
    const turn = (x: Tensor): Tensor => run("Transpose", [x]);
    const product = numbers(run("MatMul", [turn(a), turn(b)]));
    expect(
      maxDifference(
        y,
        product.map((v, i) => 2 * v + 3 * ((i % 4) + 1)),
      ),
    ).toBeLessThan(1e-5);
  });

  it("Einsum covers products, traces, sums and ellipses", () => {
    const a = noise([2, 3, 4], 96);
    const b = noise([2, 4, 5], 97);
    const of = (equation: string, ...inputs: Tensor[]): Tensor =>
      run("Einsum", inputs, { attributes: { equation } });
    const product = run("MatMul", [a, b]);
    for (const equation of ["bij,bjk->bik", "...ij,...jk->...ik"]) {
      expect(maxDifference(of(equation, a, b), product)).toBeLessThan(1e-5);
    }
    // Implicit results name what occurs once, so the batch is summed, too.
    expect(of("bij,bjk", a, b)).toEqual(of("bij,bjk->ik", a, b));
    expect(numbers(of("ii", longs([1, 2, 3, 4], [2, 2])))).toEqual([5]);
    expect(numbers(of("ij->j", longs([1, 2, 3, 4], [2, 2])))).toEqual([4, 6]);
    expect(() => of("ij,jk->ik", a, b)).toThrow('term "ij" does not fit [2, 3, 4]');
    expect(() => of("ij,jk", a)).toThrow("does not fit 1 inputs");
  });

  it("determinants multiply", () => {
    const a = noise([3, 3], 98);
    const b = noise([3, 3], 99);
    const det = (x: Tensor): number => numbers(run("Det", [x]))[0]!;
    expect(det(run("MatMul", [a, b]))).toBeCloseTo(det(a) * det(b), 3);
    expect(det(floats([2, 2], [0, 1, 1, 0]))).toBe(-1);
    expect(det(floats([2, 2], [1, 2, 2, 4]))).toBe(0);
  });
});

describe("quantisation", () => {
  it("loses at most half a step within the range", () => {
    const x = noise([4, 5], 101);
    const scale = floats([5], [0.02, 0.03, 0.04, 0.05, 0.06]);
    const zero = tensor("u8", [5], [128, 128, 120, 130, 128]);
    const codes = run("QuantizeLinear", [x, scale, zero]);
    expect(codes.dtype).toBe("u8");
    const back = run("DequantizeLinear", [codes, scale, zero]);
    for (const [i, v] of numbers(back).entries()) {
      const step = Number(scale.data[i % 5]);
      expect(Math.abs(v - x.data[i]!)).toBeLessThanOrEqual(step / 2 + 1e-6);
    }
  });

  it("saturates, and rounds halves to even", () => {
    const x = floats([5], [-1000, 1000, 0.5, 1.5, 2.5]);
    const one = floats([], [1]);
    expect(numbers(run("QuantizeLinear", [x, one]))).toEqual([0, 255, 0, 2, 2]);
    const signed = run("QuantizeLinear", [x, one, tensor("i8", [], [1])]);
    expect(numbers(signed)).toEqual([-128, 127, 1, 3, 3]);
  });

  it("scales by blocks from version 21 on", () => {
    const codes = tensor("i8", [1, 4], [1, 2, 3, 4]);
    const y = run("DequantizeLinear", [codes, floats([1, 2], [1, 10])], {
      attributes: { axis: 1, block_size: 2 },
      opset: 21,
    });
    expect(numbers(y)).toEqual([1, 2, 30, 40]);
    expect(() => run("DequantizeLinear", [codes, floats([3], [1, 1, 1])])).toThrow(
      "scale [3] does not fit",
    );
  });

  it("spans the data, zero included, dynamically", () => {
    const x = floats([3], [0.5, 2, 2.55]);
    const [codes, scale, zero] = runAll("DynamicQuantizeLinear", [x], { outputCount: 3 });
    expect(numbers(zero!)).toEqual([0]);
    expect(Number(scale!.data[0])).toBeCloseTo(0.01, 6);
    expect(numbers(codes!)).toEqual([50, 200, 255]);
    const [nothing] = runAll("DynamicQuantizeLinear", [floats([2], [0, 0])], { outputCount: 3 });
    expect(numbers(nothing!)).toEqual([0, 0]);
  });

  it("multiplies and convolves codes as the numbers they stand for", () => {
    const a = tensor("u8", [2, 3], [1, 2, 3, 250, 5, 6]);
    const b = tensor("i8", [3, 2], [-1, 2, 3, -4, 5, 6]);
    const sums = run("MatMulInteger", [a, b, tensor("u8", [], [3]), tensor("i8", [2], [1, -1])]);
    const centred = run("MatMul", [
      floats([2, 3], [-2, -1, 0, 247, 2, 3]),
      floats([3, 2], [-2, 3, 2, -3, 4, 7]),
    ]);
    expect(numbers(sums)).toEqual(numbers(centred));
    const x = tensor("u8", [1, 1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const w = tensor("u8", [1, 1, 2, 2], [1, 1, 1, 1]);
    const attributes = { pads: [1, 0, 0, 0] };
    const y = run("ConvInteger", [x, w, tensor("u8", [], [1])], { attributes });
    // The padding stands for 0, whatever the zero point is.
    expect(numbers(y)).toEqual([1, 3, 8, 12, 20, 24]);
  });
});
