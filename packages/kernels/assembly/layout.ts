// Copies between strided layouts, and transposes.

/** Copies `bytes` bytes between places that do not overlap. */
export function copyBytes(x: usize, y: usize, bytes: usize): void {
  if (bytes >= 512) {
    memory.copy(y, x, bytes);
    return;
  }
  for (; bytes >= 16; bytes -= 16) {
    v128.store(y, v128.load(x));
    x += 16;
    y += 16;
  }
  if (bytes & 8) {
    store<u64>(y, load<u64>(x));
    x += 8;
    y += 8;
  }
  if (bytes & 4) {
    store<u32>(y, load<u32>(x));
    x += 4;
    y += 4;
  }
  if (bytes & 2) {
    store<u16>(y, load<u16>(x));
    x += 2;
    y += 2;
  }
  if (bytes & 1) store<u8>(y, load<u8>(x));
}

// Copies runs. Words: 0 x, 4 y, 8 bytes of a run, 12 d1, 16 d2, 20 d3 (a unit is the run
// ((i0 d1 + i1) d2 + i2) d3 + i3), 24 x's strides of i0 to i3 in bytes, 40 y's.
export function copy_runs(params: usize, begin: i32, end: i32): void {
  const bytes = load<usize>(params, 8);
  const d1 = load<i32>(params, 12);
  const d2 = load<i32>(params, 16);
  const d3 = load<i32>(params, 20);
  const x3 = load<usize>(params, 36);
  const y3 = load<usize>(params, 52);
  let i3 = begin % d3;
  let i2 = (begin / d3) % d2;
  let i1 = (begin / d3 / d2) % d1;
  let i0 = begin / d3 / d2 / d1;
  for (let unit = begin; unit < end; ) {
    let x =
      load<usize>(params, 0) +
      <usize>i0 * load<usize>(params, 24) +
      <usize>i1 * load<usize>(params, 28) +
      <usize>i2 * load<usize>(params, 32) +
      <usize>i3 * x3;
    let y =
      load<usize>(params, 4) +
      <usize>i0 * load<usize>(params, 40) +
      <usize>i1 * load<usize>(params, 44) +
      <usize>i2 * load<usize>(params, 48) +
      <usize>i3 * y3;
    const stop = min(end, unit + d3 - i3);
    if (bytes == 4) {
      for (; unit < stop; unit++) {
        store<u32>(y, load<u32>(x));
        x += x3;
        y += y3;
      }
    } else {
      for (; unit < stop; unit++) {
        copyBytes(x, y, bytes);
        x += x3;
        y += y3;
      }
    }
    i3 = 0;
    if (++i2 == d2) {
      i2 = 0;
      if (++i1 == d1) {
        i1 = 0;
        i0++;
      }
    }
  }
}

// Fills `count` 32-bit words with `value`. Words: y, count, value. A unit is 1024 words.
export function fill_words(params: usize, begin: i32, end: i32): void {
  const value = v128.load32_splat(params, 8);
  let y = load<usize>(params, 0) + (<usize>begin << 12);
  let count = min(load<i32>(params, 4) - (begin << 10), (end - begin) << 10);
  for (; count >= 4; count -= 4) {
    v128.store(y, value);
    y += 16;
  }
  for (; count > 0; count--) {
    store<u32>(y, load<u32>(params, 8));
    y += 4;
  }
}

const STRIP = 64; // columns of a unit
const BAND = 256; // rows of x in a unit
const BLOCK = 64; // rows done together

// Transposes matrices: y[j][i] = x[i][j], i < rows, j < columns. Words: 0 x, 4 y, 8 rows, 12 columns,
// 16 bytes from row to row of x, 20 of y, 24 bytes of an element (1, 2, 4, 8), 28 d1, 32 d2, 36 x's
// strides of the outer indices i0 to i2 in bytes, 48 y's. A unit is (outer index, 64 columns, 256 rows).
export function transpose(params: usize, begin: i32, end: i32): void {
  const rows = load<i32>(params, 8);
  const columns = load<i32>(params, 12);
  const xRow = load<usize>(params, 16);
  const yRow = load<usize>(params, 20);
  const size = load<i32>(params, 24);
  const d1 = load<i32>(params, 28);
  const d2 = load<i32>(params, 32);
  const strips = (columns + STRIP - 1) / STRIP;
  const bands = (rows + BAND - 1) / BAND;
  for (let unit = begin; unit < end; unit++) {
    const outer = unit / (strips * bands);
    const rest = unit - outer * strips * bands;
    const i1 = (outer / d2) % d1;
    const i2 = outer % d2;
    const i0 = outer / d2 / d1;
    const j = (rest % strips) * STRIP;
    const i = (rest / strips) * BAND;
    const x =
      load<usize>(params, 0) +
      <usize>i0 * load<usize>(params, 36) +
      <usize>i1 * load<usize>(params, 40) +
      <usize>i2 * load<usize>(params, 44) +
      <usize>i * xRow +
      <usize>(j * size);
    const y =
      load<usize>(params, 4) +
      <usize>i0 * load<usize>(params, 48) +
      <usize>i1 * load<usize>(params, 52) +
      <usize>i2 * load<usize>(params, 56) +
      <usize>j * yRow +
      <usize>(i * size);
    const r = min(BAND, rows - i);
    const c = min(STRIP, columns - j);
    if (size == 4) transposeBand4(x, y, r, c, xRow, yRow);
    else transposeBandAny(x, y, r, c, xRow, yRow, size);
  }
}

