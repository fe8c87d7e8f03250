// Activations made ready for the matrix-vector kernels. One unit does all: K is a few thousand at most,
// a hundredth of the product's work.

const X: usize = 0; // f32
const OUT: usize = 4;
const COLUMNS: usize = 8; // of X
const PADDED: usize = 12; // ternary: columns that OUT has tables for
const INFO: usize = 16; // where the scale goes
const GROUP: usize = 20; // int4: columns of a group

function largest(x: usize, count: i32): f32 {
  let peak = f32x4.splat(0);
  for (; count >= 4; count -= 4) {
    peak = f32x4.max(peak, f32x4.abs(v128.load(x)));
    x += 16;
  }
  let most = max(
    max(f32x4.extract_lane(peak, 0), f32x4.extract_lane(peak, 1)),
    max(f32x4.extract_lane(peak, 2), f32x4.extract_lane(peak, 3)),
  );
  for (; count; count--) {
    most = max(most, abs(load<f32>(x)));
    x += 4;
  }
  return most;
}

// @ts-ignore: decorator
@inline
function valueAt(x: usize, i: i32, columns: i32): f32 {
  return i < columns ? load<f32>(x + (<usize>i << 2)) : 0;
}

// @ts-ignore: decorator
@inline
function codeAt(x: usize, i: i32, columns: i32, factor: f32): i32 {
  return i < columns ? <i32>nearest(load<f32>(x + (<usize>i << 2)) * factor) : 0;
}

// Divides so that neither a scale of zero nor one too small to invert does harm.
// @ts-ignore: decorator
@inline
function factorOf(most: f32, limit: f32): f32 {
  return most > 1e-30 ? limit / most : 0;
}

// f16 weights: x * 2^112 / p, p the power of two of the largest magnitude, so that products neither
// overflow nor underflow; INFO: p.
export function gemv_lift(params: usize, begin: i32, end: i32): void {
  let x = <usize>load<u32>(params, X);
  let out = <usize>load<u32>(params, OUT);
  const columns = load<i32>(params, COLUMNS);
  const exponent = reinterpret<u32>(largest(x, columns)) & 0x7f800000;
  const power = reinterpret<f32>(min(max(exponent, 27 << 23), 253 << 23));
  store<f32>(<usize>load<u32>(params, INFO), power);
  const lift = reinterpret<f32>((127 + 112) << 23);
  for (let i = columns; i; i--) {
    store<f32>(out, (load<f32>(x) / power) * lift);
    x += 4;
    out += 4;
  }
}

// int8 weights: codes up to 127; for each 4 columns the factors x0, x2, x1 - 256 x0, x3 - 256 x2 of
// gemv_int8; INFO: the f32 value of one code, i32 start -128 * (x0 + x2 + ...).
export function gemv_quantize_int8(params: usize, begin: i32, end: i32): void {
  const x = <usize>load<u32>(params, X);
  let out = <usize>load<u32>(params, OUT);
  const columns = load<i32>(params, COLUMNS);
  const info = <usize>load<u32>(params, INFO);
  const most = largest(x, columns);
  const factor = factorOf(most, 127);
  let even = 0;
  for (let i = 0; i < columns; i += 4) {
    const q0 = codeAt(x, i, columns, factor);
    const q2 = codeAt(x, i + 2, columns, factor);
    even += q0 + q2;
    store<i16>(out, <i16>q0);
    store<i16>(out, <i16>q2, 2);
    store<i16>(out, <i16>(codeAt(x, i + 1, columns, factor) - (q0 << 8)), 4);
    store<i16>(out, <i16>(codeAt(x, i + 3, columns, factor) - (q2 << 8)), 6);
    out += 8;
  }
  store<f32>(info, most / 127);
  store<i32>(info, -128 * even, 4);
}

