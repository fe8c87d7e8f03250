// Values of the cache, weighted and added up.
import { multiplyAdd } from "../lanes";

/**
 * y = kept * y + sum of weights[j] * value j over `count` values at the offsets `at`. Every element is one
 * sum, in the order of j.
 */
export function mixValues(weights: usize, values: usize, at: usize, count: i32, dim: i32, kept: v128, y: usize): void {
  let left = dim;
  const end = at + (<usize>count << 2);
  for (; left >= 32; left -= 32) {
    let a = f32x4.mul(v128.load(y), kept);
    let b = f32x4.mul(v128.load(y, 16), kept);
    let c = f32x4.mul(v128.load(y, 32), kept);
    let d = f32x4.mul(v128.load(y, 48), kept);
    let e = f32x4.mul(v128.load(y, 64), kept);
    let f = f32x4.mul(v128.load(y, 80), kept);
    let g = f32x4.mul(v128.load(y, 96), kept);
    let h = f32x4.mul(v128.load(y, 112), kept);
    let w = weights;
    for (let p = at; p < end; p += 4) {
      const v = values + load<u32>(p);
      const x = v128.load32_splat(w);
      a = multiplyAdd(a, x, v128.load(v));
      b = multiplyAdd(b, x, v128.load(v, 16));
      c = multiplyAdd(c, x, v128.load(v, 32));
      d = multiplyAdd(d, x, v128.load(v, 48));
      e = multiplyAdd(e, x, v128.load(v, 64));
      f = multiplyAdd(f, x, v128.load(v, 80));
      g = multiplyAdd(g, x, v128.load(v, 96));
      h = multiplyAdd(h, x, v128.load(v, 112));
      w += 4;
    }
    v128.store(y, a);
    v128.store(y, b, 16);
    v128.store(y, c, 32);
    v128.store(y, d, 48);
    v128.store(y, e, 64);
    v128.store(y, f, 80);
    v128.store(y, g, 96);
    v128.store(y, h, 112);
    y += 128;
    values += 128;
  }
  for (; left >= 8; left -= 8) {
    let a = f32x4.mul(v128.load(y), kept);
    let b = f32x4.mul(v128.load(y, 16), kept);
    let w = weights;
    for (let p = at; p < end; p += 4) {
      const v = values + load<u32>(p);
      const x = v128.load32_splat(w);
      a = multiplyAdd(a, x, v128.load(v));
      b = multiplyAdd(b, x, v128.load(v, 16));
      w += 4;
    }
    v128.store(y, a);
    v128.store(y, b, 16);
    y += 32;
    values += 32;
  }
  if (left) {
    let a = f32x4.mul(v128.load(y), kept);
    let w = weights;
    for (let p = at; p < end; p += 4) {
      a = multiplyAdd(a, v128.load32_splat(w), v128.load(values + load<u32>(p)));
      w += 4;
    }
    v128.store(y, a);
  }
}
