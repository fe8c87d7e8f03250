import { expect, test } from "vitest";
import { createSparsityRatio, type SparsityRatioOptions } from "./sparsity-ratio.js";

// Densities 0.6, 0.3, 0.75 and 0.25, half of everything on average: ratios 1.2, 0.6, 1.5 and 0.5.
const SPARSITIES = [0.4, 0.7, 0.25, 0.75];

test.each<[SparsityRatioOptions, number[]]>([
  [{}, [1.2, 0.9, 1.1, 0.95]],
  [{ predictor: "last-one" }, [1.2, 0.6, 1.5, 0.5]],
  [{ predictor: "last-n" }, [1.2, 0.9, 1.1, 2.6 / 3]],
  [{ predictor: "last-n", n: 2 }, [1.2, 0.9, 1.05, 1]],
  [{ predictor: "last-n", compat: "reference" }, [0.4, 0.6, 1.1, 2.6 / 3]],
])("%o", (options, expected) => {
  const ratio = createSparsityRatio(options);
  expect(ratio.ratio).toBe(1);
  for (const [i, sparsity] of SPARSITIES.entries()) {
    expect(ratio.observe(sparsity, 0.5)).toBeCloseTo(expected[i]!, 12);
    expect(ratio.ratio).toBeCloseTo(expected[i]!, 12);
  }
});

test("a layer that is always all zeros tells nothing; one that happens to be so takes no time", () => {
  const ratio = createSparsityRatio({ predictor: "last-one" });
  expect(ratio.observe(1, 1)).toBe(1);
  expect(ratio.observe(0.5, 1)).toBe(1);
  expect(ratio.observe(1, 0.5)).toBe(0);
  expect(ratio.observe(Number.NaN, 0.5)).toBe(1);
});

test("what it does not know is refused", () => {
  expect(() => createSparsityRatio({ n: 0 })).toThrow(/n must be a whole number from 1, got 0/);
  expect(() => createSparsityRatio({ predictor: "median" as "average" })).toThrow(
    /"average", "last-one" or "last-n" was expected, got "median"/,
  );
});