// Blocks of BLOCK rows and a strip of columns. Along the side whose rows lie far apart, and so may share
// one set of the cache, a block is walked four lines at a time, each to its end.
function transposeBand4(x: usize, y: usize, rows: i32, columns: i32, xRow: usize, yRow: usize): void {
  const alongX = xRow > yRow; // the inner loop walks along rows of x
  const xDown = 4 * xRow;
  const yDown = 4 * yRow;
  for (; rows > 0; rows -= BLOCK) {
    const block = min(rows, BLOCK);
    let xs = x;
    let ys = y;
    for (let a = alongX ? block : columns; a > 0; a -= 4) {
      let xp = xs;
      let yp = ys;
      for (let b = alongX ? columns : block; b > 0; b -= 4) {
        if (a >= 4 && b >= 4) transpose4x4(xp, yp, xRow, yRow);
        else transposeEdge(xp, yp, min(alongX ? a : b, 4), min(alongX ? b : a, 4), xRow, yRow);
        xp += alongX ? 16 : xDown;
        yp += alongX ? yDown : 16;
      }
      xs += alongX ? xDown : 16;
      ys += alongX ? 16 : yDown;
    }
    x += <usize>BLOCK * xRow;
    y += BLOCK * 4;
  }
}

// @ts-ignore: decorator
@inline
function transpose4x4(x: usize, y: usize, xRow: usize, yRow: usize): void {
  const a = v128.load(x);
  const b = v128.load(x + xRow);
  const x2 = x + xRow + xRow;
  const c = v128.load(x2);
  const d = v128.load(x2 + xRow);
  const ab0 = i8x16.shuffle(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
  const ab1 = i8x16.shuffle(a, b, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
  const cd0 = i8x16.shuffle(c, d, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
  const cd1 = i8x16.shuffle(c, d, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
  v128.store(y, i8x16.shuffle(ab0, cd0, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23));
  v128.store(y + yRow, i8x16.shuffle(ab0, cd0, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31));
  const y2 = y + yRow + yRow;
  v128.store(y2, i8x16.shuffle(ab1, cd1, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23));
  v128.store(y2 + yRow, i8x16.shuffle(ab1, cd1, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31));
}

function transposeEdge(x: usize, y: usize, rows: i32, columns: i32, xRow: usize, yRow: usize): void {
  if (rows == 3 && columns == 4) {
    // An image of three channels, from planes to pixels.
    const a = v128.load(x);
    const b = v128.load(x + xRow);
    const c = v128.load(x + xRow + xRow);
    const ab0 = i8x16.shuffle(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
    const ab1 = i8x16.shuffle(a, b, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
    v128.store64_lane(y, ab0, 0);
    v128.store32_lane(y, c, 0, 8);
    v128.store64_lane(y + yRow, ab0, 1);
    v128.store32_lane(y + yRow, c, 1, 8);
    const y2 = y + yRow + yRow;
    v128.store64_lane(y2, ab1, 0);
    v128.store32_lane(y2, c, 2, 8);
    v128.store64_lane(y2 + yRow, ab1, 1);
    v128.store32_lane(y2 + yRow, c, 3, 8);
    return;
  }
  for (let j = 0; j < columns; j++) {
    let xp = x + (<usize>j << 2);
    for (let i = 0; i < rows; i++) {
      store<u32>(y + (<usize>i << 2), load<u32>(xp));
      xp += xRow;
    }
    y += yRow;
  }
}

function transposeBandAny(
  x: usize,
  y: usize,
  rows: i32,
  columns: i32,
  xRow: usize,
  yRow: usize,
  size: i32,
): void {
  for (let j = 0; j < columns; j++) {
    let xp = x;
    if (size == 1) {
      for (let i = 0; i < rows; i++) {
        store<u8>(y + <usize>i, load<u8>(xp));
        xp += xRow;
      }
    } else if (size == 2) {
      for (let i = 0; i < rows; i++) {
        store<u16>(y + (<usize>i << 1), load<u16>(xp));
        xp += xRow;
      }
    } else {
      for (let i = 0; i < rows; i++) {
        store<u64>(y + (<usize>i << 3), load<u64>(xp));
        xp += xRow;
      }
    }
    x += <usize>size;
    y += yRow;
  }
}
