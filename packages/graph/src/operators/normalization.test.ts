import type { Tensor } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import {
  floats,
  longs,
  maxDifference,
  noise,
  numbers,
  run,
  runAll,
} from "./run-operator.test-support.js";

const epsilon = (value: number) => ({ epsilon: { type: "float", value } as const });
const ones = (n: number): Tensor => floats([n], new Array(n).fill(1));
const zeros = (n: number): Tensor => floats([n], new Array(n).fill(0));

function moments(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return { mean, variance: values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length };
}

describe("normalisation", () => {
  it("leaves zero mean and unit variance in every layer, group and instance", () => {
    const x = noise([2, 6, 5], 51);
    const attributes = epsilon(0);
    const layer = numbers(run("LayerNormalization", [x, ones(5), zeros(5)], { attributes }));
    const group = numbers(
      run("GroupNormalization", [x, ones(6), zeros(6)], {
        attributes: { ...attributes, num_groups: 2 },
        opset: 21,
      }),
    );
    const instance = numbers(run("InstanceNormalization", [x, ones(6), zeros(6)], { attributes }));
    for (const [values, size] of [
      [layer, 5],
      [group, 15],
      [instance, 5],
    ] as const) {
      for (let start = 0; start < values.length; start += size) {
        const { mean, variance } = moments(values.slice(start, start + size));
        expect(Math.abs(mean)).toBeLessThan(1e-6);
        expect(Math.abs(variance - 1)).toBeLessThan(1e-5);
      }
    }
  });

  it("gives layer statistics that rebuild the input", () => {
    const x = noise([3, 4], 52);
    const [y, mean, inverse] = runAll("LayerNormalization", [x, ones(4)], { outputCount: 3 });
    expect(mean!.shape).toEqual([3, 1]);
    const rebuilt = numbers(y!).map(
      (v, i) => v / Number(inverse!.data[i >> 2]) + Number(mean!.data[i >> 2]),
    );
    expect(maxDifference(x, rebuilt)).toBeLessThan(1e-5);
  });

  it("is an affine map per channel at inference", () => {
    const x = noise([1, 2, 3], 53);
    const inputs = [
      x,
      floats([2], [2, 3]),
      floats([2], [1, -1]),
      floats([2], [0.5, 0]),
      floats([2], [4, 1]),
    ];
    const y = run("BatchNormalization", inputs, { attributes: epsilon(0) });
    const expected = numbers(x).map((v, i) => (i < 3 ? v - 0.5 + 1 : v * 3 - 1));
    expect(maxDifference(y, expected)).toBeLessThan(1e-5);
    expect(() => run("BatchNormalization", [x, ones(3), ones(2), ones(2), ones(2)])).toThrow(
      "input 1 has 3 elements, expected 2",
    );
  });

  it("divides by the root mean square, and by the p-norm", () => {
    const x = floats([2], [3, 4]);
    const rms = run("RMSNormalization", [x, ones(2)], { attributes: epsilon(0), opset: 23 });
    expect(maxDifference(rms, [3 / Math.sqrt(12.5), 4 / Math.sqrt(12.5)])).toBeLessThan(1e-6);
    expect(maxDifference(run("LpNormalization", [x]), [0.6, 0.8])).toBeLessThan(1e-6);
    const first = run("LpNormalization", [x], { attributes: { p: 1 } });
    expect(maxDifference(first, [3 / 7, 4 / 7])).toBeLessThan(1e-6);
  });
});

describe("softmax", () => {
  it("sums to one along its axis, unmoved by a shift of its input", () => {
    const x = noise([2, 5, 3], 54);
    const y = run("Softmax", [x], { attributes: { axis: 1 } });
    expect(numbers(run("ReduceSum", [y, longs([1])])).every((v) => Math.abs(v - 1) < 1e-6)).toBe(
      true,
    );
    const shifted = run("Add", [x, floats([], [1000])]);
    expect(maxDifference(run("Softmax", [shifted], { attributes: { axis: 1 } }), y)).toBeLessThan(
      1e-4,
    );
    const logs = run("LogSoftmax", [x], { attributes: { axis: 1 } });
    expect(maxDifference(run("Exp", [logs]), y)).toBeLessThan(1e-6);
  });

  it("runs over everything behind the axis before version 13", () => {
    const x = noise([2, 3, 4], 55);
    const old = run("Softmax", [x], { opset: 11 });
    const flat = run("Softmax", [{ ...x, shape: [2, 12] }]);
    expect(numbers(old)).toEqual(numbers(flat));
    expect(old.shape).toEqual([2, 3, 4]);
  });

  it("marks the first of equal maxima", () => {
    expect(numbers(run("Hardmax", [floats([1, 4], [1, 3, 3, 2])]))).toEqual([0, 1, 0, 0]);
  });
});

describe("losses", () => {
  it("weigh, ignore and reduce as their definitions do", () => {
    const logs = floats([3, 2], [-1, -2, -3, -4, -5, -6]);
    const target = longs([0, 1, 1]);
    const weights = floats([2], [2, 3]);
    const of = (reduction: string, more: Record<string, number> = {}): number[] =>
      numbers(
        run("NegativeLogLikelihoodLoss", [logs, target, weights], {
          attributes: { reduction, ...more },
        }),
      );
    expect(of("none")).toEqual([2, 12, 18]);
    expect(of("sum")).toEqual([32]);
    expect(of("mean")).toEqual([4]);
    expect(of("mean", { ignore_index: 1 })).toEqual([1]);
    expect(() => run("NegativeLogLikelihoodLoss", [logs, longs([0, 2, 0])])).toThrow(
      "label 2 is none of 2 classes",
    );
  });
});
