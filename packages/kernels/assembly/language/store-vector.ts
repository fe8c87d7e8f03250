// Vectors on their way into the cache, in its type, and back.
import { F16, F32 } from "./kv-cache";
import { codeFactor, codesAt, largestMagnitude } from "./vector-codes";

const HALF_MASK = memory.data<u32>([0x8fffe000, 0x8fffe000, 0x8fffe000, 0x8fffe000]);
/** Times this is what the bits of an f16 are short of where {@link evenHalves} puts them. */
export const LIFT: u32 = (127 + 112) << 23;

/** What keeps sign, exponent and fraction of {@link evenHalves} and {@link oddHalves}. */
// @ts-ignore: decorator
@inline
export function halfMask(): v128 {
  return v128.load(HALF_MASK);
}

/** Elements 0, 2, 4 and 6 of eight f16, times 2^-112. */
// @ts-ignore: decorator
@inline
export function evenHalves(v: v128, mask: v128): v128 {
  return v128.and(i32x4.shr_s(i32x4.shl(v, 16), 3), mask);
}

/** Elements 1, 3, 5 and 7 of eight f16, times 2^-112. */
// @ts-ignore: decorator
@inline
export function oddHalves(v: v128, mask: v128): v128 {
  return v128.and(i32x4.shr_s(v, 3), mask);
}

/** Writes `dim` (a multiple of 4) floats to a slot, zeros behind them; `scale` is where int8 keeps its factor. */
export function storeVector(type: i32, x: usize, dim: i32, to: usize, scale: usize): void {
  if (type == F32) {
    for (; dim; dim -= 4) {
      v128.store(to, v128.load(x));
      x += 16;
      to += 16;
    }
  } else if (type == F16) {
    for (; dim >= 8; dim -= 8) {
      v128.store(to, i16x8.narrow_i32x4_u(halves(v128.load(x)), halves(v128.load(x, 16))));
      x += 32;
      to += 16;
    }
    if (dim) v128.store(to, i16x8.narrow_i32x4_u(halves(v128.load(x)), i32x4.splat(0)));
  } else storeBytes(x, dim, to, scale);
}

// The bits of f16, in 32-bit lanes below 2^16: to the nearest, even in a tie; magnitudes beyond 65504 become
// that, those below 2^-14 become 0, for denormal numbers are slow to multiply.
// @ts-ignore: decorator
@inline
function halves(x: v128): v128 {
  const size = f32x4.pmin(f32x4.abs(x), f32x4.splat(65504));
  const sign = v128.and(i32x4.shr_u(x, 16), i32x4.splat(0x8000));
  const odd = v128.and(i32x4.shr_u(size, 13), i32x4.splat(1));
  const rounded = i32x4.add(i32x4.add(size, odd), i32x4.splat(0xfff - (112 << 23)));
  const normal = f32x4.ge(size, f32x4.splat(6.103515625e-5));
  return v128.or(v128.and(i32x4.shr_u(rounded, 13), normal), sign);
}

// Codes to 127 times the scale; a NaN makes the scale one.
function storeBytes(x: usize, dim: i32, to: usize, scale: usize): void {
  const largest = largestMagnitude(x, dim);
  store<f32>(scale, largest / 127);
  const factor = codeFactor(largest, 127);
  for (; dim > 0; dim -= 16) {
    const low = i16x8.narrow_i32x4_s(codesAt(x, factor, dim, 4), codesAt(x + 16, factor, dim, 8));
    const high = i16x8.narrow_i32x4_s(codesAt(x + 32, factor, dim, 12), codesAt(x + 48, factor, dim, 16));
    v128.store(to, i8x16.narrow_i16x8_s(low, high));
    x += 64;
    to += 16;
  }
}

/** Reads the vector of a slot back as `dim` floats. */
export function loadVector(type: i32, from: usize, scale: usize, dim: i32, x: usize): void {
  const end = x + (<usize>dim << 2);
  if (type == F32) {
    for (; x < end; x += 16) {
      v128.store(x, v128.load(from));
      from += 16;
    }
  } else if (type == F16) {
    const lift = f32x4.splat(reinterpret<f32>(LIFT));
    for (; x < end; x += 16) {
      const v = v128.load16x4_u(from);
      v128.store(x, f32x4.mul(evenHalves(v, halfMask()), lift));
      from += 8;
    }
  } else {
    const factor = v128.load32_splat(scale);
    for (; x < end; x += 16) {
      const wide = i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(v128.load32_zero(from)));
      v128.store(x, f32x4.mul(f32x4.convert_i32x4_s(wide), factor));
      from += 4;
    }
  }
}

/**
 * Makes floats times 2^-112 of `count` f16 vectors. Of eight elements those at even places come first; of a last
 * half of eight as well where `whole`, zeros filling it up, else in their order.
 */
export function spreadHalves(from: usize, step: usize, count: i32, dim: i32, whole: bool, to: usize): void {
  const mask = halfMask();
  for (; count; count--) {
    let p = from;
    let left = dim;
    for (; left >= (whole ? 1 : 8); left -= 8) {
      const v = v128.load(p);
      v128.store(to, evenHalves(v, mask));
      v128.store(to, oddHalves(v, mask), 16);
      p += 16;
      to += 32;
    }
    if (left > 0) {
      v128.store(to, evenHalves(v128.load16x4_u(p), mask));
      to += 32;
    }
    from += step;
  }
}
