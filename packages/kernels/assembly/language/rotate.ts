// Rotary position embedding of one vector in place.

/**
 * Turns the pairs of `dim` (a multiple of 4) floats by the angles of a position (half as many cosines, then
 * the sines): neighbours where `interleaved`, else i and i + dim / 2. `direction` -1 turns back.
 */
export function rotateVector(x: usize, dim: i32, angles: usize, interleaved: i32, direction: f32): void {
  const half = <usize>dim << 1;
  const sign = f32x4.splat(direction);
  if (interleaved) {
    const end = x + (half << 1);
    for (; x < end; x += 16) {
      let cosine = v128.load_zero<u64>(angles);
      let sine = f32x4.mul(v128.load_zero<u64>(angles + half), sign);
      cosine = i8x16.shuffle(cosine, cosine, 0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7);
      sine = i8x16.shuffle(sine, f32x4.neg(sine), 16, 17, 18, 19, 0, 1, 2, 3, 20, 21, 22, 23, 4, 5, 6, 7);
      const v = v128.load(x);
      const swapped = i8x16.shuffle(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
      v128.store(x, f32x4.add(f32x4.mul(v, cosine), f32x4.mul(swapped, sine)));
      angles += 8;
    }
    return;
  }
  let left = dim >> 1;
  for (; left >= 4; left -= 4) {
    const cosine = v128.load(angles);
    const sine = f32x4.mul(v128.load(angles + half), sign);
    const a = v128.load(x);
    const b = v128.load(x + half);
    v128.store(x, f32x4.sub(f32x4.mul(a, cosine), f32x4.mul(b, sine)));
    v128.store(x + half, f32x4.add(f32x4.mul(b, cosine), f32x4.mul(a, sine)));
    x += 16;
    angles += 16;
  }
  if (left) {
    const cosine = v128.load_zero<u64>(angles);
    const sine = f32x4.mul(v128.load_zero<u64>(angles + half), sign);
    const a = v128.load_zero<u64>(x);
    const b = v128.load_zero<u64>(x + half);
    v128.store_lane<u64>(x, f32x4.sub(f32x4.mul(a, cosine), f32x4.mul(b, sine)), 0);
    v128.store_lane<u64>(x + half, f32x4.add(f32x4.mul(b, cosine), f32x4.mul(a, sine)), 0);
  }
}
