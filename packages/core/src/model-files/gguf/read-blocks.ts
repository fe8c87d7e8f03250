import { fromFloat16Bits } from "../../half.js";
import type { WeightTensor } from "../decoder-weights.js";
import { newBuffers, type ReadBuffers } from "../read-buffers.js";
import { viewNumbers } from "../weight-rows.js";
import type { GgmlTypeName } from "./ggml-type.js";
import { readTernaryBlocks } from "./read-ternary-blocks.js";
import type { TakePart } from "./take-part.js";
import { wordAt } from "./word-at.js";

/**
 * Turns the blocks of a GGUF tensor into weights, exactly: every number that the blocks stand for is the
 * number that the weights unpack to.
 *
 * `q4_0`, `q4_1` and `q4_k` become `int4-group`, `q5_0`, `q6_k` and `q8_0` `int8-group`; `tq1_0` and `tq2_0` become
 * `ternary` where the blocks of a row share their scale, otherwise `int4-group` by 256 columns.
 *
 * @param bytes the tensor's bytes; as many as type and shape need
 * @param shape outermost axis first, the last a multiple of the type's block
 * @param buffers where the weights go. @default new memory
 * @param name of the buffers that are taken
 */
export function readBlocks(
  type: GgmlTypeName,
  bytes: Uint8Array,
  shape: readonly number[],
  buffers: ReadBuffers = newBuffers(),
  name = "piece",
): WeightTensor {
  const take: TakePart = (part, count) => buffers.take(`${name}.${part}`, count);
  switch (type) {
    case "f32":
      return { dtype: "f32", shape, data: viewNumbers("f32", bytes, buffers) };
    case "f16":
    case "bf16":
      return { dtype: type, shape, data: viewNumbers(type, bytes, buffers) };
    case "q8_0":
      return readQ8(bytes, shape, take);
    case "q5_0":
      return readQ5(bytes, shape, take);
    case "q4_0":
    case "q4_1":
      return readQ4(type, bytes, shape, take);
    case "q4_k":
      return readQ4K(bytes, shape, take);
    case "q6_k":
      return readQ6K(bytes, shape, take);
    case "tq1_0":
    case "tq2_0":
      return readTernaryBlocks(type, bytes, shape, take);
  }
}

function readQ8(bytes: Uint8Array, shape: readonly number[], take: TakePart): WeightTensor {
  const blocks = bytes.length / 34;
  const scales = halvesIn(take("scales", 2 * blocks));
  const codes = new Int8Array(take("codes", blocks * 32).buffer, 0, blocks * 32);
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let block = 0; block < blocks; block++) {
    scales[block] = wordAt(bytes, block * 34);
    codes.set(signed.subarray(block * 34 + 2, block * 34 + 34), block * 32);
  }
  return {
    format: "int8-group",
    shape,
    groupSize: 32,
    codes,
    scales: { dtype: "f16", data: scales },
  };
}

// d, 32 fifth bits, 16 bytes of nibbles: weight = (code - 16) * d.
function readQ5(bytes: Uint8Array, shape: readonly number[], take: TakePart): WeightTensor {
  const blocks = bytes.length / 22;
  const scales = halvesIn(take("scales", 2 * blocks));
  const codes = new Int8Array(take("codes", blocks * 32).buffer, 0, blocks * 32);
  for (let block = 0; block < blocks; block++) {
    const at = block * 22;
    scales[block] = wordAt(bytes, at);
    for (let i = 0; i < 32; i++) {
      const fifth = (bytes[at + 2 + (i >> 3)]! >> (i & 7)) & 1;
      const nibble = (bytes[at + 6 + (i & 15)]! >> (i & 16 ? 4 : 0)) & 15;
      codes[block * 32 + i] = (nibble | (fifth << 4)) - 16;
    }
  }
  return {
    format: "int8-group",
    shape,
    groupSize: 32,
    codes,
    scales: { dtype: "f16", data: scales },
  };
}

