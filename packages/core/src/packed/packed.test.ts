import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRng } from "../rng.js";
import { sizeOf } from "../tensor.js";
import {
  packInt4Group,
  quantizeInt4Group,
  unpackInt4Group,
  unpackInt4GroupParts,
} from "./int4-group.js";
import { quantizeInt8Channel, unpackInt8Channel } from "./int8-channel.js";
import { nestedCodebooks, packNested, unpackNested, unpackNestedCodes } from "./nested.js";
import { packTernary, quantizeTernary, unpackTernary, unpackTernaryValues } from "./ternary.js";
import { packedBytes, unpackTensor } from "./unpack-tensor.js";

// Columns around every boundary of a layout: 4 ternary codes, 8 bits, 32-bit words, groups.
const shapes = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 70 })),
  fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 5 }), fc.constant(3)),
);
const seeds = fc.nat();

function randomWeights(shape: readonly number[], seed: number): Float32Array {
  const rng = createRng(seed);
  return Float32Array.from({ length: sizeOf(shape) }, () => rng.normal());
}

function randomCodes(shape: readonly number[], below: number, seed: number): Uint8Array {
  const rng = createRng(seed);
  return Uint8Array.from({ length: sizeOf(shape) }, () => rng.integer(0, below));
}

describe("int8-channel", () => {
  test("no weight moves by more than half a scale", () => {
    fc.assert(
      fc.property(shapes, seeds, fc.boolean(), (shape, seed, symmetric) => {
        const weights = randomWeights(shape, seed);
        const packed = quantizeInt8Channel(weights, shape, { symmetric });
        const back = unpackInt8Channel(packed);
        const cols = weights.length / shape[0];
        weights.forEach((weight, at) => {
          const scale = packed.scales[Math.floor(at / cols)]!;
          // An asymmetric zero point is itself rounded, which may clip the ends by half a scale more.
          expect(Math.abs(back[at]! - weight)).toBeLessThan(scale * (symmetric ? 0.5001 : 1.0001));
        });
        expect(packed.zeroPoints === undefined).toBe(symmetric);
      }),
      { seed: 31, numRuns: 100 },
    );
  });

  test("golden bytes", () => {
    const packed = quantizeInt8Channel([-1.27, 0.5, 1, 0, 0, 0], [2, 3]);
    expect([...packed.codes]).toEqual([-127, 50, 100, 0, 0, 0]);
    expect([...packed.scales]).toEqual([Math.fround(0.01), 1]);
    expect(packedBytes(packed)).toBe(6 + 8);
  });
});

