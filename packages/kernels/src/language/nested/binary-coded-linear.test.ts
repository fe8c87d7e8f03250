import {
  type BinaryCodedTensor,
  binaryCodedScales,
  packBinaryCoded,
  unpackBinaryCoded,
} from "@edgewright/core";
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
  readonly groupSize: number;
}

function randomTensor(sizes: Sizes, next: () => number): BinaryCodedTensor {
  const { rows, cols, seedBits, bits } = sizes;
  const groupSize = sizes.groupSize || cols;
  const groups = rows * Math.ceil(cols / groupSize);
  return packBinaryCoded({
    ...{ shape: [rows, cols], seedBits, bits, groupSize, scaleType: "f32" },
    codes: Uint8Array.from({ length: rows * cols }, () => Math.floor(next() * 2 ** bits)),
    scales: Array.from({ length: bits - seedBits + 1 }, (_, i) =>
      Float32Array.from({ length: groups * (seedBits + i + 1) }, () => next() - 0.5),
    ),
  });
}

/**
 * What rounding the tables to 7 bits may cost: half a code for every 4 columns and plane; and scales to bfloat16 where
 * there are groups, and 32-bit sums.
 */
function bounds(tensor: BinaryCodedTensor, width: number, x: Float32Array, n: number): number[] {
  const [rows, cols] = tensor.shape as [number, number];
  const { groupSize } = tensor;
  const groups = Math.ceil(cols / groupSize);
  const scales = binaryCodedScales(tensor, width);
  const result: number[] = [];
  for (let r = 0; r < n; r++) {
    const perGroup = Array.from({ length: groups }, (_, group) => {
      const end = Math.min(cols, (group + 1) * groupSize);
      let half = 0;
      let magnitudes = 0;
      for (let block = group * groupSize; block < end; block += 512) {
        let most = 0;
        let quads = 0;
        for (let col = block; col < Math.min(end, block + 512); col += 4) {
          let sum = 0;
          for (let c = col; c < Math.min(end, col + 4); c++) sum += Math.abs(x[r * cols + c]!);
          most = Math.max(most, sum);
          magnitudes += sum;
          quads++;
        }
        half += (quads * most) / 63 / 2;
      }
      const ofScales = groups > 1 ? 2 ** -8 : 0;
      return { half, rounding: magnitudes * ((cols + 16) * 2 ** -24 + ofScales) };
    });
    for (let row = 0; row < rows; row++) {
      let bound = 0;
      perGroup.forEach(({ half, rounding }, group) => {
        for (let k = 0; k <= width; k++) {
          const scale = Math.abs(scales[(row * groups + group) * (width + 1) + k]!);
          bound += scale * (rounding + (k > 0 ? half : 0));
        }
      });
      result.push(bound * 1.001);
    }
  }
  return result;
}

const sizes = fc
  .record({
    rows: fc.oneof(fc.constantFrom(1, 15, 16, 63, 64, 65, 130), fc.integer({ min: 1, max: 90 })),
    cols: fc.oneof(
      fc.constantFrom(1, 4, 7, 8, 9, 512, 513, 1031),
      fc.integer({ min: 1, max: 130 }),
    ),
    seedBits: fc.integer({ min: 1, max: 4 }),
    more: fc.integer({ min: 0, max: 4 }),
    groupSize: fc.constantFrom(0, 32, 96, 544),
    n: fc.integer({ min: 1, max: 5 }),
    seed: fc.nat(),
  })
  .map((drawn) => ({ ...drawn, bits: drawn.seedBits + drawn.more }));

test("at every width: within the rounding of the tables of the unpacked weights times x", () => {
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
          const exact = unpackBinaryCoded(tensor, width);
          const { sums } = multiplySlowly(exact, x, { rows, cols, n });
          const bound = bounds(tensor, width, x, n);
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
    { seed: 41, numRuns: 40 },
  );
});

test("numbers that tables hold exactly give exact products", () => {
  const next = numbersFrom(3);
  const shape = { rows: 70, cols: 200, seedBits: 2, bits: 5, groupSize: 0 };
  const tensor = randomTensor(shape, next);
  // Sums of 4 magnitudes reach 63 in every block, so that a code is 1.
  const x = Float32Array.from({ length: 200 }, (_, i) =>
    i % 64 < 4 ? [15, -16, 16, -16][i % 4]! : Math.floor(next() * 31) - 15,
  );
  for (const [name, k] of kinds) {
    const y = runLinear(k, tensor, x, 1);
    const { sums } = multiplySlowly(unpackBinaryCoded(tensor), x, { ...shape, n: 1 });
    y.forEach((value, i) => {
      expect(Math.abs(value - sums[i]!), name).toBeLessThan(2e-3);
    });
  }
});

