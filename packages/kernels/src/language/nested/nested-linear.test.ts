import { type NestedTensor, nestedCodebooks, packNested, unpackNested } from "@edgewright/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { loadEveryLanguageKind } from "../fixtures.test-support.js";
import { multiplySlowly, numbersFrom, runLinear } from "../linear/linear-reference.test-support.js";
import { packLinear } from "../linear/pack-linear.js";
import { planLinear } from "../linear/plan-linear.js";

const kinds = await loadEveryLanguageKind();
const [, kernels] = kinds[0]!;

interface Sizes {
  readonly rows: number;
  readonly cols: number;
  readonly seedBits: number;
  readonly bits: number;
  readonly rowsPerCodebook: number;
}

function randomTensor(sizes: Sizes, next: () => number): NestedTensor {
  const { rows, cols, seedBits, bits, rowsPerCodebook } = sizes;
  const books = Math.ceil(rows / rowsPerCodebook);
  return packNested({
    ...{ shape: [rows, cols], seedBits, bits, rowsPerCodebook, codebookType: "f32" },
    codes: Uint8Array.from({ length: rows * cols }, () => Math.floor(next() * 2 ** bits)),
    codebooks: Array.from({ length: bits - seedBits + 1 }, (_, i) =>
      Float32Array.from({ length: books * 2 ** (seedBits + i) }, () => next() - 0.4),
    ),
  });
}

/** Half a step of the centroids for every x, half a code of x for every weight, and 32-bit sums. */
function bounds(
  tensor: NestedTensor,
  width: number,
  x: Float32Array,
  n: number,
  relaxed: boolean,
): number[] {
  const [rows, cols] = tensor.shape as [number, number];
  const weights = unpackNested(tensor, width);
  const books = nestedCodebooks(tensor, width);
  const result: number[] = [];
  for (let r = 0; r < n; r++) {
    const own = x.subarray(r * cols, (r + 1) * cols);
    const magnitudes = own.reduce((sum, value) => sum + Math.abs(value), 0);
    for (let row = 0; row < rows; row++) {
      const book = books.subarray(Math.floor(row / tensor.rowsPerCodebook) * 2 ** width);
      const range = book
        .subarray(0, 2 ** width)
        .reduce(([low, high], v) => [Math.min(low!, v), Math.max(high!, v)], [Infinity, -Infinity]);
      let bound = (magnitudes * (range[1]! - range[0]!)) / (relaxed ? 127 : 255) / 2;
      for (let block = 0; block < cols; block += 128) {
        const end = Math.min(cols, block + 128);
        const most = own.subarray(block, end).reduce((m, v) => Math.max(m, Math.abs(v)), 0);
        let sizes = 0;
        for (let col = block; col < end; col++) sizes += Math.abs(weights[row * cols + col]!);
        bound += ((sizes * most) / (relaxed ? 127 : 16383) / 2) * 1.02;
      }
      result.push(bound + magnitudes * (cols + 16) * 2 ** -23);
    }
  }
  return result;
}

const sizes = fc
  .record({
    rows: fc.oneof(fc.constantFrom(1, 4, 7, 8, 9, 65), fc.integer({ min: 1, max: 40 })),
    cols: fc.oneof(
      fc.constantFrom(1, 16, 64, 127, 128, 129, 512, 513, 700),
      fc.integer({ min: 1, max: 300 }),
    ),
    seedBits: fc.integer({ min: 1, max: 4 }),
    more: fc.integer({ min: 0, max: 4 }),
    rowsPerCodebook: fc.constantFrom(1, 3, 1000),
    n: fc.integer({ min: 1, max: 5 }),
    seed: fc.nat(),
  })
  .map((drawn) => ({ ...drawn, bits: drawn.seedBits + drawn.more }));