describe("int4-group", () => {
  test("codes come back through the bytes", () => {
    fc.assert(
      fc.property(
        shapes,
        seeds,
        fc.constantFrom(8, 32),
        fc.boolean(),
        (shape, seed, groupSize, zeros) => {
          const groups = shape[0] * Math.ceil(sizeOf(shape) / shape[0] / groupSize);
          const parts = {
            shape,
            groupSize,
            codes: randomCodes(shape, 16, seed),
            scales: { dtype: "f32", data: new Float32Array(groups).fill(0.5) },
            ...(zeros ? { zeroPoints: randomCodes([groups], 16, seed + 1) } : {}),
          } as const;
          expect(unpackInt4GroupParts(packInt4Group(parts))).toEqual(parts);
        },
      ),
      { seed: 32, numRuns: 100 },
    );
  });

  test("golden bytes: low nibble first, padding holds the zero point", () => {
    const packed = packInt4Group({
      shape: [1, 3],
      groupSize: 8,
      codes: Uint8Array.of(1, 2, 15),
      scales: { dtype: "f32", data: Float32Array.of(2) },
      zeroPoints: Uint8Array.of(3),
    });
    expect([...packed.codes]).toEqual([0x21, 0x3f, 0x33, 0x33]);
    expect([...packed.zeroPoints!]).toEqual([0x03]);
    expect([...unpackInt4Group(packed)]).toEqual([-4, -2, 24]);
  });

  test("no weight of a group moves by more than a scale, at either storage of scales", () => {
    fc.assert(
      fc.property(
        shapes,
        seeds,
        fc.boolean(),
        fc.constantFrom("f16" as const, "f32" as const),
        (shape, seed, symmetric, scales) => {
          const weights = randomWeights(shape, seed);
          const packed = quantizeInt4Group(weights, shape, { groupSize: 16, symmetric, scales });
          const back = unpackInt4Group(packed);
          const cols = weights.length / shape[0];
          weights.forEach((weight, at) => {
            const row = Math.floor(at / cols);
            const first = row * cols + Math.floor((at % cols) / 16) * 16;
            const group = weights.subarray(first, Math.min(first + 16, (row + 1) * cols));
            const spread = Math.max(0, ...group) - Math.min(0, ...group);
            const largest = Math.max(...group.map(Math.abs));
            // Code 15 stands for 7 scales only, so an opposite extreme may lose a whole one.
            const step = symmetric ? largest / 8 : spread / 15;
            expect(Math.abs(back[at]! - weight)).toBeLessThanOrEqual(step * 1.01 + 1e-7);
          });
        },
      ),
      { seed: 33, numRuns: 100 },
    );
  });

  test("scales in 16 bits halve their bytes", () => {
    const weights = randomWeights([4, 64], 1);
    const full = quantizeInt4Group(weights, [4, 64], { scales: "f32" });
    const half = quantizeInt4Group(weights, [4, 64]);
    expect(packedBytes(full)).toBe(4 * 32 + 4 * 2 * 4);
    expect(packedBytes(half)).toBe(4 * 32 + 4 * 2 * 2);
  });

  test("faults are named", () => {
    const scales = { dtype: "f32", data: new Float32Array(1) } as const;
    expect(() =>
      packInt4Group({ shape: [1, 1], groupSize: 8, codes: Uint8Array.of(16), scales }),
    ).toThrow("packInt4Group: codes and zero points must be 0 to 15, got 16");
    expect(() => quantizeInt4Group([1], [1, 1], { groupSize: 12 })).toThrow(
      "groupSize must be a multiple of 8, got 12",
    );
    expect(() => quantizeInt4Group([Number.NaN], [1, 1])).toThrow("element 0 is NaN");
    expect(() => quantizeInt4Group([1, 2], [1, 1])).toThrow("shape [1, 1] holds 1 elements, got 2");
  });
});

describe("nested", () => {
  const book = (books: number, width: number): Float32Array =>
    Float32Array.from({ length: books * 2 ** width }, (_, i) => width * 100 + i);

  test("the upper b bits are the code at b bits, from the first b planes alone", () => {
    fc.assert(
      fc.property(
        shapes,
        seeds,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        (shape, seed, seedBits, more, rowsPerCodebook) => {
          const bits = seedBits + more;
          const codes = randomCodes(shape, 2 ** bits, seed);
          const books = Math.ceil(shape[0] / rowsPerCodebook);
          const codebooks = Array.from({ length: more + 1 }, (_, i) => book(books, seedBits + i));
          const packed = packNested({ shape, seedBits, bits, codes, rowsPerCodebook, codebooks });
          expect(unpackNestedCodes(packed)).toEqual(codes);
          for (let width = seedBits; width <= bits; width++) {
            const planeBytes = packed.planes.length / bits;
            const planes = packed.planes.slice().fill(0xff, width * planeBytes);
            const upper = codes.map((code) => code >> (bits - width));
            expect(unpackNestedCodes({ ...packed, planes }, width)).toEqual(upper);
            expect(nestedCodebooks(packed, width)).toEqual(codebooks[width - seedBits]);
            const cols = sizeOf(shape) / shape[0];
            const expected = Array.from(upper, (code, at) => {
              const row = Math.floor(at / cols);
              return width * 100 + Math.floor(row / rowsPerCodebook) * 2 ** width + code;
            });
            expect([...unpackNested({ ...packed, planes }, width)]).toEqual(expected);
          }
        },
      ),
      { seed: 34, numRuns: 60 },
    );
  });

  test("golden bytes: highest plane first, column 0 in the lowest bit, rows of whole words", () => {
    const packed = packNested({
      shape: [1, 9],
      seedBits: 1,
      bits: 2,
      codes: Uint8Array.of(0b10, 0b01, 0, 0, 0, 0, 0, 0, 0b11),
      codebooks: [Float32Array.of(-1, 1), Float32Array.of(-1.5, -0.5, 0.5, 1.5)],
    });
    expect([...packed.planes]).toEqual([0x01, 0x01, 0, 0, 0x02, 0x01, 0, 0]);
    expect([...unpackNested(packed, 1)]).toEqual([1, -1, -1, -1, -1, -1, -1, -1, 1]);
    expect([...unpackNested(packed)].slice(0, 3)).toEqual([0.5, -0.5, -1.5]);
    expect(packedBytes(packed, 1)).toBe(4 + 2 * 2);
    expect(packedBytes(packed)).toBe(8 + 4 * 2);
  });

  test("faults are named", () => {
    const parts = {
      shape: [1, 1],
      seedBits: 1,
      bits: 1,
      codes: Uint8Array.of(1),
      codebooks: [Float32Array.of(0, 1)],
    };
    expect(() => packNested({ ...parts, bits: 9 })).toThrow("1 <= seedBits <= bits <= 8");
    expect(() => packNested({ ...parts, codes: Uint8Array.of(2) })).toThrow(
      "code 2 in row 0, column 0 has more than 1 bits",
    );
    expect(() => packNested({ ...parts, codebooks: [] })).toThrow("codebooks must hold 1");
    expect(() => nestedCodebooks(packNested(parts), 2)).toThrow(
      "codebooks of 1 to 1 bits, not of 2",
    );
    expect(() => unpackNestedCodes(packNested(parts), 2)).toThrow("a width from 1 to 1 bits");
  });
});

