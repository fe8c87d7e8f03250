import { expect, test } from "vitest";
import { relaxedDotOperand, supportsRelaxedSimd } from "./relaxed-probe.js";

const major = Number(globalThis.process?.versions?.node?.split(".")[0] ?? Number.NaN);

test("relaxed SIMD is refused where it is absent or computes wrong sums, and the answer is stable", () => {
  const first = supportsRelaxedSimd();
  for (let i = 0; i < 50; i++) expect(supportsRelaxedSimd()).toBe(first);
  // Node 20 has no relaxed SIMD, or with its experimental flag a faulty one: both mean no.
  if (major < 22) expect(first).toBe(false);
  if (major >= 24) expect(first).toBe(true);
});

test("the dot product's second operand is read as one of the three known ways", () => {
  const operand = relaxedDotOperand();
  expect(["unsigned", "signed", "seven-bit"]).toContain(operand);
  if (!supportsRelaxedSimd()) expect(operand).toBe("seven-bit");
});
