// Max pooling that remembers where each maximum was, and the gradients of max and average pooling.
import { loadNext, storeNext } from "../tails";

// Words of both kernels: 0 x (or dx), 4 y (or dy), 8 h, 12 w, 16 c, 20 oh, 24 ow, 28 kh, 32 kw, 36 stride h,
//  40 stride w, 44 pad top, 48 pad left, 52 dilation h, 56 dilation w, 60 positions of the maxima in their
//  windows, ky kw + kx, a byte each (0: an average).

// A unit is a row of y. Of equal elements the first counts.
export function max_pool_argmax_f32(params: usize, begin: i32, end: i32): void {
  const h = load<i32>(params, 8);
  const w = load<i32>(params, 12);
  const c = load<i32>(params, 16);
  const oh = load<i32>(params, 20);
  const ow = load<i32>(params, 24);
  const kh = load<i32>(params, 28);
  const kw = load<i32>(params, 32);
  const dh = load<i32>(params, 52);
  const dw = load<i32>(params, 56);
  const pixel = <usize>c << 2;
  const stepX = <usize>dw * pixel;
  const stepY = <usize>(dh * w) * pixel;
  let y = load<usize>(params, 4) + <usize>(begin * ow) * pixel;
  let argmax = load<usize>(params, 60) + <usize>(begin * ow * c);
  for (let unit = begin; unit < end; unit++) {
    const image = unit / oh;
    const y0 = (unit - image * oh) * load<i32>(params, 36) - load<i32>(params, 44);
    const ky0 = y0 < 0 ? (dh - 1 - y0) / dh : 0;
    const rows = min(kh, h > y0 ? (h - y0 + dh - 1) / dh : 0) - ky0;
    const source = load<usize>(params, 0) + <usize>((image * h + y0) * w) * pixel + <usize>ky0 * stepY;
    let x0 = -load<i32>(params, 48);
    for (let ox = ow; ox > 0; ox--) {
      const kx0 = x0 < 0 ? (dw - 1 - x0) / dw : 0;
      const columns = min(kw, w > x0 ? (w - x0 + dw - 1) / dw : 0) - kx0;
      const corner = source + <usize>x0 * pixel + <usize>kx0 * stepX;
      maximum(corner, y, argmax, c, rows, columns, stepX, stepY, ky0 * kw + kx0, kw);
      y += pixel;
      argmax += c;
      x0 += load<i32>(params, 40);
    }
  }
}

// A NaN stays where it is the first of its window.
function maximum(
  x: usize, y: usize, argmax: usize, c: i32, rows: i32, columns: i32, stepX: usize, stepY: usize, first: i32,
  kw: i32,
): void {
  const one = i32x4.splat(1);
  const start = i32x4.splat(first);
  const nextLine = i32x4.splat(kw - columns);
  const all = c;
  for (; c >= 8; c -= 8) {
    let m0 = v128.load(x), m1 = v128.load(x, 16);
    let i0 = start, i1 = start, tap = start;
    let line = x;
    for (let i = rows; i > 0; i--) {
      let p = line;
      for (let j = columns; j > 0; j--) {
        const v0 = v128.load(p), v1 = v128.load(p, 16);
        // The numbers of the taps rise, so the largest of those that won is the last.
        i0 = i32x4.max_s(i0, v128.and(tap, f32x4.gt(v0, m0)));
        i1 = i32x4.max_s(i1, v128.and(tap, f32x4.gt(v1, m1)));
        m0 = f32x4.pmax(m0, v0);
        m1 = f32x4.pmax(m1, v1);
        tap = i32x4.add(tap, one);
        p += stepX;
      }
      tap = i32x4.add(tap, nextLine);
      line += stepY;
    }
    v128.store(y, m0);
    v128.store(y, m1, 16);
    const words = i16x8.narrow_i32x4_u(i0, i1);
    v128.store64_lane(argmax, i8x16.narrow_i16x8_u(words, words), 0);
    x += 32;
    y += 32;
    argmax += 8;
  }
  for (; c > 0; c -= 4) {
    if (c < 4 && all >= 4) {
      // The last four once more, in place of a part of a vector.
      const back = 4 - c;
      x -= <usize>back << 2;
      y -= <usize>back << 2;
      argmax -= back;
      c = 4;
    }
    let m = loadNext(x, c);
    let k = start, tap = start;
    let line = x;
    for (let i = rows; i > 0; i--) {
      let p = line;
      for (let j = columns; j > 0; j--) {
        const v = loadNext(p, c);
        k = i32x4.max_s(k, v128.and(tap, f32x4.gt(v, m)));
        m = f32x4.pmax(m, v);
        tap = i32x4.add(tap, one);
        p += stepX;
      }
      tap = i32x4.add(tap, nextLine);
      line += stepY;
    }
    storeNext(y, m, c);
    k = i16x8.narrow_i32x4_u(k, k);
    k = i8x16.narrow_i16x8_u(k, k);
    if (c >= 4) v128.store32_lane(argmax, k, 0);
    else {
      store<u8>(argmax, i8x16.extract_lane_u(k, 0));
      if (c > 1) store<u8>(argmax, i8x16.extract_lane_u(k, 1), 1);
      if (c > 2) store<u8>(argmax, i8x16.extract_lane_u(k, 2), 2);
    }
    x += 16;
    y += 16;
    argmax += 4;
  }
}