test("at every width: within the rounding of centroids and of x of the unpacked weights times x", () => {
  fc.assert(
    fc.property(sizes, (drawn) => {
      const { rows, cols, seedBits, bits, n, seed } = drawn;
      const next = numbersFrom(seed);
      const tensor = randomTensor(drawn, next);
      const magnitude = 10 ** Math.floor(next() * 9 - 4);
      const x = Float32Array.from({ length: n * cols }, () => (next() * 2 - 1) * magnitude);
      const bias = Float32Array.from({ length: rows }, () => next() * magnitude);
      for (const [name, k] of kinds) {
        const packed = packLinear(k, tensor);
        for (let width = seedBits; width <= bits; width++) {
          const { sums } = multiplySlowly(unpackNested(tensor, width), x, { rows, cols, n });
          const bound = bounds(tensor, width, x, n, k.variant === "relaxed");
          const y = runLinear(k, packed, x, n, { bits: width, bias });
          const worst = y.reduce((most, value, i) => {
            const error = Math.abs(value - bias[i % rows]! - sums[i]!);
            return Math.max(most, error / (bound[i]! + magnitude * 1e-6));
          }, 0);
          expect(worst, `${name}, ${width} bits`).toBeLessThan(1);
        }
        packed.dispose();
      }
    }),
    { seed: 42, numRuns: 40 },
  );
});

test("centroids and x that are codes already give exact products, at every width up to 8 bits", () => {
  const next = numbersFrom(3);
  const [rows, cols] = [11, 300];
  for (const [name, k] of kinds) {
    const relaxed = k.variant === "relaxed";
    const most = relaxed ? 127 : 255;
    const codebooks = [1, 2, 3, 4, 5, 6, 7, 8].map((width) =>
      Float32Array.from({ length: rows * 2 ** width }, (_, i) => {
        // Every row has its smallest and its largest.
        const at = i % 2 ** width;
        return at === 0 ? -10 : at === 2 ** width - 1 ? most - 10 : Math.floor(next() * most) - 10;
      }),
    );
    const tensor = packNested({
      ...{ shape: [rows, cols], seedBits: 1, bits: 8, codebooks, codebookType: "f32" },
      codes: Uint8Array.from({ length: rows * cols }, () => Math.floor(next() * 256)),
    });
    const x = Float32Array.from({ length: 3 * cols }, (_, i) =>
      (i % cols) % 128 === 0 ? (relaxed ? 127 : 16383) : Math.floor(next() * 101) - 50,
    );
    const packed = packLinear(k, tensor);
    for (let bits = 1; bits <= 8; bits++) {
      const y = runLinear(k, packed, x, 3, { bits });
      const { sums, magnitudes } = multiplySlowly(unpackNested(tensor, bits), x, {
        rows,
        cols,
        n: 3,
      });
      y.forEach((value, i) => {
        const error = Math.abs(value - sums[i]!);
        expect(error, `${name}, ${bits} bits`).toBeLessThanOrEqual(magnitudes[i]! * 1e-6);
      });
    }
    packed.dispose();
  }
});

test("a row has the same bits alone and among others, on one thread and two", () => {
  const next = numbersFrom(5);
  const [rows, cols] = [45, 700];
  const tensor = randomTensor({ rows, cols, seedBits: 2, bits: 7, rowsPerCodebook: 1 }, next);
  const x = Float32Array.from({ length: 33 * cols }, () => next() - 0.5);
  const onto = Float32Array.from({ length: 33 * rows }, () => next() - 0.5);
  const byVariant = new Map<string, Float32Array[]>();
  for (const [name, k] of kinds) {
    const packed = packLinear(k, tensor);
    const found: Float32Array[] = [];
    for (const bits of [2, 3, 4, 5, 6, 7]) {
      const all = runLinear(k, packed, x, 33, { bits, onto });
      found.push(all);
      for (const n of [1, 2, 3, 4, 5, 8, 9, 17]) {
        const some = runLinear(k, packed, x, n, { bits, onto: onto.slice(0, n * rows) });
        expect([...some], `${name}, ${n}`).toEqual([...all.subarray(0, n * rows)]);
      }
    }
    const apart = runLinear(k, packed, x, 2, { bits: 4, xStride: cols + 3, yStride: rows + 5 });
    const close = runLinear(k, packed, x, 2, { bits: 4 });
    expect([...apart.subarray(rows + 5, rows + 5 + rows)]).toEqual([...close.subarray(rows)]);
    expect(apart[rows]).toBeNaN();
    const same = byVariant.get(k.variant);
    if (same) expect(found).toEqual(same);
    byVariant.set(k.variant, found);
    packed.dispose();
  }
});