test("a row has the same bits alone and among others, and however far apart rows lie", () => {
  const next = numbersFrom(5);
  const [rows, cols] = [150, 321];
  const tensor = randomTensor({ rows, cols, seedBits: 2, bits: 4, groupSize: 96 }, next);
  const x = Float32Array.from({ length: 33 * cols }, () => next() - 0.5);
  const onto = Float32Array.from({ length: 33 * rows }, () => next() - 0.5);
  const byVariant = new Map<string, Map<number, Float32Array>>();
  for (const [name, k] of kinds) {
    const packed = packLinear(k, tensor);
    const found = new Map<number, Float32Array>();
    for (const bits of [2, 3, 4]) {
      const all = runLinear(k, packed, x, 33, { bits, onto });
      found.set(bits, all);
      for (const n of [1, 2, 3, 4, 5, 8, 9, 17]) {
        const some = runLinear(k, packed, x, n, { bits, onto: onto.slice(0, n * rows) });
        expect([...some], `${name}, ${n}`).toEqual([...all.subarray(0, n * rows)]);
      }
      const apart = runLinear(k, packed, x, 5, { bits, xStride: cols + 3, yStride: rows + 5 });
      const close = runLinear(k, packed, x, 5, { bits });
      for (let row = 0; row < 5; row++) {
        const at = row * (rows + 5);
        expect([...apart.subarray(at, at + rows)]).toEqual([
          ...close.subarray(row * rows, (row + 1) * rows),
        ]);
        expect(apart[at + rows]).toBeNaN();
      }
    }
    expect(found).toEqual(byVariant.get(k.variant) ?? found);
    byVariant.set(k.variant, found);
    packed.dispose();
  }
});

test("matrices side by side are one of all their rows", () => {
  const next = numbersFrom(7);
  const shape = { cols: 77, seedBits: 2, bits: 3, groupSize: 32 };
  const parts = [70, 10, 33].map((rows) => randomTensor({ ...shape, rows }, next));
  const x = Float32Array.from({ length: 77 }, () => next() - 0.5);
  const apart = parts.flatMap((part) => [...runLinear(kernels, part, x, 1, { bits: 2 })]);
  expect([...runLinear(kernels, parts, x, 1, { bits: 2 })]).toEqual(apart);
});

test("NaN and infinities of x reach y; zeros give the zeros of y", () => {
  const next = numbersFrom(9);
  const tensor = randomTensor({ rows: 3, cols: 40, seedBits: 1, bits: 2, groupSize: 0 }, next);
  const x = new Float32Array(40);
  expect([...runLinear(kernels, tensor, x, 1)].map((value) => value + 0)).toEqual([0, 0, 0]);
  for (const odd of [Number.NaN, Number.POSITIVE_INFINITY]) {
    x[17] = odd;
    for (const value of runLinear(kernels, tensor, x, 1)) expect(value).toBeNaN();
  }
});

test("bytes tell what a product reads", () => {
  const tensor = randomTensor(
    { rows: 64, cols: 256, seedBits: 2, bits: 6, groupSize: 0 },
    numbersFrom(1),
  );
  using packed = packLinear(kernels, tensor);
  expect([packed.seedBits, packed.bits]).toEqual([2, 6]);
  const codes = (64 * 256) / 8;
  for (const bits of [2, 3, 6]) {
    expect(packed.bytesAt(bits)).toBe(bits * codes + 64 * 4 * (bits + 1));
  }
  expect(packed.bytesAt()).toBe(packed.bytesAt(6));
  expect(packed.bytes).toBe(6 * codes + 64 * 4 * (3 + 4 + 5 + 6 + 7));
  // With groups, two bytes a scale.
  const shape = { rows: 64, cols: 256, seedBits: 2, bits: 2, groupSize: 64 };
  using grouped = packLinear(kernels, randomTensor(shape, numbersFrom(1)));
  expect(grouped.bytes).toBe(2 * codes + 64 * 4 * 3 * 2);
});

test("what does not fit is named, and keeps no memory", () => {
  const next = numbersFrom(2);
  const shape = { rows: 2, cols: 40, seedBits: 2, bits: 3, groupSize: 32 };
  const tensor = randomTensor(shape, next);
  const pack = (other: object) => () =>
    packLinear(kernels, { ...tensor, ...other } as BinaryCodedTensor);
  expect(pack({ planes: tensor.planes.subarray(1) })).toThrow("expected 48 bytes of planes");
  expect(pack({ scales: { dtype: "f32", data: new Float32Array(3) } })).toThrow(
    "expected 28 scales, got 3",
  );
  expect(pack({ scales: { dtype: "f32", data: new Float32Array(28).fill(Infinity) } })).toThrow(
    "expected finite scales, number 0 is Infinity",
  );
  expect(pack({ bits: 9 })).toThrow("expected 1 <= seedBits <= bits <= 8, got 2 and 9");
  for (const groupSize of [0, 16, -32, 0.5, Number.NaN]) {
    expect(pack({ groupSize })).toThrow("expected a groupSize that is a multiple of 32");
  }
  const others = [
    [{ ...shape, bits: 4 }, "expected matrices of 2 to 3 bits"],
    [{ ...shape, groupSize: 0 }, "expected groups of 32 columns"],
  ] as const;
  for (const [other, message] of others) {
    expect(() => packLinear(kernels, [tensor, randomTensor(other, next)])).toThrow(message);
  }
  using packed = packLinear(kernels, tensor);
  for (const bits of [1, 4, 2.5]) {
    expect(() => planLinear(kernels, { weights: packed, x: 64, y: 64, n: 1, bits })).toThrow(
      `planLinear: expected bits from 2 to 3, got ${bits}`,
    );
  }
  packed.dispose();
  expect(kernels.arena.used).toBe(0);
});
