// Normalisation of [images, positions, c] by statistics per channel, the same for all images or one set each.
// Row by row, as they lie in memory.
import { multiplyAdd } from "../lanes";
import { loadNext, storeNext } from "../tails";

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
    const statistics = <usize>image * load<usize>(params, 32);
    const mean = load<usize>(params, 24) + statistics;
    const rstd = load<usize>(params, 28) + statistics;
    if (c <= 32 && !(c & 7)) {
      // Few channels: each eight by themselves, with what belongs to them in registers.
      for (let at: usize = 0; at < step; at += 32) {
        const offset = row * step + at;
        const mask = load<usize>(params, 44);
        normalizeStrip(
          load<usize>(params, 0) + offset, load<usize>(params, 4) + offset, mean + at, rstd + at,
          gamma ? gamma + at : 0, beta ? beta + at : 0, rows, step, mask ? mask + (offset >> 5) : 0, low, high,
        );
      }
      continue;
    }
    for (let i = 0; i < rows; i += 2) {
      const offset = (row + <usize>i) * step;
      let x = load<usize>(params, 0) + offset;
      let y = load<usize>(params, 4) + offset;
      let mask = load<usize>(params, 44);
      if (mask) mask += (row + <usize>i) * <usize>c >> 3;
      // Two rows share the loads of what belongs to channels; a last one without a second is computed twice.
      const next = i + 1 < rows ? step : 0;
      let at: usize = 0;
      let left = c;
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
        const t0 = multiplyAdd(b0, f32x4.sub(v128.load(x), m0), s0);
        const t1 = multiplyAdd(b1, f32x4.sub(v128.load(x, 16), m1), s1);
        const t2 = multiplyAdd(b0, f32x4.sub(v128.load(x + next), m0), s0);
        const t3 = multiplyAdd(b1, f32x4.sub(v128.load(x + next, 16), m1), s1);
        v128.store(y, f32x4.pmin(f32x4.pmax(t0, low), high));
        v128.store(y, f32x4.pmin(f32x4.pmax(t1, low), high), 16);
        v128.store(y + next, f32x4.pmin(f32x4.pmax(t2, low), high));
        v128.store(y + next, f32x4.pmin(f32x4.pmax(t3, low), high), 16);
        if (mask) {
          storeInside(mask, t0, t1, low, high);
          storeInside(mask + (next >> 5), t2, t3, low, high);
          mask++;
        }
        x += 32;
        y += 32;
        at += 32;
      }
      for (; left > 0; left -= 4) {
        const m = loadNext(mean + at, left);
        const s = f32x4.mul(loadNext(rstd + at, left), gamma ? loadNext(gamma + at, left) : one);
        const b = beta ? loadNext(beta + at, left) : i32x4.splat(0);
        const t0 = multiplyAdd(b, f32x4.sub(loadNext(x, left), m), s);
        const t1 = multiplyAdd(b, f32x4.sub(loadNext(x + next, left), m), s);
        storeNext(y, f32x4.pmin(f32x4.pmax(t0, low), high), left);
        storeNext(y + next, f32x4.pmin(f32x4.pmax(t1, low), high), left);
        x += 16;
        y += 16;
        at += 16;
      }
    }
  }
}

function normalizeStrip(
  x: usize, y: usize, mean: usize, rstd: usize, gamma: usize, beta: usize, rows: i32, step: usize, mask: usize,
  low: v128, high: v128,
): void {
  const m0 = v128.load(mean), m1 = v128.load(mean, 16);
  let s0 = v128.load(rstd), s1 = v128.load(rstd, 16);
  if (gamma) {
    s0 = f32x4.mul(s0, v128.load(gamma));
    s1 = f32x4.mul(s1, v128.load(gamma, 16));
  }
  let b0 = i32x4.splat(0), b1 = b0;
  if (beta) {
    b0 = v128.load(beta);
    b1 = v128.load(beta, 16);
  }
  for (; rows > 0; rows--) {
    const t0 = multiplyAdd(b0, f32x4.sub(v128.load(x), m0), s0);
    const t1 = multiplyAdd(b1, f32x4.sub(v128.load(x, 16), m1), s1);
    v128.store(y, f32x4.pmin(f32x4.pmax(t0, low), high));
    v128.store(y, f32x4.pmin(f32x4.pmax(t1, low), high), 16);
    if (mask) {
      storeInside(mask, t0, t1, low, high);
      mask += step >> 5;
    }
    x += step;
    y += step;
  }
}

// A byte of the mask: where eight elements lie between the bounds.
// @ts-ignore: decorator
@inline
function storeInside(mask: usize, t0: v128, t1: v128, low: v128, high: v128): void {
  const in0 = v128.and(f32x4.gt(t0, low), f32x4.lt(t0, high));
  const in1 = v128.and(f32x4.gt(t1, low), f32x4.lt(t1, high));
  store<u8>(mask, <u8>(i32x4.bitmask(in0) | (i32x4.bitmask(in1) << 4)));
}
