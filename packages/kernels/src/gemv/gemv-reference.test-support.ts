import type { GemvWeights } from "./gemv-weights.js";
import { largestCode } from "./plan-gemv.js";

const f32 = Math.fround;

/** Ties to even, of a 32-bit float. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Codes of x and the value of one, as gemv-quantize.ts makes them. */
export function quantize(x: readonly number[], most: number, limit: number): [number[], number] {
  const factor = most > f32(1e-30) ? f32(limit / most) : 0;
  return [x.map((value) => roundHalfEven(f32(value * factor)) + 0), f32(most / limit)];
}

const peak = (x: readonly number[]): number =>
  x.reduce((most, v) => Math.max(most, Math.abs(v)), 0);

/** y = W x with the same quantisation of x and the same order of 32-bit float operations. */
export function gemvExact(weights: GemvWeights, x: readonly number[]): number[] {
  const { rows, cols } = weights;
  const at = (row: number, col: number): number =>
    weights.data[weights.transposed ? col * rows + row : row * cols + col]!;
  const range = Array.from({ length: rows }, (_, row) => row);
  if (weights.format === "int4") {
    const { groupSize, scales } = weights;
    const groups = Math.ceil(cols / groupSize);
    return range.map((row) => {
      let y = 0;
      for (let group = 0; group < groups; group++) {
        const part = x.slice(group * groupSize, (group + 1) * groupSize);
        const most = peak(part);
        const [codes] = quantize(part, most, 127);
        const sum = codes.reduce((s, q, i) => s + q * (at(row, group * groupSize + i) - 8), 0);
        const scale = f32(scales[row * groups + group]! * f32(most / (127 * 256)));
        y = f32(y + f32(f32(sum * 256) * scale));
      }
      return y;
    });
  }
  if (weights.format !== "int8" && weights.format !== "ternary") throw new Error("not integer");
  const { scales } = weights;
  let most = peak(x);
  let limit = largestCode(Math.ceil(cols / 4) * 4);
  if (weights.format === "ternary") {
    limit = 126;
    most = 0;
    for (let i = 0; i < cols; i += 2) {
      most = Math.max(most, f32(Math.abs(x[i]!) + Math.abs(x[i + 1] ?? 0)));
    }
  }
  const [codes, value] = quantize(x, most, limit);
  return range.map((row) => {
    const sum = codes.reduce((s, q, col) => s + q * at(row, col), 0);
    return f32(f32(sum) * f32((typeof scales === "number" ? f32(scales) : scales[row]!) * value));
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