// int4 weights: codes up to 1927, so that the factors x[i] - 16 x[i - 2] of gemv_int4 fit i16;
// INFO: the f32 value of one code, then for each group i32 -8 * (codes met by unsigned nibbles).
export function gemv_quantize_int4(params: usize, begin: i32, end: i32): void {
  const x = <usize>load<u32>(params, X);
  let out = <usize>load<u32>(params, OUT);
  const columns = load<i32>(params, COLUMNS);
  const group = load<i32>(params, GROUP);
  let info = <usize>load<u32>(params, INFO);
  const most = largest(x, columns);
  const factor = factorOf(most, 1927);
  store<f32>(info, most / 1927);
  for (let first = 0; first < columns; first += group) {
    let sum = 0;
    for (let i = first; i < first + group; i += 2) {
      const place = i & 6;
      for (let j = i; j < i + 2; j++) {
        const q = codeAt(x, j, columns, factor);
        if (place < 6) sum += q;
        store<i16>(out, <i16>(place ? q - (codeAt(x, j - 2, columns, factor) << 4) : q));
        out += 2;
      }
    }
    info += 4;
    store<i32>(info, -8 * sum);
  }
}

// int4 weights of the relaxed build: i8 codes up to 127 in order; INFO: the f32 value of one code, then
// for each group i32 -8 * (its codes).
export function gemv_quantize_int4_dot(params: usize, begin: i32, end: i32): void {
  if (!RELAXED) return;
  const x = <usize>load<u32>(params, X);
  let out = <usize>load<u32>(params, OUT);
  const columns = load<i32>(params, COLUMNS);
  const group = load<i32>(params, GROUP);
  let info = <usize>load<u32>(params, INFO);
  const most = largest(x, columns);
  const factor = factorOf(most, 127);
  store<f32>(info, most / 127);
  for (let first = 0; first < columns; first += group) {
    let sum = 0;
    for (let i = first; i < first + group; i++) {
      const q = codeAt(x, i, columns, factor);
      sum += q;
      store<i8>(out, <i8>q);
      out++;
    }
    info += 4;
    store<i32>(info, -8 * sum);
  }
}

// Ternary weights: a table of 16 bytes for each pair of columns: entry 3 (v + 1) + (w + 1) is
// x0 v + x1 w + 63 for v, w in -1, 0, 1, in codes whose pairs sum to 63 at most. INFO: the f32 value of
// one code, for each block of 512 columns. Tables are made for PADDED columns, a multiple of 4.
export function gemv_tables(params: usize, begin: i32, end: i32): void {
  let x = <usize>load<u32>(params, X);
  let out = <usize>load<u32>(params, OUT);
  let info = <usize>load<u32>(params, INFO);
  const columns = load<i32>(params, COLUMNS);
  const padded = load<i32>(params, PADDED);
  const first = v128.load(COMBINATIONS);
  const firstMinus = v128.load(COMBINATIONS + 16);
  const second = v128.load(COMBINATIONS + 32);
  const secondMinus = v128.load(COMBINATIONS + 48);
  const middle = i8x16.splat(63);
  for (let block = 0; block < padded; block += 512) {
    const stop = min(block + 512, padded);
    let most: f32 = 0;
    for (let i = block; i < stop; i += 2) {
      most = max(most, abs(valueAt(x, i, columns)) + abs(valueAt(x, i + 1, columns)));
    }
    // Rounding may carry each of a pair up by a half: 62 keeps their sum within 63.
    const factor = factorOf(most, 62);
    store<f32>(info, most / 62);
    info += 4;
    for (let i = block; i < stop; i += 2) {
      const p = i8x16.splat(<i8>codeAt(x, i, columns, factor));
      const q = i8x16.splat(<i8>codeAt(x, i + 1, columns, factor));
      let t = i8x16.add(middle, v128.and(p, first));
      t = i8x16.sub(t, v128.and(p, firstMinus));
      t = i8x16.add(t, v128.and(q, second));
      v128.store(out, i8x16.sub(t, v128.and(q, secondMinus)));
      out += 16;
    }
  }
}

// Masks of the table entries where the first weight is 1, is -1, the second is 1, is -1.
const COMBINATIONS = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0,
  0, 0, 0, 0, 0, 0,
]);