describe("ternary", () => {
  test("values come back through the bytes", () => {
    fc.assert(
      fc.property(shapes, seeds, (shape, seed) => {
        const values = Int8Array.from(randomCodes(shape, 3, seed), (code) => code - 1);
        const packed = packTernary(values, shape, Float32Array.of(1));
        expect(unpackTernaryValues(packed)).toEqual(values);
        expect(packed.codes.length).toBe(shape[0] * Math.ceil(values.length / shape[0] / 4));
      }),
      { seed: 35, numRuns: 100 },
    );
  });

  test("golden bytes: two bits a value from the lowest up, padding is zero's code", () => {
    const packed = packTernary([-1, 0, 1, -1, 1], [1, 5], Float32Array.of(0.5));
    expect([...packed.codes]).toEqual([0b00_10_01_00, 0b01_01_01_10]);
    expect([...unpackTernary(packed)]).toEqual([-0.5, 0, 0.5, -0.5, 0.5]);
    expect(packedBytes(packed)).toBe(2 + 4);
  });

  test("absmean rounding, for the tensor and by row", () => {
    // mean |w| = 1: 0.5 rounds up, as does -0.5 towards zero by Math.round.
    const weights = [2, -1.4, 0.4, -0.2, 0, 2];
    expect([...unpackTernary(quantizeTernary(weights, [2, 3]))]).toEqual([1, -1, 0, 0, 0, 1]);
    const byRow = quantizeTernary(weights, [2, 3], { perRow: true });
    expect(byRow.scales.length).toBe(2);
    expect([...unpackTernaryValues(byRow)]).toEqual([1, -1, 0, 0, 0, 1]);
    expect(byRow.scales[1]).toBeCloseTo(2.2 / 3, 6);
    expect([...unpackTernary(quantizeTernary([0, 0], [1, 2]))]).toEqual([0, 0]);
  });

  test("faults are named", () => {
    expect(() => packTernary([2], [1, 1], Float32Array.of(1))).toThrow(
      "values must be -1, 0 or 1, got 2 in row 0, column 0",
    );
    expect(() => packTernary([1, 1, 1], [3, 1], new Float32Array(2))).toThrow(
      "scales must hold 3 elements, got 2",
    );
  });
});

test("any packed tensor unpacks to its shape", () => {
  const weights = randomWeights([3, 8], 9);
  for (const packed of [
    quantizeInt8Channel(weights, [3, 8]),
    quantizeInt4Group(weights, [3, 8]),
    quantizeTernary(weights, [3, 8]),
    packNested({
      shape: [3, 8],
      seedBits: 1,
      bits: 1,
      codes: new Uint8Array(24),
      codebooks: [new Float32Array(6)],
    }),
  ]) {
    const { dtype, shape, data } = unpackTensor(packed);
    expect([dtype, ...shape, data.length]).toEqual(["f32", 3, 8, 24]);
    const broken = { ...packed, shape: [4, 8] };
    expect(() => unpackTensor(broken)).toThrow("must hold");
  }
});
