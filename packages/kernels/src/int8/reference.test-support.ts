import type { Int8Output } from "./int8-output.js";

/** Codes of 8 bits, each from the low byte that `draw` gives. */
export function codesOf(
  signed: boolean,
  length: number,
  draw: () => number,
): Int8Array | Uint8Array {
  return signed ? Int8Array.from({ length }, draw) : Uint8Array.from({ length }, draw);
}

/** What {@link Int8Output} says, one sum at a time. */
function finishReference(sum: number, column: number, output: Int8Output): number {
  const { dtype = "i32", scale = 1, bias, shift, zeroPoint = 0 } = output;
  const total = (sum + (bias?.[column] ?? 0)) | 0;
  if (dtype === "i32") return total;
  const factor = Math.fround(typeof scale === "number" ? scale : scale[column]!);
  const real = Math.fround(Math.fround(total) * factor);
  if (dtype === "f32") return Math.fround(real + Math.fround(shift?.[column] ?? 0));
  const [low, high] = dtype === "u8" ? [0, 255] : [-128, 127];
  const code = roundHalfEven(real) + zeroPoint;
  return Math.min(output.maximum ?? high, Math.max(output.minimum ?? low, code));
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** C of planGemmInt8 by three loops. */
export function gemmReference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  m: number,
  k: number,
  n: number,
  zeroA: number,
  zeroB: (column: number) => number,
  output: Int8Output,
): number[] {
  const c: number[] = [];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) sum += (a[i * k + l]! - zeroA) * (b[l * n + j]! - zeroB(j));
      c.push(finishReference(sum, j, output));
    }
  }
  return c;
}

/** A convolution for {@link convReference}. */
export interface ReferenceConv {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly oc: number;
  readonly kh: number;
  readonly kw: number;
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
  readonly groups: number;
}

/** y of planConvInt8, [n, oh, ow, oc], by the definition. */
export function convReference(
  x: ArrayLike<number>,
  weights: ArrayLike<number>,
  conv: ReferenceConv,
  zeroX: number,
  zeroW: (filter: number) => number,
  output: Int8Output,
): number[] {
  const { n, h, w, c, oc, kh, kw, strides, dilations, pads, groups } = conv;
  const oh = Math.floor((h + pads[0] + pads[2] - dilations[0] * (kh - 1) - 1) / strides[0]) + 1;
  const ow = Math.floor((w + pads[1] + pads[3] - dilations[1] * (kw - 1) - 1) / strides[1]) + 1;
  const channels = c / groups;
  const y: number[] = [];
  for (let image = 0; image < n; image++) {
    for (let oy = 0; oy < oh; oy++) {
      for (let ox = 0; ox < ow; ox++) {
        for (let filter = 0; filter < oc; filter++) {
          const group = Math.floor(filter / (oc / groups));
          let sum = 0;
          for (let ky = 0; ky < kh; ky++) {
            for (let kx = 0; kx < kw; kx++) {
              const iy = oy * strides[0] - pads[0] + ky * dilations[0];
              const ix = ox * strides[1] - pads[1] + kx * dilations[1];
              if (iy < 0 || iy >= h || ix < 0 || ix >= w) continue;
              for (let ch = 0; ch < channels; ch++) {
                const value = x[((image * h + iy) * w + ix) * c + group * channels + ch]!;
                const weight = weights[((filter * channels + ch) * kh + ky) * kw + kx]!;
                sum += (value - zeroX) * (weight - zeroW(filter));
              }
            }
          }
          y.push(finishReference(sum, filter, output));
        }
      }
    }
  }
  return y;
}