test("matrices side by side are one of all their rows", () => {
  const next = numbersFrom(7);
  const shape = { cols: 77, seedBits: 2, bits: 5, rowsPerCodebook: 4 };
  const parts = [7, 10, 3].map((rows) => randomTensor({ ...shape, rows }, next));
  const x = Float32Array.from({ length: 77 }, () => next() - 0.5);
  for (const bits of [2, 5]) {
    const apart = parts.flatMap((part) => [...runLinear(kernels, part, x, 1, { bits })]);
    expect([...runLinear(kernels, parts, x, 1, { bits })]).toEqual(apart);
  }
});

test("NaN of x reaches y; zeros give zeros; one centroid for all is allowed", () => {
  const next = numbersFrom(9);
  const tensor = randomTensor(
    { rows: 3, cols: 40, seedBits: 1, bits: 2, rowsPerCodebook: 1 },
    next,
  );
  const x = new Float32Array(40);
  expect([...runLinear(kernels, tensor, x, 1)].map((value) => value + 0)).toEqual([0, 0, 0]);
  for (const odd of [Number.NaN, Number.POSITIVE_INFINITY]) {
    x[17] = odd;
    for (const value of runLinear(kernels, tensor, x, 1)) expect(value).toBeNaN();
  }
  x[17] = 2;
  const data = tensor.codebooks.data.map(() => 0.5) as Float32Array;
  const equal: NestedTensor = { ...tensor, codebooks: { dtype: "f32", data } };
  expect([...runLinear(kernels, equal, x, 1)]).toEqual([1, 1, 1]);
});

test("bytes tell what a product reads", () => {
  const tensor = randomTensor(
    { rows: 64, cols: 256, seedBits: 2, bits: 6, rowsPerCodebook: 1 },
    numbersFrom(1),
  );
  using packed = packLinear(kernels, tensor);
  const codes = (64 * 256) / 8;
  expect(packed.bytesAt(2)).toBe(2 * codes + 64 * (16 + 8));
  expect(packed.bytesAt()).toBe(6 * codes + 64 * (64 + 8));
  expect(packed.bytes).toBe(6 * codes + 64 * (3 * 16 + 32 + 64 + 5 * 8));
});

test("what does not fit is named, and keeps no memory", () => {
  const before = kernels.arena.used;
  const next = numbersFrom(2);
  const shape = { rows: 2, cols: 40, seedBits: 2, bits: 3, rowsPerCodebook: 1 };
  const tensor = randomTensor(shape, next);
  const pack = (other: object) => () =>
    packLinear(kernels, { ...tensor, ...other } as NestedTensor);
  expect(pack({ planes: tensor.planes.subarray(1) })).toThrow("expected 48 bytes of planes");
  expect(pack({ codebooks: { dtype: "f32", data: new Float32Array(3) } })).toThrow(
    "expected 24 centroids, got 3",
  );
  expect(pack({ codebooks: { dtype: "f32", data: new Float32Array(24).fill(NaN) } })).toThrow(
    "expected finite centroids, number 0 is NaN",
  );
  expect(pack({ seedBits: 0 })).toThrow("expected 1 <= seedBits <= bits <= 8, got 0 and 3");
  for (const rowsPerCodebook of [0, -1, 0.5, Number.NaN]) {
    expect(pack({ rowsPerCodebook })).toThrow("expected rowsPerCodebook to be a whole number");
  }
  using packed = packLinear(kernels, tensor);
  expect(() => planLinear(kernels, { weights: packed, x: 64, y: 64, n: 1, bits: 4 })).toThrow(
    "planLinear: expected bits from 2 to 3, got 4",
  );
  packed.dispose();
  expect(kernels.arena.used).toBe(before);
});
