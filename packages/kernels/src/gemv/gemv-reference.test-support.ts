import type { KernelVariant } from "../runtime/load.js";
import type { GemvWeights } from "./gemv-weights.js";

const f32 = Math.fround;

/** Ties to even, of a 32-bit float. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Codes of x and the value of one, as gemv-quantize.ts makes them. */
function quantize(x: readonly number[], most: number, limit: number): [number[], number] {
  const factor = most > f32(1e-30) ? f32(limit / most) : 0;
  return [x.map((value) => roundHalfEven(f32(value * factor)) + 0), f32(most / limit)];
}

const peak = (x: readonly number[]): number =>
  x.reduce((most, v) => Math.max(most, Math.abs(v)), 0);

/** y = W x with the same quantisation of x and the same order of 32-bit float operations. */
export function gemvExact(
  weights: GemvWeights,
  x: readonly number[],
  variant: KernelVariant,
): number[] {
  const { rows, cols, format } = weights;
  const at = (row: number, col: number): number =>
    weights.data[weights.transposed ? col * rows + row : row * cols + col]!;
  const range = Array.from({ length: rows }, (_, row) => row);
  if (format === "int4") {
    const { groupSize, scales } = weights;
    const groups = Math.ceil(cols / groupSize);
    const limit = variant === "relaxed" && groupSize % 32 === 0 ? 127 : 1927;
    const [codes, value] = quantize(x, peak(x), limit);
    return range.map((row) => {
      let y = 0;
      for (let group = 0; group < groups; group++) {
        const part = codes.slice(group * groupSize, (group + 1) * groupSize);
        const sum = part.reduce((s, q, i) => s + q * (at(row, group * groupSize + i) - 8), 0);
        y = f32(y + f32(f32(sum) * scales[row * groups + group]!));
      }
      return f32(y * value);
    });
  }
  if (format !== "int8" && format !== "ternary") throw new Error("not integer");
  const { scales } = weights;
  const scaleOf = (row: number): number =>
    typeof scales === "number" ? f32(scales) : scales[row]!;
  if (format === "int8") {
    const [codes, value] = quantize(x, peak(x), 127);
    return range.map((row) => {
      const sum = codes.reduce((s, q, col) => s + q * at(row, col), 0);
      return f32(f32(sum) * f32(scaleOf(row) * value));
    });
  }
  const blocks = Array.from({ length: Math.ceil(cols / 512) }, (_, block) => {
    const part = x.slice(block * 512, block * 512 + 512);
    let most = 0;
    for (let i = 0; i < part.length; i += 2) {
      most = Math.max(most, f32(Math.abs(part[i]!) + Math.abs(part[i + 1] ?? 0)));
    }
    return quantize(part, most, 62);
  });
  return range.map((row) => {
    let y = 0;
    for (const [block, [codes, value]] of blocks.entries()) {
      const sum = codes.reduce((s, q, i) => s + q * at(row, block * 512 + i), 0);
      y = f32(y + f32(f32(sum) * value));
    }
    return f32(y * scaleOf(row));
  });
}

/** The value of a half float or bfloat16. */
export function decodeHalf(format: "f16" | "bf16", bits: number): number {
  const [exponentBits, fractionBits, bias] = format === "f16" ? [5, 10, 15] : [8, 7, 127];
  const exponent = (bits >> fractionBits) & (2 ** exponentBits - 1);
  const fraction = (bits & (2 ** fractionBits - 1)) / 2 ** fractionBits;
  const magnitude =
    exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias);
  return bits & 0x8000 ? -magnitude : magnitude;
}