// dx of a pooling. More words: 64 padded rows that count, 68 padded columns that count (0: only elements of x;
//  averages), 72 every element of x lies in exactly one window (1): nothing is added up. A unit is a row of
//  dx, to which each row of windows that covers it adds in its order.
export function pool_gradient_f32(params: usize, begin: i32, end: i32): void {
  const h = load<i32>(params, 8);
  const w = load<i32>(params, 12);
  const c = load<i32>(params, 16);
  const oh = load<i32>(params, 20);
  const ow = load<i32>(params, 24);
  const kh = load<i32>(params, 28);
  const kw = load<i32>(params, 32);
  const sh = load<i32>(params, 36);
  const sw = load<i32>(params, 40);
  const left = load<i32>(params, 48);
  const dh = load<i32>(params, 52);
  const dw = load<i32>(params, 56);
  const once = load<i32>(params, 72);
  const pixel = <usize>c << 2;
  for (let unit = begin; unit < end; unit++) {
    const image = unit / h;
    const iy = unit - image * h;
    const dx = load<usize>(params, 0) + <usize>(unit * w) * pixel;
    if (!once) memory.fill(dx, 0, <usize>w * pixel);
    for (let ky = kh - 1; ky >= 0; ky--) {
      const above = iy + load<i32>(params, 44) - ky * dh;
      if (above < 0 || above % sh != 0 || above / sh >= oh) continue;
      const row = image * oh + above / sh;
      const rows = countTaps(load<i32>(params, 64), above - load<i32>(params, 44), h, kh, dh);
      for (let kx = kw - 1; kx >= 0; kx--) {
        // Windows [first, last) have this column of theirs inside of the image.
        const offset = kx * dw - left;
        const first = offset < 0 ? (sw - 1 - offset) / sw : 0;
        const last = w > offset ? min(ow, (w - offset + sw - 1) / sw) : 0;
        for (let ox = first; ox < last; ox++) {
          const at = <usize>(row * ow + ox) * pixel;
          const to = dx + <usize>(ox * sw + offset) * pixel;
          const argmax = load<usize>(params, 60);
          if (argmax) spreadMaximum(load<usize>(params, 4) + at, to, argmax + (at >> 2), c, ky * kw + kx, once);
          else {
            const counted = rows * countTaps(load<i32>(params, 68), ox * sw - left, w, kw, dw);
            spreadAverage(load<usize>(params, 4) + at, to, c, <f32>1 / <f32>counted, once);
          }
        }
      }
    }
  }
}

// Taps of a window beginning at `from` that count in an average.
function countTaps(padded: i32, from: i32, size: i32, taps: i32, dilation: i32): i32 {
  if (padded) return min(taps, (padded - from + dilation - 1) / dilation);
  return min(taps, (size - from + dilation - 1) / dilation) - (from < 0 ? (dilation - 1 - from) / dilation : 0);
}

function spreadMaximum(dy: usize, dx: usize, argmax: usize, c: i32, tap: i32, once: i32): void {
  const wanted = i8x16.splat(<i8>tap);
  const all = c;
  for (; c >= 8; c -= 8) {
    const won = i16x8.extend_low_i8x16_s(i8x16.eq(v128.load64_zero(argmax), wanted));
    let d0 = v128.and(v128.load(dy), i32x4.extend_low_i16x8_s(won));
    let d1 = v128.and(v128.load(dy, 16), i32x4.extend_high_i16x8_s(won));
    if (!once) {
      d0 = f32x4.add(d0, v128.load(dx));
      d1 = f32x4.add(d1, v128.load(dx, 16));
    }
    v128.store(dx, d0);
    v128.store(dx, d1, 16);
    dy += 32;
    dx += 32;
    argmax += 8;
  }
  // With nothing to add to, the last four channels may be written twice.
  while (c >= 4 || (c > 0 && once != 0 && all >= 4)) {
    const back = c < 4 ? 4 - c : 0;
    dy -= <usize>back << 2;
    dx -= <usize>back << 2;
    argmax -= back;
    const won = i16x8.extend_low_i8x16_s(i8x16.eq(v128.load32_zero(argmax), wanted));
    let d = v128.and(v128.load(dy), i32x4.extend_low_i16x8_s(won));
    if (!once) d = f32x4.add(d, v128.load(dx));
    v128.store(dx, d);
    dy += 16;
    dx += 16;
    argmax += 4;
    c = c < 4 ? 0 : c - 4;
  }
  for (; c > 0; c--) {
    const d: f32 = load<u8>(argmax) == <u8>tap ? load<f32>(dy) : 0;
    store<f32>(dx, once ? d : load<f32>(dx) + d);
    dy += 4;
    dx += 4;
    argmax++;
  }
}

function spreadAverage(dy: usize, dx: usize, c: i32, share: f32, once: i32): void {
  const s = f32x4.splat(share);
  for (; c > 0; c -= 4) {
    let d = f32x4.mul(loadNext(dy, c), s);
    if (!once) d = f32x4.add(d, loadNext(dx, c));
    storeNext(dx, d, c);
    dy += 16;
    dx += 16;
  }
}
