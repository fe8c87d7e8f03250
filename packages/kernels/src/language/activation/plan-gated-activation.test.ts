import fc from "fast-check";
import { expect, test } from "vitest";
import {
  computeFloats,
  randomFloats,
  relativeError,
  seededNumbers,
} from "../../runtime/fixtures.test-support.js";
import { loadEveryLanguageKind } from "../fixtures.test-support.js";
import { planRmsNorm } from "../normalization/plan-rms-norm.js";
import { planGatedActivation } from "./plan-gated-activation.js";

const kinds = await loadEveryLanguageKind();
const [, kernels] = kinds[0]!;

const ACTIVATIONS = {
  silu: (x: number) => x / (1 + Math.exp(-x)),
  relu2: (x: number) => Math.max(x, 0) ** 2,
} as const;

const sizes = fc.record({
  n: fc.integer({ min: 1, max: 9 }),
  cols: fc.integer({ min: 1, max: 70 }),
  seed: fc.nat(),
});

test("gates multiply what they are given by their activation", () => {
  fc.assert(
    fc.property(
      sizes,
      fc.constantFrom<("silu" | "relu2")[]>("silu", "relu2"),
      ({ n, cols, seed }, activation) => {
        const stride = 2 * cols + (seed % 3);
        const rows = randomFloats(n * stride, seededNumbers(seed), 12);
        const expected = Float64Array.from({ length: n * cols }, (_, i) => {
          const at = Math.floor(i / cols) * stride + (i % cols);
          return ACTIVATIONS[activation](rows[at]!) * rows[at + cols]!;
        });
        for (const [, kernels] of kinds) {
          const y = computeFloats(kernels, [rows], n * cols, ([gateUp], y) =>
            planGatedActivation(kernels, {
              ...{ gateUp: gateUp!, stride, y, n, hidden: cols, activation },
            }),
          );
          // The exponential is right to 2.1e-7, and there are three roundings.
          expect(relativeError(y, expected)).toBeLessThan(1e-6);
        }
      },
    ),
    { numRuns: 60, seed: 1 },
  );
});

test("gates far from zero, infinities and NaN come out as they should", () => {
  const gates = [-1e4, 1e4, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NaN];
  const rows = new Float32Array([...gates, ...gates.map(() => 2)]);
  for (const [, kernels] of kinds) {
    const of = (activation: "silu" | "relu2"): number[] => [
      ...computeFloats(kernels, [rows], 5, ([gateUp], y) =>
        planGatedActivation(kernels, { gateUp: gateUp!, y, n: 1, hidden: 5, activation }),
      ),
    ];
    const silu = of("silu");
    expect(silu.map(Math.abs).slice(0, 2)).toEqual([0, 2e4]);
    // -Infinity times 0, as in PyTorch
    expect(silu.slice(2)).toEqual([Number.NaN, Number.POSITIVE_INFINITY, Number.NaN]);
    expect(of("relu2")).toEqual([0, 2e8, 0, Number.POSITIVE_INFINITY, Number.NaN]);
  }
});

test("rows are normalised and gated with the same bits alone and together", () => {
  fc.assert(
    fc.property(sizes, ({ n, cols, seed }) => {
      const x = randomFloats(n * 2 * cols, seededNumbers(seed), 3);
      const gamma = randomFloats(2 * cols, seededNumbers(seed + 1));
      for (const [, kernels] of kinds) {
        const together = computeFloats(kernels, [x, gamma], n * 2 * cols, ([x, gamma], y) =>
          planRmsNorm(kernels, { x: x!, gamma: gamma!, y, n, cols: 2 * cols }),
        );
        const gated = computeFloats(kernels, [x], n * cols, ([gateUp], y) =>
          planGatedActivation(kernels, {
            ...{ gateUp: gateUp!, y, n, hidden: cols, activation: "silu" },
          }),
        );
        const row = n - 1;
        const last = x.slice(row * 2 * cols);
        const square = last.reduce((sum, v) => sum + v * v, 0) / (2 * cols);
        const expected = last.map((v, i) => (v / Math.sqrt(square + 1e-5)) * gamma[i]!);
        const alone = computeFloats(kernels, [last, gamma], 2 * cols, ([x, gamma], y) =>
          planRmsNorm(kernels, { x: x!, gamma: gamma!, y, n: 1, cols: 2 * cols }),
        );
        expect(relativeError(alone, expected, 1e-6)).toBeLessThan(2e-6);
        expect(alone).toEqual(together.slice(row * 2 * cols));
        const gatedAlone = computeFloats(kernels, [last], cols, ([gateUp], y) =>
          planGatedActivation(kernels, {
            ...{ gateUp: gateUp!, y, n: 1, hidden: cols, activation: "silu" },
          }),
        );
        expect(gatedAlone).toEqual(gated.slice(row * cols));
      }
    }),
    { numRuns: 40, seed: 2 },
  );
});

test("errors say what was expected", () => {
  const spec = { gateUp: 0, y: 0, n: 1, hidden: 4, activation: "silu" } as const;
  expect(() => planGatedActivation(kernels, { ...spec, activation: "gelu" as "silu" })).toThrow(
    'planGatedActivation: expected an activation of "silu" or "relu2", got "gelu"',
  );
  expect(() => planGatedActivation(kernels, { ...spec, stride: 7 })).toThrow(
    "planGatedActivation: expected stride to be a whole number from 8, got 7",
  );
});
