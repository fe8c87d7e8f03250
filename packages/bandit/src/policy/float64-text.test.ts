import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeFloat64, encodeFloat64 } from "./float64-text.js";

test("every bit of finite values survives, signs of zeros and denormals included", () => {
  fc.assert(
    fc.property(fc.float64Array({ noNaN: true, noDefaultInfinity: true }), (values) => {
      const text = JSON.parse(JSON.stringify(encodeFloat64(values))) as string;
      const back = decodeFloat64(text, values.length, "test");
      expect(back.every((value, i) => Object.is(value, values[i]))).toBe(true);
    }),
    { seed: 3, numRuns: 100 },
  );
  const edges = Float64Array.of(-0, 0, 5e-324, -1.7976931348623157e308);
  expect(decodeFloat64(encodeFloat64(edges), 4, "test")).toEqual(edges);
});

test("bytes are little-endian on every machine; long arrays are written whole", () => {
  expect(encodeFloat64(Float64Array.of(1))).toBe("AAAAAAAA8D8=");
  const long = Float64Array.from({ length: 20_000 }, (_, i) => i / 7);
  expect(decodeFloat64(encodeFloat64(long), 20_000, "test")).toEqual(long);
});

test("refuses what is no text of so many finite values", () => {
  const one = encodeFloat64(Float64Array.of(1));
  for (const [damaged, came] of [
    [7, "number"],
    ["?", "text that is not base64"],
    [one, "8 bytes"],
    [encodeFloat64(Float64Array.of(1, Infinity)), "Infinity at 1"],
    [encodeFloat64(Float64Array.of(Number.NaN, 1)), "NaN at 0"],
  ] as const) {
    expect(() => decodeFloat64(damaged, 2, "state")).toThrow(
      `state: base64 of 2 float64 values was expected, got ${came}`,
    );
  }
});
