import { describe, expect, test } from "vitest";
import { createRng } from "../../rng.js";
import { weightFloats } from "../weight-floats.js";
import { encodeBlocks } from "./encode-blocks.js";
import { GGML_TYPES, type GgmlTypeName } from "./ggml-type.js";
import { readBlocks } from "./read-blocks.js";

// Two blocks of bytes by formula, the scales 0.0123 and 0.0246 as f16. Expected: llama.cpp's gguf-py 0.19.0,
// gguf.quants.dequantize on the same bytes; the sum weighs number i by i + 1, some are every sixteenth of all.
const golden: Record<string, { sum: number; some: number[] }> = {
  q8_0: {
    sum: 176.7060546875,
    some: [
      0.688721, -0.17218, 0.34436, -0.910095, -0.787109, 0.713318, 0.442749, 1.549622, 1.069977,
      -0.676422, -1.04538, -0.036896, -0.799408, -0.184479, -1.340546, -1.119171,
    ],
  },
  q5_0: {
    sum: -15.37322998046875,
    some: [
      -0.17218, 0.147583, -0.122986, 0.0, 0.184479, -0.184479, 0.135284, 0.147583, 0.036896,
      -0.135284, 0.08609, 0.110687, -0.049194, -0.135284, -0.135284, 0.147583,
    ],
  },
  q4_0: {
    sum: -8.596710205078125,
    some: [
      0.0, -0.073792, 0.049194, -0.024597, -0.061493, 0.08609, -0.08609, 0.036896, 0.08609,
      -0.08609, -0.061493, -0.036896, 0.073792, 0.024597, 0.049194, -0.036896,
    ],
  },
  q4_1: {
    sum: 232.17266845703125,
    some: [
      0.110687, 0.135284, 0.159882, 0.184479, 0.122986, 0.110687, 0.184479, 0.147583, 0.036896,
      0.061493, 0.08609, 0.110687, 0.147583, 0.17218, 0.08609, 0.08609,
    ],
  },
  q4_k: {
    sum: 315023.6044921875,
    some: [
      -0.282867, 6.838013, 7.305359, 7.846497, 6.161591, 0.541138, 8.363037, 1.106873, 2.078461,
      1.119171, 2.681091, 6.050903, -0.996185, 0.946991, 1.180664, 2.902466,
    ],
  },
  q6_k: {
    sum: -71619.7953491211,
    some: [
      3.652679, 14.06958, -40.536133, -11.093323, -12.040314, -16.775269, 5.091614, 4.058533,
      50.375, 31.87793, -0.147583, -15.508514, 11.019531, 49.194336, 15.250244, -2.840973,
    ],
  },
  tq1_0: {
    sum: 16.2833251953125,
    some: [
      -0.012299, -0.012299, -0.012299, 0.0, 0.0, -0.012299, 0.012299, 0.012299, 0.012299, 0.0,
      -0.012299, -0.012299, 0.012299, 0.0, -0.012299, 0.0,
    ],
  },
  tq2_0: {
    sum: 5.669647216796875,
    some: [
      0.0, 0.0, -0.012299, -0.012299, 0.0, 0.0, 0.0, 0.0, -0.012299, 0.012299, 0.0, 0.0, -0.012299,
      0.012299, 0.012299, 0.0,
    ],
  },
};

const scaleBytes: Record<string, number[]> = {
  q8_0: [0],
  q5_0: [0],
  q4_0: [0],
  q4_1: [0, 2],
  q4_k: [0, 2],
  q6_k: [208],
  tq1_0: [52],
  tq2_0: [64],
};

function exampleBlocks(name: string, size: number): Uint8Array {
  const bytes = Uint8Array.from({ length: 2 * size }, (_, i) => (i * i * 7 + i * 37 + 11) >> 1);
  for (const block of [0, size]) {
    scaleBytes[name]!.forEach((at, j) => {
      const half = [0x224c, 0x264c][j]!; // 0.0123 and 0.0246
      bytes[block + at] = half & 255;
      bytes[block + at + 1] = half >> 8;
    });
    if (name !== "tq2_0") continue;
    for (let i = 0; i < 64; i++) {
      const byte = bytes[block + i]!;
      bytes[block + i] = byte & ~((byte & (byte >> 1) & 0x55) * 2); // two bits of 3 stand for no ternary weight
    }
  }
  return bytes;
}

describe("blocks of GGUF", () => {
  for (const { name, elements, bytes: size } of GGML_TYPES.filter((type) => type.elements > 1)) {
    test(`${name}: the numbers of llama.cpp's own reader`, () => {
      const weight = readBlocks(name, exampleBlocks(name, size), [2, elements]);
      const numbers = weightFloats(weight);
      const { sum, some } = golden[name]!;
      expect(numbers.reduce((total, one, i) => total + one * (i + 1), 0)).toBeCloseTo(sum, 6);
      some.forEach((one, i) => {
        expect(numbers[(i * numbers.length) / 16]).toBeCloseTo(one, 5);
      });
    });
  }

  test("types that are written come back byte for byte", () => {
    for (const name of ["q8_0", "q4_0", "q4_1", "tq2_0"] satisfies GgmlTypeName[]) {
      const { elements, bytes: size } = GGML_TYPES.find((type) => type.name === name)!;
      const bytes = exampleBlocks(name, size);
      const weight = readBlocks(name, bytes, [2, elements]);
      expect(encodeBlocks(weight, name)).toEqual({ type: name, bytes });
    }
  });

  test("both ternary types hold the same weights, whatever they are", () => {
    const rng = createRng(7);
    const digits = Array.from({ length: 512 }, () => rng.integer(0, 3));
    const codes = new Uint8Array(128);
    digits.forEach((digit, i) => {
      codes[i >> 2] = codes[i >> 2]! | (digit << (2 * (i & 3)));
    });
    const scales = Float32Array.of(0.5);
    const weight = { format: "ternary", shape: [2, 256], codes, scales } as const;
    for (const type of ["tq1_0", "tq2_0"] as const) {
      const encoded = encodeBlocks(weight, "w", type);
      expect(encoded.type).toBe(type);
      expect(readBlocks(type, encoded.bytes, [2, 256])).toEqual(weight);
    }
  });

  test("ternary rows keep scales of their own; blocks with scales of their own become 4-bit groups", () => {
    const bytes = exampleBlocks("tq2_0", 66);
    bytes[65] = 0x34; // 0.266: the first block alone
    const rows = readBlocks("tq2_0", bytes, [2, 256]);
    expect("format" in rows && rows.format === "ternary" && rows.scales.length).toBe(2);
    const blocks = readBlocks("tq2_0", bytes, [1, 512]);
    expect("format" in blocks && blocks.format).toBe("int4-group");
    expect(weightFloats(blocks)).toEqual(weightFloats(rows));
    bytes[0] = 3; // stands for 2 times the scale
    const odd = readBlocks("tq2_0", bytes, [2, 256]);
    expect("format" in odd && odd.format).toBe("int4-group");
    expect(weightFloats(odd)[0]).toBe(2 * weightFloats(rows).reduce((a, b) => Math.max(a, b), 0));
  });
});
