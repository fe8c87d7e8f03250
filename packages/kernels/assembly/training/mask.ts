// Activations of straight pieces, which keep one bit an element for the backward pass.
//
// With t = a x + b an element is "inside" where low < t < high. There y = t; outside y is t held between the
// two bounds, or outside * t where that factor is not 0. Bit i of the byte stream belongs to element i.
import { clamp, multiplyAdd } from "../lanes";
import { loadNext, loadTail, storeNext, storeTail } from "../tails";
import { lanesOf } from "./mask-lanes";

const CHUNK = 1024; // elements of a unit: whole bytes of the mask

// @ts-ignore: decorator
@inline
function inside(t: v128, low: v128, high: v128): v128 {
  return v128.and(f32x4.gt(t, low), f32x4.lt(t, high));
}

// @ts-ignore: decorator
@inline
function bent(t: v128, m: v128, low: v128, high: v128, factor: v128, sloped: bool): v128 {
  return sloped ? v128.bitselect(t, f32x4.mul(t, factor), m) : clamp(t, low, high);
}

// Words: x, y (0: only the mask), mask, count, a, b, low, high, outside. A unit is CHUNK elements.
export function mask_activation_f32(params: usize, begin: i32, end: i32): void {
  const a = v128.load32_splat(params, 16);
  const b = v128.load32_splat(params, 20);
  const low = v128.load32_splat(params, 24);
  const high = v128.load32_splat(params, 28);
  const factor = v128.load32_splat(params, 32);
  const sloped = load<f32>(params, 32) != 0;
  const first = <usize>begin * CHUNK;
  let x = load<usize>(params, 0) + (first << 2);
  let y = load<usize>(params, 4);
  const writes = y != 0;
  y += first << 2;
  let mask = load<usize>(params, 8) + (first >> 3);
  let count = min(load<i32>(params, 12), end * CHUNK) - begin * CHUNK;
  for (; count >= 16; count -= 16) {
    const t0 = multiplyAdd(b, v128.load(x), a);
    const t1 = multiplyAdd(b, v128.load(x, 16), a);
    const t2 = multiplyAdd(b, v128.load(x, 32), a);
    const t3 = multiplyAdd(b, v128.load(x, 48), a);
    const m0 = inside(t0, low, high);
    const m1 = inside(t1, low, high);
    const m2 = inside(t2, low, high);
    const m3 = inside(t3, low, high);
    const m = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(m0, m1), i16x8.narrow_i32x4_s(m2, m3));
    store<u16>(mask, <u16>i8x16.bitmask(m));
    if (writes) {
      v128.store(y, bent(t0, m0, low, high, factor, sloped));
      v128.store(y, bent(t1, m1, low, high, factor, sloped), 16);
      v128.store(y, bent(t2, m2, low, high, factor, sloped), 32);
      v128.store(y, bent(t3, m3, low, high, factor, sloped), 48);
    }
    x += 64;
    y += 64;
    mask += 2;
  }
  let shift = 0;
  let bits = 0;
  for (let left = count; left > 0; left -= 4) {
    const t = multiplyAdd(b, loadTail(x, left), a);
    const m = inside(t, low, high);
    if (writes) storeTail(y, bent(t, m, low, high, factor, sloped), left);
    bits |= i32x4.bitmask(m) << shift;
    shift += 4;
    x += 16;
    y += 16;
  }
  bits &= (1 << count) - 1; // nothing of the lanes behind the end
  if (count > 0) store<u8>(mask, <u8>bits);
  if (count > 8) store<u8>(mask, <u8>(bits >> 8), 1);
}

// dx = dy * (inside ? a : outside). Words: dy, dx, mask, count, a, outside. A unit is CHUNK elements.
export function mask_gradient_f32(params: usize, begin: i32, end: i32): void {
  const a = v128.load32_splat(params, 16);
  const outside = v128.load32_splat(params, 20);
  const first = <usize>begin * CHUNK;
  let dy = load<usize>(params, 0) + (first << 2);
  let dx = load<usize>(params, 4) + (first << 2);
  let mask = load<usize>(params, 8) + (first >> 3);
  let count = min(load<i32>(params, 12), end * CHUNK) - begin * CHUNK;
  for (; count >= 8; count -= 8) {
    const bits = i32x4.splat(<i32>load<u8>(mask));
    const f0 = v128.bitselect(a, outside, lanesOf(bits, 0));
    const f1 = v128.bitselect(a, outside, lanesOf(bits, 1));
    v128.store(dx, f32x4.mul(v128.load(dy), f0));
    v128.store(dx, f32x4.mul(v128.load(dy, 16), f1), 16);
    dy += 32;
    dx += 32;
    mask++;
  }
  for (let part: usize = 0; count > 0; count -= 4) {
    const factor = v128.bitselect(a, outside, lanesOf(i32x4.splat(<i32>load<u8>(mask)), part++));
    storeNext(dx, f32x4.mul(loadNext(dy, count), factor), count);
    dy += 16;
    dx += 16;
  }
}
