// Normalisation of [images, positions, c] by statistics per channel, the same for all images or one set each.
// Eight channels of a chunk of positions at a time: their constants stay in registers, the chunk in the cache.
import { multiplyAdd } from "../lanes";
import { loadTail, storeTail } from "../tails";

// y = (x - mean) * rstd * gamma + beta, then held between low and high.
// Words: 0 x, 4 y (may be x), 8 c, 12 positions, 16 positions of a chunk, 20 chunks of an image, 24 mean,
//  28 rstd, 32 bytes from one image's statistics to the next, 36 gamma (0: ones), 40 beta (0: none),
//  44 mask of low < y < high (0: none; only where c is a multiple of 8), 48 low, 52 high.
// A unit is a chunk.
export function normalize_channels_f32(params: usize, begin: i32, end: i32): void {
  const c = load<i32>(params, 8);
  const positions = load<i32>(params, 12);
  const chunk = load<i32>(params, 16);
  const chunks = load<i32>(params, 20);
  const gamma = load<usize>(params, 36);
  const beta = load<usize>(params, 40);
  const step = <usize>c << 2;
  const low = v128.load32_splat(params, 48), high = v128.load32_splat(params, 52);
  const one = f32x4.splat(1);
  for (let unit = begin; unit < end; unit++) {
    const image = unit / chunks;
    const first = (unit - image * chunks) * chunk;
    const rows = min(chunk, positions - first);
    const row = <usize>(image * positions + first);
    const x = load<usize>(params, 0) + row * step;
    const y = load<usize>(params, 4) + row * step;
    const statistics = <usize>image * load<usize>(params, 32);
    const mean = load<usize>(params, 24) + statistics;
    const rstd = load<usize>(params, 28) + statistics;
    let mask = load<usize>(params, 44);
    if (mask) mask += row * <usize>c >> 3;
    let left = c;
    let at: usize = 0;
    for (; left >= 8; left -= 8) {
      const m0 = v128.load(mean + at), m1 = v128.load(mean + at, 16);
      let s0 = v128.load(rstd + at), s1 = v128.load(rstd + at, 16);
      if (gamma) {
        s0 = f32x4.mul(s0, v128.load(gamma + at));
        s1 = f32x4.mul(s1, v128.load(gamma + at, 16));
      }
      let b0 = i32x4.splat(0), b1 = b0;
      if (beta) {
        b0 = v128.load(beta + at);
        b1 = v128.load(beta + at, 16);
      }
      let p = x + at;
      let q = y + at;
      let bits = mask + (at >> 5);
      for (let i = rows; i > 0; i--) {
        const t0 = multiplyAdd(b0, f32x4.sub(v128.load(p), m0), s0);
        const t1 = multiplyAdd(b1, f32x4.sub(v128.load(p, 16), m1), s1);
        v128.store(q, f32x4.pmin(f32x4.pmax(t0, low), high));
        v128.store(q, f32x4.pmin(f32x4.pmax(t1, low), high), 16);
        if (mask) {
          const in0 = v128.and(f32x4.gt(t0, low), f32x4.lt(t0, high));
          const in1 = v128.and(f32x4.gt(t1, low), f32x4.lt(t1, high));
          store<u8>(bits, <u8>(i32x4.bitmask(in0) | (i32x4.bitmask(in1) << 4)));
          bits += <usize>c >> 3;
        }
        p += step;
        q += step;
      }
      at += 32;
    }
    for (; left > 0; left -= 4) {
      const m = loadTail(mean + at, left);
      const s = f32x4.mul(loadTail(rstd + at, left), gamma ? loadTail(gamma + at, left) : one);
      const b = beta ? loadTail(beta + at, left) : i32x4.splat(0);
      let p = x + at;
      let q = y + at;
      for (let i = rows; i > 0; i--) {
        const t = multiplyAdd(b, f32x4.sub(loadTail(p, left), m), s);
        storeTail(q, f32x4.pmin(f32x4.pmax(t, low), high), left);
        p += step;
        q += step;
      }
      at += 16;
    }
  }
}
