import fc from "fast-check";
import { expect, test } from "vitest";
import { randomFloats, relativeError, seededNumbers } from "../../runtime/fixtures.test-support.js";
import { computeEverywhere } from "../compute-everywhere.test-support.js";
import { loadEveryTrainingKind } from "../fixtures.test-support.js";
import { type MaskedSoftmaxSpec, planMaskedSoftmax } from "./plan-masked-softmax.js";

const kinds = await loadEveryTrainingKind();
const [, kernels] = kinds[0]!;

const sizes = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  heads: fc.integer({ min: 1, max: 3 }),
  rows: fc.integer({ min: 1, max: 6 }),
  cols: fc.integer({ min: 1, max: 21 }),
  scale: fc.constantFrom(1, 0.125),
  causal: fc.constantFrom<MaskedSoftmaxSpec["causal"][]>(
    undefined,
    {},
    { offset: 0 },
    { offset: -2 },
    { window: 3 },
    { offset: 4, window: 1 },
  ),
  lengths: fc.boolean(),
  kind: fc.constantFrom<("add" | "keep" | "none")[]>("add", "keep", "none"),
  own: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
  seed: fc.nat(),
});

test("only visible columns share a row's probability", () => {
  fc.assert(
    fc.property(sizes, ({ batch, heads, rows, cols, scale, causal, kind, own, ...rest }) => {
      const random = seededNumbers(rest.seed);
      const x = randomFloats(batch * heads * rows * cols, random, 8);
      const strides: [number, number, number] = [
        own[0] ? heads * rows * cols : 0,
        own[1] ? rows * cols : 0,
        own[2] ? cols : 0,
      ];
      const added = randomFloats(x.length, random).map((v) =>
        v < -0.7 ? Number.NEGATIVE_INFINITY : v,
      );
      const kept = Uint8Array.from({ length: x.length }, () => (random() < 0.3 ? 0 : 255));
      const lengths = Int32Array.from({ length: batch }, () => Math.floor(random() * (cols + 2)));
      const expected = new Float64Array(x.length);
      for (let unit = 0; unit < batch * heads * rows; unit++) {
        const row = unit % rows;
        const head = Math.floor(unit / rows) % heads;
        const b = Math.floor(unit / rows / heads);
        const last = row + (causal?.offset ?? cols - rows);
        const scores = Array.from({ length: cols }, (_, j) => {
          const mask = b * strides[0] + head * strides[1] + row * strides[2] + j;
          const hidden =
            (causal && (j > last || j <= last - (causal.window ?? Number.POSITIVE_INFINITY))) ||
            (rest.lengths && j >= lengths[b]!) ||
            (kind === "keep" && kept[mask] === 0);
          if (hidden) return Number.NEGATIVE_INFINITY;
          return scale * x[unit * cols + j]! + (kind === "add" ? added[mask]! : 0);
        });
        const top = Math.max(...scores);
        const powers = scores.map((v) =>
          top === Number.NEGATIVE_INFINITY ? 0 : Math.exp(v - top),
        );
        const sum = powers.reduce((a, v) => a + v, 0);
        powers.forEach((v, j) => {
          expected[unit * cols + j] = sum === 0 ? 0 : v / sum;
        });
      }
      for (const y of computeEverywhere(
        kinds,
        [x, kind === "keep" ? kept : added, lengths],
        x.length,
        (k, [at, mask, lengthsAt], y) =>
          planMaskedSoftmax(k, {
            x: at!,
            y,
            batch,
            heads,
            rows,
            cols,
            scale,
            ...(causal && { causal }),
            ...(rest.lengths && { lengths: lengthsAt! }),
            ...(kind !== "none" && { mask: { ptr: mask!, kind, strides } }),
          }),
      )) {
        // exp4 is right to 2.1e-7, the score is rounded once or twice (|score| < 9: 1e-6 absolute).
        expect(relativeError(y, expected, 1e-6)).toBeLessThan(4e-6);
      }
    }),
    { numRuns: 120, seed: 4 },
  );
});

test("a NaN stays visible, even in a row of nothing else", () => {
  for (const scores of [
    [Number.NaN, Number.NaN],
    [1, Number.NaN],
    [Number.NEGATIVE_INFINITY, Number.NaN],
  ]) {
    for (const y of computeEverywhere(kinds, [new Float32Array(scores)], 2, (k, [x], y) =>
      planMaskedSoftmax(k, { x: x!, y, rows: 1, cols: 2 }),
    )) {
      expect(y[1]).toBeNaN();
    }
  }
});

test("errors say what was expected", () => {
  const spec = { x: 0, y: 0, rows: 1, cols: 2 };
  expect(() => planMaskedSoftmax(kernels, { ...spec, causal: { window: 0 } })).toThrow(
    "planMaskedSoftmax: expected window to be a whole number from 1, got 0",
  );
  expect(() => planMaskedSoftmax(kernels, { ...spec, causal: { offset: 0.5 } })).toThrow(
    "planMaskedSoftmax: expected a whole number as offset, got 0.5",
  );
  const mask = { ptr: 0, kind: "none" as "add" };
  expect(() => planMaskedSoftmax(kernels, { ...spec, mask })).toThrow(
    'planMaskedSoftmax: expected a mask of kind "add" or "keep", got "none"',
  );
});
