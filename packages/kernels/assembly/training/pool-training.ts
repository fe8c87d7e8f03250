// Max pooling that remembers where each maximum was, and the gradients of max and average pooling.
import { loadTail, storeNext, storeTail } from "../tails";

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
    let outputs = ow;
    if (kh == 2 && kw == 2 && rows == 2 && x0 == 0 && c >= 4) {
      const stride = load<i32>(params, 40);
      const whole = min(ow, w > dw ? (w - dw - 1) / stride + 1 : 0);
      maximumOfFour(source, y, argmax, whole, c, <usize>stride * pixel, stepX, stepY);
      y += <usize>whole * pixel;
      argmax += whole * c;
      x0 = whole * stride;
      outputs -= whole;
    }
    for (let ox = outputs; ox > 0; ox--) {
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
    let m = loadTail(x, c);
    let k = start, tap = start;
    let line = x;
    for (let i = rows; i > 0; i--) {
      let p = line;
      for (let j = columns; j > 0; j--) {
        const v = loadTail(p, c);
        k = i32x4.max_s(k, v128.and(tap, f32x4.gt(v, m)));
        m = f32x4.pmax(m, v);
        tap = i32x4.add(tap, one);
        p += stepX;
      }
      tap = i32x4.add(tap, nextLine);
      line += stepY;
    }
    storeTail(y, m, c);
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

// The most usual window: two by two inside of the image, in pairs. `c` is at least 4; where it is no multiple,
// the last four channels overlap the ones before.
function maximumOfFour(
  x: usize, y: usize, argmax: usize, outputs: i32, c: i32, step: usize, stepX: usize, stepY: usize,
): void {
  const one = i32x4.splat(1), two = i32x4.splat(2);
  for (; outputs > 0; outputs--) {
    for (let channel = 0; channel < c; channel += 4) {
      const at = <usize>min(channel, c - 4);
      const p = x + (at << 2);
      const v0 = v128.load(p), v1 = v128.load(p + stepX);
      const q = p + stepY;
      const v2 = v128.load(q), v3 = v128.load(q + stepX);
      const upper = f32x4.pmax(v0, v1), lower = f32x4.pmax(v2, v3);
      const left = v128.and(one, f32x4.gt(v1, v0));
      const right = i32x4.sub(two, f32x4.gt(v3, v2));
      let k = v128.bitselect(right, left, f32x4.gt(lower, upper));
      v128.store(y + (at << 2), f32x4.pmax(upper, lower));
      k = i16x8.narrow_i32x4_u(k, k);
      v128.store32_lane(argmax + at, i8x16.narrow_i16x8_u(k, k), 0);
    }
    x += step;
    y += <usize>c << 2;
    argmax += c;
  }
}

// dx of a pooling. More words: 64 padded rows that count, 68 padded columns that count (0: only elements of x;
//  averages), 72 every element of x lies in exactly one window (1): nothing is added up, 76 one over the
//  elements of a window (0: not the same for all). A unit is a row of dx, to which each row of windows that
//  covers it adds in its order.
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
  const argmax = load<usize>(params, 60);
  const once = load<i32>(params, 72);
  const share = load<f32>(params, 76);
  const pixel = <usize>c << 2;
  const step = <usize>sw * pixel;
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
      // Windows of two columns side by side give to both at once.
      const pair = once && kw == 2 && left == 0 && ow * 2 <= w && c >= 4 && (argmax || share != 0);
      for (let kx = pair ? 0 : kw - 1; kx >= 0; kx--) {
        // Windows [first, last) have this column of theirs inside of the image.
        const offset = kx * dw - left;
        const first = offset < 0 ? (sw - 1 - offset) / sw : 0;
        const last = w > offset ? min(ow, (w - offset + sw - 1) / sw) : 0;
        const at = <usize>(row * ow + first) * pixel;
        let dy = load<usize>(params, 4) + at;
        let to = dx + <usize>(first * sw + offset) * pixel;
        if (argmax || share != 0) {
          const from = argmax ? argmax + (at >> 2) : 0;
          spread(dy, to, from, last - first, step, c, ky * kw + kx, f32x4.splat(share), once, pair ? pixel : 0);
        } else {
          for (let ox = first; ox < last; ox++) {
            const counted = rows * countTaps(load<i32>(params, 68), ox * sw - left, w, kw, dw);
            spread(dy, to, 0, 1, step, c, 0, f32x4.splat(<f32>1 / <f32>counted), once, 0);
            dy += pixel;
            to += step;
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

// What `outputs` windows side by side give to their element `tap`: dy where that was the maximum, or a share;
// and to the element `pair` bytes behind, where that is not 0.
function spread(
  dy: usize, dx: usize, argmax: usize, outputs: i32, step: usize, c: i32, tap: i32, share: v128, once: i32,
  pair: usize,
): void {
  const wanted = i8x16.splat(<i8>tap);
  const second = i8x16.splat(<i8>(tap + 1));
  const pixel = <usize>c << 2;
  for (; outputs > 0; outputs--) {
    let left = c;
    let at: usize = 0;
    for (; left >= 8; left -= 8) {
      let d0 = v128.load(dy + at), d1 = v128.load(dy + at, 16);
      let e0 = d0, e1 = d1;
      if (argmax) {
        const bytes = v128.load64_zero(argmax);
        let won = i16x8.extend_low_i8x16_s(i8x16.eq(bytes, wanted));
        d0 = v128.and(d0, i32x4.extend_low_i16x8_s(won));
        d1 = v128.and(d1, i32x4.extend_high_i16x8_s(won));
        if (pair) {
          won = i16x8.extend_low_i8x16_s(i8x16.eq(bytes, second));
          e0 = v128.and(e0, i32x4.extend_low_i16x8_s(won));
          e1 = v128.and(e1, i32x4.extend_high_i16x8_s(won));
        }
        argmax += 8;
      } else {
        d0 = e0 = f32x4.mul(d0, share);
        d1 = e1 = f32x4.mul(d1, share);
      }
      const to = dx + at;
      if (!once) {
        d0 = f32x4.add(d0, v128.load(to));
        d1 = f32x4.add(d1, v128.load(to, 16));
      }
      v128.store(to, d0);
      v128.store(to, d1, 16);
      if (pair) {
        v128.store(to + pair, e0);
        v128.store(to + pair, e1, 16);
      }
      at += 32;
    }
    if (once && c >= 4) {
      // The last vector may overlap the one before: what it writes again is the same.
      for (; left > 0; left -= 4) {
        const back = <usize>max(0, 4 - left);
        const here = at - (back << 2);
        let d = v128.load(dy + here);
        let e = d;
        if (argmax) {
          const bytes = v128.load32_zero(argmax - back);
          d = v128.and(d, i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(i8x16.eq(bytes, wanted))));
          e = v128.and(e, i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(i8x16.eq(bytes, second))));
          argmax += 4 - back;
        } else d = e = f32x4.mul(d, share);
        v128.store(dx + here, d);
        if (pair) v128.store(dx + here + pair, e);
        at += 16;
      }
    }
    for (; left > 0; left -= 4) {
      let d = loadTail(dy + at, left);
      if (argmax) {
        const won = i16x8.extend_low_i8x16_s(i8x16.eq(loadBytes(argmax, left), wanted));
        d = v128.and(d, i32x4.extend_low_i16x8_s(won));
        argmax += min(4, left);
      } else d = f32x4.mul(d, share);
      if (!once) d = f32x4.add(d, loadTail(dx + at, left));
      storeTail(dx + at, d, left);
      at += 16;
    }
    dy += pixel;
    dx += step;
  }
}

// Four bytes, or as many as are left.
// @ts-ignore: decorator
@inline
function loadBytes(p: usize, left: i32): v128 {
  if (left >= 4) return v128.load32_zero(p);
  let word = <u32>load<u8>(p);
  if (left > 1) word |= <u32>load<u8>(p, 1) << 8;
  if (left > 2) word |= <u32>load<u8>(p, 2) << 16;
  return i32x4.splat(word);
}

// dx = dy / positions of every image: the gradient of a global average. Words: 0 dx [n, positions, c], 4 dy
//  [n, c], 8 c, 12 positions, 16 positions of a chunk, 20 chunks of an image. A unit is a chunk.
export function global_average_gradient_f32(params: usize, begin: i32, end: i32): void {
  const c = load<i32>(params, 8);
  const positions = load<i32>(params, 12);
  const chunk = load<i32>(params, 16);
  const chunks = load<i32>(params, 20);
  const pixel = <usize>c << 2;
  const share = f32x4.splat(<f32>1 / <f32>positions);
  for (let unit = begin; unit < end; unit++) {
    const image = unit / chunks;
    const first = (unit - image * chunks) * chunk;
    const rows = min(chunk, positions - first);
    let dy = load<usize>(params, 4) + <usize>image * pixel;
    let dx = load<usize>(params, 0) + <usize>(image * positions + first) * pixel;
    for (let left = c; left > 0; left -= 4) {
      const d = f32x4.mul(loadTail(dy, left), share);
      let to = dx;
      for (let i = rows; i > 0; i--) {
        storeNext(to, d, left);
        to += pixel;
      }
      dy += 16;
      dx += 16;
    }
  }
}
