import fc from "fast-check";
import { expect, test } from "vitest";
import { createRng } from "../rng.js";
import {
  type BinaryCodedParts,
  binaryCodedScales,
  packBinaryCoded,
  unpackBinaryCoded,
  unpackBinaryCodes,
} from "./binary-coded.js";
import { packedBytes, unpackTensor } from "./unpack-tensor.js";

const parts = fc
  .record({
    rows: fc.integer({ min: 1, max: 5 }),
    cols: fc.integer({ min: 1, max: 100 }),
    seedBits: fc.integer({ min: 1, max: 4 }),
    more: fc.integer({ min: 0, max: 4 }),
    groupSize: fc.constantFrom(32, 64, 0),
    scaleType: fc.constantFrom("f16" as const, "f32" as const),
    seed: fc.nat(),
  })
  .map(({ rows, cols, seedBits, more, groupSize, scaleType, seed }): BinaryCodedParts => {
    const rng = createRng(seed);
    const bits = seedBits + more;
    const size = groupSize || cols;
    const groups = rows * Math.ceil(cols / size);
    // Sixteenths: exact in 16 bits, and so are their sums.
    const draw = (length: number): Float32Array =>
      Float32Array.from({ length }, () => rng.integer(-64, 65) / 16);
    return {
      ...{ shape: [rows, cols], seedBits, bits, groupSize: size, scaleType },
      codes: Uint8Array.from({ length: rows * cols }, () => rng.integer(0, 2 ** bits)),
      scales: Array.from({ length: more + 1 }, (_, i) => draw(groups * (seedBits + i + 1))),
    };
  });

test("weights at every width are the offset and the signed scales, from the first planes alone", () => {
  fc.assert(
    fc.property(parts, (given) => {
      const { seedBits, bits, codes, groupSize, scales } = given;
      const packed = packBinaryCoded(given);
      const [rows, cols] = given.shape as [number, number];
      for (let width = seedBits; width <= bits; width++) {
        const planes = packed.planes.slice().fill(0xff, (packed.planes.length / bits) * width);
        const upper = codes.map((code) => code >> (bits - width));
        expect(unpackBinaryCodes({ ...packed, planes }, width)).toEqual(upper);
        const own = scales[width - seedBits]!;
        expect(binaryCodedScales(packed, width)).toEqual(own);
        const groups = Math.ceil(cols / groupSize!);
        const expected = Array.from(codes, (code, at) => {
          const group = Math.floor(at / cols) * groups + Math.floor((at % cols) / groupSize!);
          const [offset, ...steps] = own.subarray(group * (width + 1), (group + 1) * (width + 1));
          return steps.reduce(
            (sum, step, k) => sum + (code & (1 << (bits - 1 - k)) ? step : -step),
            offset!,
          );
        });
        expect([...unpackBinaryCoded({ ...packed, planes }, width)]).toEqual(expected);
        const bytes = given.scaleType === "f16" ? 2 : 4;
        expect(packedBytes(packed, width)).toBe(
          width * rows * 4 * Math.ceil(cols / 32) + own.length * bytes,
        );
      }
      expect([...unpackTensor(packed).data]).toEqual([...unpackBinaryCoded(packed)]);
    }),
    { seed: 36, numRuns: 60 },
  );
});

test("golden bytes: the highest bit is plane 0, whose scale comes behind the offset", () => {
  const packed = packBinaryCoded({
    ...{ shape: [1, 4], seedBits: 1, bits: 2, codes: Uint8Array.of(0b11, 0b10, 0b01, 0b00) },
    scales: [Float32Array.of(0, 1), Float32Array.of(0.5, 1, 0.25)],
  });
  expect([...packed.planes]).toEqual([0b0011, 0, 0, 0, 0b0101, 0, 0, 0]);
  expect([...unpackBinaryCoded(packed, 1)]).toEqual([1, 1, -1, -1]);
  expect([...unpackBinaryCoded(packed)]).toEqual([1.75, 1.25, -0.25, -0.75]);
  expect(packedBytes(packed, 1)).toBe(4 + 2 * 2);
  expect(packedBytes(packed)).toBe(8 + 3 * 2);
});

test("faults are named", () => {
  const good = {
    ...{ shape: [1, 40], seedBits: 1, bits: 1, codes: new Uint8Array(40) },
    scales: [Float32Array.of(0, 1)],
  };
  expect(() => packBinaryCoded({ ...good, seedBits: 2 })).toThrow("1 <= seedBits <= bits <= 8");
  expect(() => packBinaryCoded({ ...good, codes: new Uint8Array(40).fill(2) })).toThrow(
    "code 2 in row 0, column 0 has more than 1 bits",
  );
  expect(() => packBinaryCoded({ ...good, codes: new Uint8Array(39) })).toThrow(
    "holds 40 elements, got 39",
  );
  expect(() => packBinaryCoded({ ...good, scales: [] })).toThrow("scales must hold 1 elements");
  expect(() => packBinaryCoded({ ...good, scales: [new Float32Array(3)] })).toThrow(
    "the scales of 1 bits must hold 2 elements, got 3",
  );
  for (const groupSize of [16, 39, 0, -32, 0.5, Number.NaN]) {
    expect(() => packBinaryCoded({ ...good, groupSize })).toThrow(
      `expected a groupSize that is a multiple of 32, or all 40 columns, got ${groupSize}`,
    );
  }
  const packed = packBinaryCoded(good);
  expect(() => binaryCodedScales(packed, 2)).toThrow("scales of 1 to 1 bits, not of 2");
  expect(() => unpackBinaryCodes(packed, 2)).toThrow("a width from 1 to 1 bits");
  expect(() => unpackBinaryCoded({ ...packed, planes: new Uint8Array(9) })).toThrow(
    "planes must hold 8 elements, got 9",
  );
});
