import {
  decodeBfloat16,
  decodeFloat16,
  encodeBfloat16,
  encodeFloat16,
  packBinaryCoded,
  packNested,
  quantizeInt4Group,
  quantizeInt8Channel,
  quantizeInt8Group,
  quantizeTernary,
  tensor,
  unpackBinaryCoded,
  unpackNested,
  unpackTensor,
} from "@edgewright/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { computeFloats, randomFloats, seededNumbers } from "../../runtime/fixtures.test-support.js";
import { loadKernels } from "../../runtime/load.js";
import { loadEveryLanguageKind } from "../fixtures.test-support.js";
import { packLinear } from "../linear/pack-linear.js";
import type { LinearWeights } from "../linear/packed-linear.js";
import { planEmbedRows } from "./plan-embed-rows.js";

const kinds = await loadEveryLanguageKind();
const [, kernels] = kinds[0]!;

interface Table {
  readonly weights: LinearWeights;
  readonly exact: Float32Array;
  readonly bits?: number;
  /** How far a number may be off; 0: not a bit. */
  readonly tolerance: number;
}

type Make = (x: Float32Array, shape: number[], random: () => number) => Table[];

const formats: Record<string, Make> = {
  f32: (x, shape) => [{ weights: tensor("f32", shape, x), exact: x, tolerance: 0 }],
  f16: (x, shape) => {
    const data = encodeFloat16(x.map((v, i) => (i % 7 === 0 ? v * 1e-6 : v)));
    return [{ weights: { dtype: "f16", shape, data }, exact: decodeFloat16(data), tolerance: 0 }];
  },
  bf16: (x, shape) => {
    const data = encodeBfloat16(x);
    return [{ weights: { dtype: "bf16", shape, data }, exact: decodeBfloat16(data), tolerance: 0 }];
  },
  packed: (x, shape) =>
    [
      quantizeInt8Channel(x, shape),
      quantizeInt8Channel(x, shape, { symmetric: false }),
      quantizeInt8Group(x, shape, { groupSize: 16 }),
      quantizeInt8Group(x, shape, { groupSize: 32 }),
      quantizeInt4Group(x, shape, { groupSize: 32 }),
      quantizeInt4Group(x, shape, { groupSize: 8, symmetric: false }),
      quantizeTernary(x, shape),
      quantizeTernary(x, shape, { perRow: true }),
    ].map((weights) => ({ weights, exact: unpackTensor(weights).data, tolerance: 2e-6 })),
  nested: (_, shape, random) => {
    const weights = packNested({
      ...{ shape, seedBits: 1, bits: 8, rowsPerCodebook: 3, codebookType: "f32" },
      codes: Uint8Array.from({ length: shape[0]! * shape[1]! }, () => random() * 256),
      codebooks: [1, 2, 3, 4, 5, 6, 7, 8].map((width) =>
        randomFloats(Math.ceil(shape[0]! / 3) * 2 ** width, random),
      ),
    });
    // Centroids between -1 and 1 in 7 bits at least.
    const tolerance = 1 / 127 + 1e-5;
    return [1, 2, 3, 4, 5, 6, 7, 8].map((bits) => ({
      ...{ weights, bits, tolerance },
      exact: unpackNested(weights, bits),
    }));
  },
  "binary-coded": (_, shape, random) =>
    [32, 96, shape[1]!].flatMap((groupSize) => {
      const groups = shape[0]! * Math.ceil(shape[1]! / groupSize);
      const weights = packBinaryCoded({
        ...{ shape, seedBits: 1, bits: 4, groupSize, scaleType: "f32" },
        codes: Uint8Array.from({ length: shape[0]! * shape[1]! }, () => random() * 16),
        scales: [1, 2, 3, 4].map((width) => randomFloats(groups * (width + 1), random)),
      });
      return [1, 2, 3, 4].map((bits) => ({
        // Scales of groups are kept in bfloat16, 2^-9 off at most, and here at most 1.
        ...{ weights, bits, tolerance: groupSize < shape[1]! ? (bits + 1) * 2 ** -9 : 2e-6 },
        exact: unpackBinaryCoded(weights, bits),
      }));
    }),
};

const sizes = fc.record({
  rows: fc.integer({ min: 1, max: 70 }),
  cols: fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom(128, 130, 515, 700)),
  n: fc.integer({ min: 1, max: 9 }),
  seed: fc.nat(),
});

for (const [format, make] of Object.entries(formats)) {
  test(`${format}: rows in the order of the ids, zeros for an id that is no row`, () => {
    fc.assert(
      fc.property(sizes, ({ rows, cols, n, seed }) => {
        const random = seededNumbers(seed);
        const x = randomFloats(rows * cols, random);
        // One below and one above the table among them.
        const ids = Int32Array.from({ length: n }, () => Math.floor(random() * (rows + 2)) - 1);
        const zeros = new Float32Array(cols);
        for (const { weights, exact, bits, tolerance } of make(x, [rows, cols], random)) {
          const expected = [...ids].flatMap((id) => [
            ...(id >= 0 && id < rows ? exact.subarray(id * cols, (id + 1) * cols) : zeros),
          ]);
          for (const [name, k] of kinds) {
            const table = packLinear(k, weights);
            const y = computeFloats(k, [ids], n * cols, ([at], to) => {
              const spec = { table, ids: at!, y: to, n };
              return planEmbedRows(k, bits === undefined ? spec : { ...spec, bits });
            });
            table.dispose();
            if (tolerance === 0) expect([...y], name).toEqual(expected);
            const worst = y.reduce((most, v, i) => Math.max(most, Math.abs(v - expected[i]!)), 0);
            expect(worst, `${name}, ${bits}`).toBeLessThanOrEqual(tolerance);
          }
        }
      }),
      { numRuns: 12, seed: 1 },
    );
  });
}

test("errors say what was expected", async () => {
  const table = packLinear(kernels, tensor("f32", [2, 3], [1, 2, 3, 4, 5, 6]));
  const spec = { table, ids: 0, y: 0, n: 1 };
  expect(() => planEmbedRows(kernels, { ...spec, n: 0.5 })).toThrow(
    "planEmbedRows: expected n to be a whole number from 1, got 0.5",
  );
  for (const n of [0, -1, Number.NaN, 2 ** 31, "3", null]) {
    const wrong = { ...spec, n: n as number };
    expect(() => planEmbedRows(kernels, wrong)).toThrow("expected n to be a whole number from 1");
  }
  expect(() => planEmbedRows(kernels, { ...spec, n: 2 ** 29 })).toThrow(
    "y of [536870912, 3] does not fit",
  );
  expect(() => planEmbedRows(kernels, { ...spec, bits: 2 })).toThrow(
    "a table of format f32 has one width, got bits 2; leave it out",
  );
  const weights = packNested({
    ...{ shape: [1, 4], seedBits: 2, bits: 3, codes: Uint8Array.of(0, 1, 2, 3) },
    codebooks: [new Float32Array(4), new Float32Array(8)],
  });
  const nested = packLinear(kernels, weights);
  expect(() => planEmbedRows(kernels, { ...spec, table: nested, bits: 4 })).toThrow(
    "planEmbedRows: expected bits from 2 to 3, got 4",
  );
  using plain = await loadKernels();
  expect(() => planEmbedRows(plain, spec)).toThrow("without the language extension");
  table.dispose();
  nested.dispose();
});
