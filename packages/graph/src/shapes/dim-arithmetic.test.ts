import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Dim } from "../model/model.js";
import {
  addDims,
  ceilDivideDim,
  divideExactly,
  floorDivideDim,
  multiplyAll,
  multiplyDims,
  subtractDims,
} from "./dim-arithmetic.js";

/** Value of an expression when its symbols have these sizes: the reading a person would give it. */
function evaluate(dim: Dim, sizes: Readonly<Record<string, number>>): number {
  const code = String(dim).replaceAll(/[a-z]+/g, (name) =>
    name === "floor" ? "Math.floor" : `(${sizes[name]})`,
  );
  return new Function(`return ${code}`)() as number;
}

describe("symbolic sizes", () => {
  it("have one spelling for one value", () => {
    expect(addDims("h", 0)).toBe("h");
    expect(subtractDims("h", "h")).toBe(0);
    expect(addDims(addDims("h", 3), -3)).toBe("h");
    expect(addDims("a", "b")).toBe(addDims("b", "a"));
    expect(multiplyDims("a", multiplyDims("b", "c"))).toBe(
      multiplyDims("c", multiplyDims("a", "b")),
    );
    expect(floorDivideDim(multiplyDims("h", 6), 3)).toBe("2*h");
    // Two ways to halve twice, as padding and no padding write it.
    const halved = addDims(floorDivideDim(addDims("h", -1), 2), 1);
    expect(halved).toBe("floor((h+1)/2)");
    expect(ceilDivideDim(ceilDivideDim("h", 2), 2)).toBe(ceilDivideDim("h", 4));
  });

  it("divide only when nothing is left", () => {
    expect(divideExactly(["n", 6, "c"], ["c", 2])).toBe("3*n");
    expect(divideExactly(["n", 6], [4])).toBe(null);
    expect(divideExactly(["n"], ["m"])).toBe(null);
    expect(divideExactly([null], [1])).toBe(null);
  });

  it("give up rather than grow without end", () => {
    let dim: Dim = "a";
    for (let i = 0; i < 100; i++) dim = multiplyDims(dim, addDims(dim, 1));
    expect(dim).toBe(null);
  });

  it("compute what numbers would", () => {
    type Step = readonly [operation: string, amount: number];
    const step: fc.Arbitrary<Step> = fc.tuple(
      fc.constantFrom("add", "subtract", "multiply", "floor", "ceil", "other", "times"),
      fc.integer({ min: 1, max: 7 }),
    );
    const apply = (dim: Dim, other: Dim, [operation, amount]: Step): Dim => {
      switch (operation) {
        case "add":
          return addDims(dim, amount);
        case "subtract":
          return addDims(dim, -amount);
        case "multiply":
          return multiplyDims(dim, amount);
        case "floor":
          return floorDivideDim(dim, amount);
        case "ceil":
          return ceilDivideDim(dim, amount);
        case "other":
          return addDims(dim, multiplyDims(other, amount));
        default:
          return multiplyAll([dim, other]);
      }
    };
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 6 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 9 }),
        (steps, h, n) => {
          let symbolic: Dim = "h";
          let concrete: Dim = h;
          for (const each of steps) {
            symbolic = apply(symbolic, "n", each);
            concrete = apply(concrete, n, each);
          }
          if (symbolic !== null) expect(evaluate(symbolic, { h, n })).toBe(concrete);
        },
      ),
      { seed: 11, numRuns: 500 },
    );
  });
});
