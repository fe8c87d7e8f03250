import { tensor } from "@edgewright/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { computeFloats, randomFloats, seededNumbers } from "../../runtime/fixtures.test-support.js";
import { loadKernels } from "../../runtime/load.js";
import { loadEveryLanguageKind } from "../fixtures.test-support.js";
import { packLinear } from "../linear/pack-linear.js";
import { planEmbedRows } from "./plan-embed-rows.js";

const kinds = await loadEveryLanguageKind();
const [, kernels] = kinds[0]!;

const sizes = fc.record({
  rows: fc.integer({ min: 1, max: 70 }),
  cols: fc.integer({ min: 1, max: 70 }),
  n: fc.integer({ min: 1, max: 9 }),
  seed: fc.nat(),
});

test("f32: rows in the order of the ids, zeros for an id that is no row", () => {
  fc.assert(
    fc.property(sizes, ({ rows, cols, n, seed }) => {
      const random = seededNumbers(seed);
      const x = randomFloats(rows * cols, random);
      // One below and one above the table among them.
      const ids = Int32Array.from({ length: n }, () => Math.floor(random() * (rows + 2)) - 1);
      const zeros = new Float32Array(cols);
      const expected = [...ids].flatMap((id) => [
        ...(id >= 0 && id < rows ? x.subarray(id * cols, (id + 1) * cols) : zeros),
      ]);
      for (const [name, k] of kinds) {
        const table = packLinear(k, tensor("f32", [rows, cols], x));
        const y = computeFloats(k, [ids], n * cols, ([at], to) =>
          planEmbedRows(k, { table, ids: at!, y: to, n }),
        );
        table.dispose();
        expect([...y], name).toEqual(expected);
      }
    }),
    { numRuns: 40, seed: 1 },
  );
});

test("errors say what was expected", async () => {
  const table = packLinear(kernels, tensor("f32", [2, 3], [1, 2, 3, 4, 5, 6]));
  const spec = { table, ids: 0, y: 0, n: 1 };
  expect(() => planEmbedRows(kernels, { ...spec, n: 0.5 })).toThrow(
    "planEmbedRows: expected n to be a whole number from 1, got 0.5",
  );
  expect(() => planEmbedRows(kernels, { ...spec, bits: 2 })).toThrow(
    "a table of format f32 has one width, got bits 2; leave it out",
  );
  using plain = await loadKernels();
  expect(() => planEmbedRows(plain, spec)).toThrow("without the language extension");
  table.dispose();
});