// The low nibbles of 16 bytes are the first half of a block, the high ones the second; ours alternate.
function readQ4(
  type: "q4_0" | "q4_1",
  bytes: Uint8Array,
  shape: readonly number[],
  take: TakePart,
): WeightTensor {
  const size = type === "q4_0" ? 18 : 20;
  const blocks = bytes.length / size;
  const scales = halvesIn(take("scales", 2 * blocks));
  const mins = halvesIn(take("mins", type === "q4_1" ? 2 * blocks : 0));
  const codes = take("codes", blocks * 16);
  for (let block = 0; block < blocks; block++) {
    const at = block * size;
    scales[block] = wordAt(bytes, at);
    // q4_1 adds its minimum, mins are taken off: the sign bit turns.
    if (type === "q4_1") mins[block] = wordAt(bytes, at + 2) ^ 0x8000;
    const nibbles = at + size - 16;
    for (let i = 0; i < 8; i++) {
      const low = bytes[nibbles + 2 * i]!;
      const high = bytes[nibbles + 2 * i + 1]!;
      codes[block * 16 + i] = (low & 15) | ((high & 15) << 4);
      codes[block * 16 + 8 + i] = (low >> 4) | (high & 0xf0);
    }
  }
  return {
    format: "int4-group",
    shape,
    groupSize: 32,
    codes,
    scales: { dtype: "f16", data: scales },
    ...(type === "q4_1" ? { mins: { dtype: "f16" as const, data: mins } } : {}),
  };
}

// 256 weights: d, dmin, eight 6-bit pairs of scale and min, nibbles. d times 6 bits is exact in 32 bits.
function readQ4K(bytes: Uint8Array, shape: readonly number[], take: TakePart): WeightTensor {
  const blocks = bytes.length / 144;
  const scales = floatsIn(take("scales", blocks * 32));
  const mins = floatsIn(take("mins", blocks * 32));
  const codes = take("codes", blocks * 128);
  for (let block = 0; block < blocks; block++) {
    const at = block * 144;
    const scale = fromFloat16Bits(wordAt(bytes, at));
    const min = fromFloat16Bits(wordAt(bytes, at + 2));
    for (let group = 0; group < 8; group++) {
      const packed = (i: number): number => bytes[at + 4 + i]!;
      const upper = group >= 4;
      const scaleCode = upper
        ? (packed(group + 4) & 15) | ((packed(group - 4) >> 6) << 4)
        : packed(group) & 63;
      const minCode = upper
        ? (packed(group + 4) >> 4) | ((packed(group) >> 6) << 4)
        : packed(group + 4) & 63;
      scales[block * 8 + group] = scale * scaleCode;
      mins[block * 8 + group] = min * minCode;
    }
    // 32 bytes hold two groups of 32: one in the low, one in the high nibbles.
    for (let pair = 0; pair < 4; pair++) {
      const from = at + 16 + pair * 32;
      const to = block * 128 + pair * 32;
      for (let i = 0; i < 16; i++) {
        const a = bytes[from + 2 * i]!;
        const b = bytes[from + 2 * i + 1]!;
        codes[to + i] = (a & 15) | ((b & 15) << 4);
        codes[to + 16 + i] = (a >> 4) | (b & 0xf0);
      }
    }
  }
  return {
    format: "int4-group",
    shape,
    groupSize: 32,
    codes,
    scales: { dtype: "f32", data: scales },
    mins: { dtype: "f32", data: mins },
  };
}

// 256 weights: lower nibbles, upper pairs of bits, sixteen 8-bit scales, d. d times 8 bits is exact in 32.
function readQ6K(bytes: Uint8Array, shape: readonly number[], take: TakePart): WeightTensor {
  const blocks = bytes.length / 210;
  const scales = floatsIn(take("scales", blocks * 64));
  const codes = new Int8Array(take("codes", blocks * 256).buffer, 0, blocks * 256);
  for (let block = 0; block < blocks; block++) {
    const at = block * 210;
    const scale = fromFloat16Bits(wordAt(bytes, at + 208));
    for (let group = 0; group < 16; group++) {
      scales[block * 16 + group] = scale * ((bytes[at + 192 + group]! << 24) >> 24);
    }
    for (let half = 0; half < 2; half++) {
      for (let i = 0; i < 128; i++) {
        const quarter = i >> 5; // which pair of bits, and which nibbles
        const low = bytes[at + half * 64 + (i & 31) + (quarter & 1) * 32]!;
        const high = bytes[at + 128 + half * 32 + (i & 31)]!;
        const nibble = quarter < 2 ? low & 15 : low >> 4;
        codes[block * 256 + half * 128 + i] = (nibble | (((high >> (2 * quarter)) & 3) << 4)) - 32;
      }
    }
  }
  return {
    format: "int8-group",
    shape,
    groupSize: 16,
    codes,
    scales: { dtype: "f32", data: scales },
  };
}

function halvesIn({ buffer, length }: Uint8Array): Uint16Array {
  return new Uint16Array(buffer, 0, length / 2);
}

function floatsIn({ buffer, length }: Uint8Array): Float32Array {
  return new Float32Array(buffer, 0, length / 4);
}
