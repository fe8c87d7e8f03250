// Max and average pooling of [n, h, w, c].
import { loadTail, storeTail } from "./tails";

// Words: 0 x, 4 y, 8 h, 12 w, 16 c, 20 oh, 24 ow, 28 kh, 32 kw, 36 stride h, 40 stride w,
//  44 pad top, 48 pad left, 52 dilation h, 56 dilation w, 60 average (1) or max (0),
//  64 padded rows that count, 68 padded columns that count (0: only elements of x count).
// A unit is a row of y.
export function pool_f32(params: usize, begin: i32, end: i32): void {
  const h = load<i32>(params, 8);
  const w = load<i32>(params, 12);
  const c = load<i32>(params, 16);
  const oh = load<i32>(params, 20);
  const ow = load<i32>(params, 24);
  const kh = load<i32>(params, 28);
  const kw = load<i32>(params, 32);
  const dh = load<i32>(params, 52);
  const dw = load<i32>(params, 56);
  const average = load<i32>(params, 60);
  const countRows = load<i32>(params, 64);
  const countColumns = load<i32>(params, 68);
  const pixel = <usize>c << 2;
  const stepX = <usize>dw * pixel;
  const stepY = <usize>(dh * w) * pixel;
  let y = load<usize>(params, 4) + <usize>(begin * ow) * pixel;
  for (let unit = begin; unit < end; unit++) {
    const image = unit / oh;
    const y0 = (unit - image * oh) * load<i32>(params, 36) - load<i32>(params, 44);
    // Taps [ky0, ky1) fall on rows of x.
    const ky0 = y0 < 0 ? (dh - 1 - y0) / dh : 0;
    const ky1 = min(kh, h > y0 ? (h - y0 + dh - 1) / dh : 0);
    const source = load<usize>(params, 0) + <usize>((image * h + y0) * w) * pixel;
    for (let ox = 0; ox < ow; ox++) {
      const x0 = ox * load<i32>(params, 40) - load<i32>(params, 48);
      const kx0 = x0 < 0 ? (dw - 1 - x0) / dw : 0;
      const kx1 = min(kw, w > x0 ? (w - x0 + dw - 1) / dw : 0);
      const corner = source + <usize>x0 * pixel + <usize>ky0 * stepY + <usize>kx0 * stepX;
      const rows = ky1 - ky0;
      const columns = kx1 - kx0;
      if (average) {
        let counted = max(rows, 0) * max(columns, 0);
        if (countRows) {
          counted =
            min(kh, (countRows - y0 + dh - 1) / dh) * min(kw, (countColumns - x0 + dw - 1) / dw);
        }
        averageWindow(corner, y, c, rows, columns, stepX, stepY, <f32>1 / <f32>counted);
      } else maximumWindow(corner, y, c, rows, columns, stepX, stepY);
      y += pixel;
    }
  }
}

// Of a window with a NaN in it the result is any of its values: f32x4.max would take eight times as long.
function maximumWindow(x: usize, y: usize, c: i32, rows: i32, columns: i32, stepX: usize, stepY: usize): void {
  const lowest = f32x4.splat(-Infinity);
  for (; c >= 16; c -= 16) {
    let m0 = lowest;
    let m1 = lowest;
    let m2 = lowest;
    let m3 = lowest;
    let line = x;
    for (let i = rows; i > 0; i--) {
      let p = line;
      for (let j = columns; j > 0; j--) {
        m0 = f32x4.pmax(v128.load(p), m0);
        m1 = f32x4.pmax(v128.load(p, 16), m1);
        m2 = f32x4.pmax(v128.load(p, 32), m2);
        m3 = f32x4.pmax(v128.load(p, 48), m3);
        p += stepX;
      }
      line += stepY;
    }
    v128.store(y, m0);
    v128.store(y, m1, 16);
    v128.store(y, m2, 32);
    v128.store(y, m3, 48);
    x += 64;
    y += 64;
  }
  for (; c > 0; c -= 4) {
    let m = lowest;
    let line = x;
    for (let i = rows; i > 0; i--) {
      let p = line;
      for (let j = columns; j > 0; j--) {
        m = f32x4.pmax(loadTail(p, c), m);
        p += stepX;
      }
      line += stepY;
    }
    storeTail(y, m, c);
    x += 16;
    y += 16;
  }
}

function averageWindow(
  x: usize,
  y: usize,
  c: i32,
  rows: i32,
  columns: i32,
  stepX: usize,
  stepY: usize,
  scale: f32,
): void {
  const s = f32x4.splat(scale);
  for (; c >= 16; c -= 16) {
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let line = x;
    for (let i = rows; i > 0; i--) {
      let p = line;
      for (let j = columns; j > 0; j--) {
        s0 = f32x4.add(s0, v128.load(p));
        s1 = f32x4.add(s1, v128.load(p, 16));
        s2 = f32x4.add(s2, v128.load(p, 32));
        s3 = f32x4.add(s3, v128.load(p, 48));
        p += stepX;
      }
      line += stepY;
    }
    v128.store(y, f32x4.mul(s0, s));
    v128.store(y, f32x4.mul(s1, s), 16);
    v128.store(y, f32x4.mul(s2, s), 32);
    v128.store(y, f32x4.mul(s3, s), 48);
    x += 64;
    y += 64;
  }
  for (; c > 0; c -= 4) {
    let sum = f32x4.splat(0);
    let line = x;
    for (let i = rows; i > 0; i--) {
      let p = line;
      for (let j = columns; j > 0; j--) {
        sum = f32x4.add(sum, loadTail(p, c));
        p += stepX;
      }
      line += stepY;
    }
    storeTail(y, f32x4.mul(sum, s), c);
    x += 16;
    y += 16;
  }
}
