import {
  packBinaryCoded,
  quantizeInt4Group,
  quantizeInt8Channel,
  quantizeInt8Group,
  quantizeTernary,
  tensor,
} from "@edgewright/core";
import { describe, expect, test } from "vitest";
import { loadLanguageKernels } from "../load-language-kernels.js";
import { numbersFrom } from "./linear-reference.test-support.js";
import { packedLinearBytes, packLinear, packLinearParts } from "./pack-linear.js";
import type { LinearWeights } from "./packed-linear.js";

const COLS = 64;

/** Rows `begin` to `end` of the same numbers in a format. */
type Pack = (data: Float32Array, shape: readonly [number, number]) => LinearWeights;

const FORMATS: Readonly<Record<string, Pack>> = {
  f32: (data, shape) => tensor("f32", shape, data),
  f16: (data, shape) =>
    tensor(
      "f16",
      shape,
      Uint16Array.from(data, (one) => 0x3000 + one * 99),
    ),
  "int8-channel": (data, shape) => quantizeInt8Channel(data, shape),
  "int8-channel, zero points": (data, shape) =>
    quantizeInt8Channel(data, shape, { symmetric: false }),
  "int8-group": (data, shape) => quantizeInt8Group(data, shape),
  "int4-group": (data, shape) => quantizeInt4Group(data, shape),
  "int4-group, zero points": (data, shape) => quantizeInt4Group(data, shape, { symmetric: false }),
  ternary: (data, shape) => quantizeTernary(data, shape, { perRow: true }),
  "binary-coded": (data, shape) =>
    packBinaryCoded({
      ...{ shape, seedBits: 2, bits: 2, groupSize: 32 },
      codes: Uint8Array.from(data, (one) => (one > 0.5 ? 2 : 1)),
      scales: [new Float32Array(shape[0] * 2 * 3).fill(0.5)],
    }),
};

describe("weights that are packed part by part", () => {
  test.each(Object.entries(FORMATS))(
    "%s: the same bytes as at once, as many as foretold",
    async (_name, pack) => {
      const kernels = await loadLanguageKernels();
      const random = numbersFrom(5);
      const data = Float32Array.from({ length: 100 * COLS }, random);
      const part = (begin: number, end: number): LinearWeights =>
        pack(data.slice(begin * COLS, end * COLS), [end - begin, COLS]);
      const parts = [part(0, 1), part(1, 37), part(37, 100)];
      const whole = packLinear(kernels, parts);
      expect(packedLinearBytes(parts[0]!, 100)).toBe(whole.bytes);
      const packing = packLinearParts(kernels, parts[0]!, 100);
      for (const one of parts) {
        packing.append(one);
        kernels.arena.allocate(300_000); // memory grows between parts, and views of it are gone
      }
      const packed = packing.finish();
      const bytesOf = ({ ptr, bytes }: typeof packed): Uint8Array =>
        kernels.arena.u8(ptr, bytes).slice();
      expect(bytesOf(packed)).toEqual(bytesOf(whole));
      const { scalesPtr: _own, ...layout } = packed.layout;
      expect(whole.layout).toMatchObject(layout);
      kernels.dispose();
    },
  );

  test("rows must be as many as were said, and memory comes back", async () => {
    const kernels = await loadLanguageKernels();
    const before = kernels.arena.used;
    const rows = (count: number): LinearWeights =>
      tensor("f32", [count, 2], new Float32Array(2 * count));
    const packing = packLinearParts(kernels, rows(0), 3);
    packing.append(rows(2));
    expect(() => packing.finish()).toThrow("expected 3 rows, got 2; append the rest");
    expect(() => packing.append(rows(2))).toThrow("expected 3 rows in all, got 4");
    expect(() => packing.append(tensor("f32", [1, 3], [1, 2, 3]))).toThrow("2 columns");
    packing.dispose();
    expect(kernels.arena.used).toBe(before);
    expect(() => packing.append(rows(1))).toThrow("it was finished or disposed of");
    const plain = packLinearParts(kernels, quantizeInt4Group(new Float32Array(64), [2, 32]), 2);
    const zeroed = quantizeInt4Group(new Float32Array(64), [2, 32], { symmetric: false });
    expect(() => plain.append(zeroed)).toThrow("expected no mins or zeroPoints");
    kernels.dispose();
  });
});
