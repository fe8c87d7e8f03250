// Values of the cache, weighted and added up.
import { multiplyAdd } from "../lanes";
import { addProducts } from "./lane-sums";

// V8 computes after all the loads of a block, so the loops have as many loads as registers take beside the sums.

/**
 * y = kept * y + sum of weights[j] * value j over `count` values at the offsets `at`, weights and offsets being
 * there up to a multiple of 4.
 */
export function mixValues(weights: usize, values: usize, at: usize, count: i32, dim: i32, kept: v128, y: usize): void {
  if (dim < 32) mixShort(weights, values, at, count, dim, kept, y);
  else mixLong(weights, values, at, count, dim, kept, y);
}

/**
 * The same with four values at a time from end to end: memory is read in its order, where columns of long vectors
 * would jump.
 */
export function mixLong(weights: usize, values: usize, at: usize, count: i32, dim: i32, kept: v128, y: usize): void {
  const end = y + (<usize>dim << 2);
  const pairs = y + (<usize>(dim & -8) << 2);
  for (let p = y; p < end; p += 16) v128.store(p, f32x4.mul(v128.load(p), kept));
  for (; count > 0; count -= 4) {
    let v0 = values + load<u32>(at);
    let v1 = values + valueAt(at, 1, count);
    let v2 = values + valueAt(at, 2, count);
    let v3 = values + valueAt(at, 3, count);
    const w0 = v128.load32_splat(weights);
    const w1 = v128.load32_splat(weights, 4);
    const w2 = v128.load32_splat(weights, 8);
    const w3 = v128.load32_splat(weights, 12);
    let p = y;
    for (; p < pairs; p += 32) {
      let a = v128.load(p);
      let b = v128.load(p, 16);
      a = addProducts(a, w0, v128.load(v0), w1, v128.load(v1));
      b = addProducts(b, w0, v128.load(v0, 16), w1, v128.load(v1, 16));
      v128.store(p, addProducts(a, w2, v128.load(v2), w3, v128.load(v3)));
      v128.store(p, addProducts(b, w2, v128.load(v2, 16), w3, v128.load(v3, 16)), 16);
      v0 += 32;
      v1 += 32;
      v2 += 32;
      v3 += 32;
    }
    if (p < end) {
      const a = addProducts(v128.load(p), w0, v128.load(v0), w1, v128.load(v1));
      v128.store(p, addProducts(a, w2, v128.load(v2), w3, v128.load(v3)));
    }
    at += 16;
    weights += 16;
  }
}

/** The offset of the i-th value, or the first one's behind the last: its weight is 0, and it must be a number. */
// @ts-ignore: decorator
@inline
export function valueAt(at: usize, i: i32, count: i32): usize {
  return load<u32>(at + (i < count ? <usize>i << 2 : 0));
}

// Every element in a register, of two values at a time.
function mixShort(weights: usize, values: usize, at: usize, count: i32, dim: i32, kept: v128, y: usize): void {
  const pairs = at + (<usize>(count & -2) << 2);
  let left = dim;
  for (; left >= 16; left -= 16) {
    let a = f32x4.mul(v128.load(y), kept);
    let b = f32x4.mul(v128.load(y, 16), kept);
    let c = f32x4.mul(v128.load(y, 32), kept);
    let d = f32x4.mul(v128.load(y, 48), kept);
    let w = weights;
    for (let p = at; p < pairs; p += 8) {
      const v0 = values + load<u32>(p);
      const v1 = values + load<u32>(p, 4);
      const x0 = v128.load32_splat(w);
      const x1 = v128.load32_splat(w, 4);
      a = addProducts(a, x0, v128.load(v0), x1, v128.load(v1));
      b = addProducts(b, x0, v128.load(v0, 16), x1, v128.load(v1, 16));
      c = addProducts(c, x0, v128.load(v0, 32), x1, v128.load(v1, 32));
      d = addProducts(d, x0, v128.load(v0, 48), x1, v128.load(v1, 48));
      w += 8;
    }
    if (count & 1) {
      const v = values + load<u32>(pairs);
      const x = v128.load32_splat(w);
      a = multiplyAdd(a, x, v128.load(v));
      b = multiplyAdd(b, x, v128.load(v, 16));
      c = multiplyAdd(c, x, v128.load(v, 32));
      d = multiplyAdd(d, x, v128.load(v, 48));
    }
    v128.store(y, a);
    v128.store(y, b, 16);
    v128.store(y, c, 32);
    v128.store(y, d, 48);
    y += 64;
    values += 64;
  }
  for (; left; left -= 4) {
    let a = f32x4.mul(v128.load(y), kept);
    let w = weights;
    for (let p = at; p < pairs; p += 8) {
      const x0 = v128.load32_splat(w);
      const x1 = v128.load32_splat(w, 4);
      a = addProducts(a, x0, v128.load(values + load<u32>(p)), x1, v128.load(values + load<u32>(p, 4)));
      w += 8;
    }
    if (count & 1) a = multiplyAdd(a, v128.load32_splat(w), v128.load(values + load<u32>(pairs)));
    v128.store(y, a);
    y += 16;
    values += 16;
  }
}
