import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeBfloat16,
  decodeFloat16,
  encodeBfloat16,
  encodeFloat16,
  fromBfloat16Bits,
  fromFloat16Bits,
  toBfloat16Bits,
  toFloat16Bits,
} from "./half.js";

const CODES = Uint16Array.from({ length: 65536 }, (_, code) => code);

describe("every one of the 65536 codes", () => {
  test("of half precision comes back, NaNs as NaN", () => {
    const decoded = decodeFloat16(CODES);
    const encoded = encodeFloat16(decoded);
    const wrong = CODES.filter((code) =>
      isNaNCode(code, 0x7c00) ? !Number.isNaN(decoded[code]) : encoded[code] !== code,
    );
    expect([...wrong]).toEqual([]);
  });

  test("of bfloat16 comes back, NaNs as NaN", () => {
    const decoded = decodeBfloat16(CODES);
    const encoded = encodeBfloat16(decoded);
    const wrong = CODES.filter((code) =>
      isNaNCode(code, 0x7f80) ? !Number.isNaN(decoded[code]) : encoded[code] !== code,
    );
    expect([...wrong]).toEqual([]);
  });

  test("rounds midpoints between neighbours to the even code, and anything nearer to the nearer", () => {
    for (const [to, from, last] of [
      [toFloat16Bits, fromFloat16Bits, 0x7bff],
      [toBfloat16Bits, fromBfloat16Bits, 0x7f7f],
    ] as const) {
      let wrong = 0;
      for (let code = 0; code < last; code++) {
        const low = from(code);
        const high = from(code + 1);
        const middle = low / 2 + high / 2; // exact in a double
        const even = code % 2 === 0 ? code : code + 1;
        if (to(middle) !== even) wrong++;
        // A double on either side of the midpoint, closer than a 32-bit float could tell.
        const nudge = (high - low) * 2 ** -35;
        if (to(middle - nudge) !== code || to(middle + nudge) !== code + 1) wrong++;
        if (to(-middle) !== (even | 0x8000)) wrong++;
      }
      expect(wrong).toBe(0);
    }
  });
});

test("golden half-precision values of IEEE 754-2008", () => {
  // Table in the Wikipedia article "Half-precision floating-point format", after the standard.
  const golden: [number, number][] = [
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3555, 0.333251953125],
    [0x3bff, 0.99951171875],
    [0x3c00, 1],
    [0x3c01, 1.0009765625],
    [0x7bff, 65504],
    [0xc000, -2],
  ];
  for (const [bits, value] of golden) {
    expect(fromFloat16Bits(bits)).toBe(value);
    expect(toFloat16Bits(value)).toBe(bits);
  }
});

test("the ends of the range", () => {
  expect(toFloat16Bits(65519.999)).toBe(0x7bff);
  expect(toFloat16Bits(65520)).toBe(0x7c00);
  expect(toFloat16Bits(-Infinity)).toBe(0xfc00);
  expect(toFloat16Bits(-0)).toBe(0x8000);
  expect(toFloat16Bits(2 ** -25)).toBe(0);
  expect(toFloat16Bits(2 ** -25 * (1 + 2 ** -52))).toBe(1);
  expect(toFloat16Bits(Number.NaN)).toBe(0x7e00);
  expect(toBfloat16Bits(Number.MAX_VALUE)).toBe(0x7f80);
  expect(toBfloat16Bits(-Number.MIN_VALUE)).toBe(0x8000);
  expect(toBfloat16Bits(Number.NaN)).toBe(0x7fc0);
});

test("rounding keeps order", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (a, b) => {
      const [low, high] = a < b ? [a, b] : [b, a];
      expect(fromFloat16Bits(toFloat16Bits(low))).toBeLessThanOrEqual(
        fromFloat16Bits(toFloat16Bits(high)),
      );
      expect(fromBfloat16Bits(toBfloat16Bits(low))).toBeLessThanOrEqual(
        fromBfloat16Bits(toBfloat16Bits(high)),
      );
    }),
    { seed: 11, numRuns: 500 },
  );
});

test("bulk forms write into the array they are given", () => {
  const bits = new Uint16Array(2);
  expect(encodeFloat16([1, 2], bits)).toBe(bits);
  const values = new Float32Array(2);
  expect(decodeFloat16(bits, values)).toBe(values);
  expect([...values]).toEqual([1, 2]);
});

function isNaNCode(code: number, infinity: number): boolean {
  return (code & 0x7fff) > infinity;
}
