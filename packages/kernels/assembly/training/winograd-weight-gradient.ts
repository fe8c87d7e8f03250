// The weight gradient by Winograd's minimal filtering: over a tile of 4 x 4 output gradients it is a filter of
// 4 x 4 that slides to 3 x 3 places, F(3 x 3, 4 x 4). Its six points are those of F(4 x 4, 3 x 3), so the input's
// transform is that of ../winograd.ts, and 36 products stand for 144:
//
//   dW = A^T [ sum over tiles (B^T x B) . (G dy G^T) ] A
//
// The sum over tiles is `column_product_f32`, for each of the 36 points. Here are the two transforms around it,
// with lanes of output channels. Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016.

const DY: usize = 0;
const U: usize = 4; // [36][tiles][channels]
const HEIGHT: usize = 8;
const WIDTH: usize = 12;
const CHANNELS: usize = 16;
const TILES_Y: usize = 20;
const TILES_X: usize = 24;
const FIRST_TILE: usize = 28;
const PLANE: usize = 32; // bytes from one point to the next

// @ts-ignore: decorator
@inline
function times(x: v128, factor: f32): v128 {
  return f32x4.mul(x, f32x4.splat(factor));
}

// Writes G d, six vectors `step` bytes apart: d as a polynomial at 0, 1, -1, 2, -2 and infinity, scaled.
// @ts-ignore: decorator
@inline
function evaluate(to: usize, step: usize, d0: v128, d1: v128, d2: v128, d3: v128): void {
  const even = times(f32x4.add(d0, d2), <f32>(-1.0 / 6)), odd = times(f32x4.add(d1, d3), <f32>(-1.0 / 6));
  const even2 = f32x4.add(times(d0, <f32>(1.0 / 24)), times(d2, <f32>(1.0 / 6)));
  const odd2 = f32x4.add(times(d1, <f32>(1.0 / 12)), times(d3, <f32>(1.0 / 3)));
  v128.store(to, times(d0, 0.25));
  v128.store(to + step, f32x4.add(even, odd));
  v128.store(to + 2 * step, f32x4.sub(even, odd));
  v128.store(to + 3 * step, f32x4.add(even2, odd2));
  v128.store(to + 4 * step, f32x4.sub(even2, odd2));
  v128.store(to + 5 * step, d3);
}

/** U from the output gradient, which is 0 outside the image. A unit is a tile. */
export function winograd_gradient_f32(job: usize, begin: i32, end: i32): void {
  const c = load<i32>(job, CHANNELS);
  const height = load<i32>(job, HEIGHT);
  const width = load<i32>(job, WIDTH);
  const tilesX = load<i32>(job, TILES_X);
  const tilesY = load<i32>(job, TILES_Y);
  const plane = load<usize>(job, PLANE);
  const pixel = <usize>c << 2;
  const line = <usize>width * pixel;
  const zero = f32x4.splat(0);
  for (let unit = begin; unit < end; unit++) {
    const index = load<i32>(job, FIRST_TILE) + unit;
    const row = index / tilesX;
    const image = row / tilesY;
    const left = (index - row * tilesX) * 4;
    const top = (row - image * tilesY) * 4;
    const rows = height - top;
    const u = load<usize>(job, U) + <usize>unit * pixel;
    const dy = load<usize>(job, DY) + <usize>((image * height + top) * width + left) * pixel;
    for (let channel: usize = 0; channel < pixel; channel += 16) {
      let out = u + channel;
      for (let i = 0; i < 4; i++, out += plane) {
        const at = dy + channel + <usize>i * pixel;
        let d0 = zero, d1 = zero, d2 = zero, d3 = zero;
        if (left + i < width) {
          d0 = v128.load(at);
          if (rows > 1) d1 = v128.load(at + line);
          if (rows > 2) d2 = v128.load(at + 2 * line);
          if (rows > 3) d3 = v128.load(at + 3 * line);
        }
        evaluate(out, 6 * plane, d0, d1, d2, d3);
      }
      out = u + channel;
      for (let i = 0; i < 6; i++, out += 6 * plane) {
        evaluate(out, plane, v128.load(out), v128.load(out + plane), v128.load(out + 2 * plane), v128.load(out + 3 * plane));
      }
    }
  }
}

const M: usize = 0; // [36][count]
const DW: usize = 4; // [9][count]
const COUNT: usize = 8;
const ACCUMULATES: usize = 12;
const POINT: usize = 16; // bytes from one point to the next

// Sum of the six points, weighted by their powers: three vectors `step` bytes apart from `to`, which may be `at`.
// @ts-ignore: decorator
@inline
function gather(at: usize, from: usize, to: usize, step: usize): void {
  const m0 = v128.load(at), m5 = v128.load(at + 5 * from);
  const m1 = v128.load(at + from), m2 = v128.load(at + 2 * from);
  const m3 = v128.load(at + 3 * from), m4 = v128.load(at + 4 * from);
  const a = f32x4.add(m1, m2), b = f32x4.sub(m1, m2);
  const c = f32x4.add(m3, m4), d = f32x4.sub(m3, m4);
  v128.store(to, f32x4.add(f32x4.add(m0, a), c));
  v128.store(to + step, f32x4.add(b, times(d, 2)));
  v128.store(to + 2 * step, f32x4.add(f32x4.add(a, times(c, 4)), m5));
}

// @ts-ignore: decorator
@inline
function put(to: usize, value: v128, adds: i32): void {
  v128.store(to, adds ? f32x4.add(v128.load(to), value) : value);
}

/** dW from the sums over all tiles, which are overwritten. A unit is 4 of the count (a multiple of 4). */
export function winograd_weight_gradient_f32(job: usize, begin: i32, end: i32): void {
  const point = load<usize>(job, POINT);
  const tap = load<usize>(job, COUNT) << 2;
  const adds = load<i32>(job, ACCUMULATES);
  for (let unit = begin; unit < end; unit++) {
    const offset = <usize>unit << 4;
    const m = load<usize>(job, M) + offset;
    const dw = load<usize>(job, DW) + offset;
    for (let x: usize = 0; x < 6; x++) gather(m + x * point, 6 * point, m + x * point, 6 * point);
    for (let y: usize = 0; y < 3; y++) {
      const at = m + 6 * y * point;
      gather(at, point, at, point);
      put(dw + 3 * y * tap, v128.load(at), adds);
      put(dw + (3 * y + 1) * tap, v128.load(at + point), adds);
      put(dw + (3 * y + 2) * tap, v128.load(at + 2 * point), adds);
    }
  }
}
