import { describe, expect, it } from "vitest";
import { errorToLargest } from "./compare-gradients.test-support.js";
import { finiteDifferences } from "./finite-differences.test-support.js";

const floats = (...values: number[]): Float64Array => Float64Array.from(values);

describe("finiteDifferences", () => {
  it("gives the gradients of a function of two arrays", () => {
    // f = sum exp(a_i) b_i + a_0 b_1
    const f = (a: Float64Array, b: Float64Array): number =>
      a.reduce((sum, value, i) => sum + Math.exp(value) * b[i]!, 0) + a[0]! * b[1]!;
    const a = floats(0.3, -1.2, 2);
    const b = floats(1.5, -0.7, 40);
    const [da, db] = finiteDifferences(f, [a, b]);
    const exactA = a.map((value, i) => Math.exp(value) * b[i]! + (i === 0 ? b[1]! : 0));
    const exactB = a.map((value, i) => Math.exp(value) + (i === 1 ? a[0]! : 0));
    expect(errorToLargest(da!, exactA)).toBeLessThan(1e-9);
    expect(errorToLargest(db!, exactB)).toBeLessThan(1e-9);
  });

  it("steps in proportion to large inputs", () => {
    const [gradient] = finiteDifferences((x) => x[0]! ** 2, [floats(3e8)]);
    expect(gradient![0]! / 6e8).toBeCloseTo(1, 8);
  });

  it("leaves the inputs as they were", () => {
    const x = floats(1, 2);
    finiteDifferences((moved) => moved[0]! * moved[1]!, [x]);
    expect([...x]).toEqual([1, 2]);
  });

  it("takes only the inputs and elements that were asked for", () => {
    const x = Float64Array.from({ length: 10 }, (_, i) => i);
    let evaluations = 0;
    const square = (a: Float64Array, b: Float64Array): number => {
      evaluations++;
      return a.reduce((sum, value, i) => sum + value * value * b[i]!, 0);
    };
    const [da, db] = finiteDifferences(square, [x, x], { inputs: [0], elements: 3 });
    expect(evaluations).toBe(6);
    expect(db).toHaveLength(0);
    expect([...da!.keys()].filter((i) => !Number.isNaN(da![i]!))).toEqual([0, 4, 8]);
    const exact = x.map((value) => 2 * value * value);
    expect(errorToLargest(exact, da!)).toBeLessThan(1e-8);
  });

  it("refuses a function that is not finite", () => {
    expect(() => finiteDifferences((x) => Math.log(x[0]!), [floats(0)])).toThrow(
      "the function is NaN",
    );
  });
});

describe("errorToLargest", () => {
  it("measures against the largest expected value", () => {
    expect(errorToLargest([1, 0.02, -10], [1, 0.01, -10])).toBeCloseTo(0.001, 12);
  });

  it("accepts nothing but zeros for zeros, and no NaN", () => {
    expect(errorToLargest([0, 0], [0, 0])).toBe(0);
    expect(errorToLargest([0, 1e-30], [0, 0])).toBe(Number.POSITIVE_INFINITY);
    expect(errorToLargest([Number.NaN], [1])).toBe(Number.POSITIVE_INFINITY);
    expect(errorToLargest([1], [1, 2])).toBe(Number.POSITIVE_INFINITY);
  });
});
