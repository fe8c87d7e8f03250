/**
 * The IEEE 754 half-precision float nearest to a number, ties to even, as its 16 bits.
 *
 * Rounds once, from the full double: 65520 and above become infinity, NaN becomes `0x7e00`.
 *
 * @example
 * console.log(toFloat16Bits(1.5).toString(16)); // 3e00
 */
export function toFloat16Bits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (!(size < 65520)) return Number.isNaN(value) ? 0x7e00 : sign | 0x7c00;
  // The exponent above the subnormal range, 0 to 29; every step below is exact but the rounding.
  const exponent = Math.max(0, 31 - Math.clz32(size * 16384));
  const mantissa = roundToEven(size * (16777216 / (1 << exponent)));
  return sign | ((exponent << 10) + mantissa);
}

/** The number that 16 bits stand for as an IEEE 754 half-precision float. */
export function fromFloat16Bits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa ? Number.NaN : sign * Infinity;
  return sign * (1024 + mantissa) * (1 << exponent) * 2 ** -25;
}

/** Half-precision bits of many numbers; see {@link toFloat16Bits}. */
export function encodeFloat16(
  values: ArrayLike<number>,
  out: Uint16Array = new Uint16Array(values.length),
): Uint16Array {
  for (let i = 0; i < values.length; i++) out[i] = toFloat16Bits(values[i]!);
  return out;
}

/** The numbers behind many half-precision bits; exact, since a 32-bit float holds every one. */
export function decodeFloat16(
  bits: ArrayLike<number>,
  out: Float32Array = new Float32Array(bits.length),
): Float32Array {
  for (let i = 0; i < bits.length; i++) out[i] = fromFloat16Bits(bits[i]!);
  return out;
}

/**
 * The bfloat16 nearest to a number, ties to even, as its 16 bits: a 32-bit float without the lower
 * half of its mantissa. Rounds once, from the full double; NaN becomes `0x7fc0`.
 */
export function toBfloat16Bits(value: number): number {
  const float = new Float32Array(1);
  const word = new Uint32Array(float.buffer);
  float[0] = value;
  return roundBfloat16(value, float[0], word[0]!);
}

/** The number that 16 bits stand for as a bfloat16. */
export function fromBfloat16Bits(bits: number): number {
  return new Float32Array(new Uint32Array([bits << 16]).buffer)[0]!;
}

/** Bfloat16 bits of many numbers; see {@link toBfloat16Bits}. */
export function encodeBfloat16(
  values: ArrayLike<number>,
  out: Uint16Array = new Uint16Array(values.length),
): Uint16Array {
  const float = new Float32Array(1);
  const word = new Uint32Array(float.buffer);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    float[0] = value;
    out[i] = roundBfloat16(value, float[0], word[0]!);
  }
  return out;
}

/** The numbers behind many bfloat16 bits; exact. */
export function decodeBfloat16(
  bits: ArrayLike<number>,
  out: Float32Array = new Float32Array(bits.length),
): Float32Array {
  const words = new Uint32Array(out.buffer, out.byteOffset, bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i]! << 16;
  return out;
}

// `word` is the nearest 32-bit float. Where that was itself rounded, make it odd on the near side
// of `value` first, so that the second rounding decides as one from the full double would.
function roundBfloat16(value: number, float: number, word: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  let bits = word;
  if (float !== value) {
    if (Math.abs(float) > Math.abs(value)) bits -= 1;
    bits |= 1;
  }
  bits >>>= 0;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

// Valid from 0 to 2^52: beyond, a double has no fraction to round.
function roundToEven(value: number): number {
  return value + 4503599627370496 - 4503599627370496;
}
