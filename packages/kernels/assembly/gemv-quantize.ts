// Activations made ready for the matrix-vector kernels. One unit does all: K is a few thousand at most,
// a hundredth of the product's work.

const X: usize = 0; // f32
const OUT: usize = 4;
const COLUMNS: usize = 8; // of X
const PADDED: usize = 12; // columns that OUT is made for; zeros behind COLUMNS
const INFO: usize = 16; // where the scale goes, and what else the product wants
const CODES: usize = 20; // workspace: i16 for PADDED columns, rounded up to 8
const GROUP: usize = 24; // int4: columns of a group

function largest(x: usize, count: i32): f32 {
  let peak = f32x4.splat(0);
  for (; count >= 4; count -= 4) {
    peak = f32x4.max(peak, f32x4.abs(v128.load(x)));
    x += 16;
  }
  let most = largestLane(peak);
  for (; count; count--) {
    most = max(most, abs(load<f32>(x)));
    x += 4;
  }
  return most;
}

function largestLane(v: v128): f32 {
  return max(
    max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)),
    max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  );
}

// Quantises `count` values by their largest magnitude, which becomes `limit`, to i16 codes padded with
// zeros to `padded`, rounded up to 8. Stores the f32 value of one code in INFO.
function quantize(params: usize, limit: f32): usize {
  const x = <usize>load<u32>(params, X);
  const columns = load<i32>(params, COLUMNS);
  const codes = <usize>load<u32>(params, CODES);
  const most = largest(x, columns);
  store<f32>(<usize>load<u32>(params, INFO), most / limit);
  storeCodes(x, columns, load<i32>(params, PADDED), factorOf(most, limit), codes);
  return codes;
}

function storeCodes(x: usize, count: i32, padded: i32, factor: f32, out: usize): void {
  const end = out + (<usize>((padded + 7) & ~7) << 1);
  const factors = f32x4.splat(factor);
  for (; count >= 8; count -= 8) {
    v128.store(out, i16x8.narrow_i32x4_s(codesAt(x, factors), codesAt(x + 16, factors)));
    x += 32;
    out += 16;
  }
  for (; count > 0; count--) {
    store<i16>(out, <i16>nearest(load<f32>(x) * factor));
    x += 4;
    out += 2;
  }
  memory.fill(out, 0, end - out);
}

// @ts-ignore: decorator
@inline
function codesAt(x: usize, factors: v128): v128 {
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(x), factors)));
}

// Divides so that neither a scale of zero nor one too small to invert does harm.
// @ts-ignore: decorator
@inline
function factorOf(most: f32, limit: f32): f32 {
  return most > 1e-30 ? limit / most : 0;
}

function addLanes(v: v128): i32 {
  return (
    i32x4.extract_lane(v, 0) +
    i32x4.extract_lane(v, 1) +
    i32x4.extract_lane(v, 2) +
    i32x4.extract_lane(v, 3)
  );
}

// f16 weights: x * 2^112 / p, p the power of two of the largest magnitude, so that products neither
// overflow nor underflow; INFO: p.
export function gemv_lift(params: usize, begin: i32, end: i32): void {
  let x = <usize>load<u32>(params, X);
  let out = <usize>load<u32>(params, OUT);
  let columns = load<i32>(params, COLUMNS);
  const exponent = reinterpret<u32>(largest(x, columns)) & 0x7f800000;
  const power = reinterpret<f32>(min(max(exponent, 27 << 23), 253 << 23));
  store<f32>(<usize>load<u32>(params, INFO), power);
  const lift = reinterpret<f32>((127 + 112) << 23);
  for (; columns >= 4; columns -= 4) {
    const fraction = f32x4.div(v128.load(x), f32x4.splat(power));
    v128.store(out, f32x4.mul(fraction, f32x4.splat(lift)));
    x += 16;
    out += 16;
  }
  for (; columns; columns--) {
    store<f32>(out, (load<f32>(x) / power) * lift);
    x += 4;
    out += 4;
  }
}

// int8 weights: codes up to 127; for each 4 columns the factors x0, x2, x1 - 256 x0, x3 - 256 x2 of
// gemv_int8; INFO: the f32 value of one code, i32 start -128 * (x0 + x2 + ...).
export function gemv_quantize_int8(params: usize, begin: i32, end: i32): void {
  let codes = quantize(params, 127);
  let out = <usize>load<u32>(params, OUT);
  const zero = i16x8.splat(0);
  const evens = i32x4.splat(1);
  let sum = zero;
  for (let i = load<i32>(params, PADDED); i > 0; i -= 8) {
    const c = v128.load(codes);
    sum = i32x4.add(sum, i32x4.dot_i16x8_s(c, evens));
    const excess = i16x8.shl(v128.shuffle<i16>(c, zero, 8, 8, 0, 2, 8, 8, 4, 6), 8);
    v128.store(out, i16x8.sub(v128.shuffle<i16>(c, c, 0, 2, 1, 3, 4, 6, 5, 7), excess));
    codes += 16;
    out += 16;
  }
  store<i32>(<usize>load<u32>(params, INFO), -128 * addLanes(sum), 4);
}

// int4 weights: codes up to 1927, so that the factors x[i] - 16 x[i - 2] of gemv_int4 fit i16;
// INFO: the f32 value of one code, then for each group i32 -8 * (codes met by unsigned nibbles).
export function gemv_quantize_int4(params: usize, begin: i32, end: i32): void {
  let codes = quantize(params, 1927);
  let out = <usize>load<u32>(params, OUT);
  let info = <usize>load<u32>(params, INFO);
  const group = load<i32>(params, GROUP);
  const zero = i16x8.splat(0);
  const unsigned = v128.shuffle<i16>(i16x8.splat(1), zero, 0, 1, 2, 3, 4, 5, 8, 8);
  for (let left = load<i32>(params, PADDED); left; left -= group) {
    let sum = zero;
    for (let i = group; i; i -= 8) {
      const c = v128.load(codes);
      sum = i32x4.add(sum, i32x4.dot_i16x8_s(c, unsigned));
      const excess = i16x8.shl(v128.shuffle<i16>(c, zero, 8, 8, 0, 1, 2, 3, 4, 5), 4);
      v128.store(out, i16x8.sub(c, excess));
      codes += 16;
      out += 16;
    }
    info += 4;
    store<i32>(info, -8 * addLanes(sum));
  }
}

// int4 weights of the relaxed build: i8 codes up to 127 in order; INFO: the f32 value of one code, then
// for each group i32 -8 * (its codes).
export function gemv_quantize_int4_dot(params: usize, begin: i32, end: i32): void {
  if (!RELAXED) return;
  let codes = quantize(params, 127);
  let out = <usize>load<u32>(params, OUT);
  let info = <usize>load<u32>(params, INFO);
  const group = load<i32>(params, GROUP);
  const ones = i16x8.splat(1);
  for (let left = load<i32>(params, PADDED); left; left -= group) {
    let sum = i32x4.splat(0);
    for (let i = group; i; i -= 8) {
      const c = v128.load(codes);
      sum = i32x4.add(sum, i32x4.dot_i16x8_s(c, ones));
      v128.store64_lane(out, i8x16.narrow_i16x8_s(c, c), 0);
      codes += 16;
      out += 8;
    }
    info += 4;
    store<i32>(info, -8 * addLanes(sum));
  }
}

// Ternary weights: a table of 16 bytes for each pair of columns: entry 3 (v + 1) + (w + 1) is
// x0 v + x1 w + 63 for v, w in -1, 0, 1, in codes whose pairs sum to 63 at most. INFO: the f32 value of
// one code, for each block of 512 columns. PADDED is a multiple of 4.
export function gemv_tables(params: usize, begin: i32, end: i32): void {
  let x = <usize>load<u32>(params, X);
  let out = <usize>load<u32>(params, OUT);
  let info = <usize>load<u32>(params, INFO);
  const codes = <usize>load<u32>(params, CODES);
  let columns = load<i32>(params, COLUMNS);
  const first = v128.load(COMBINATIONS);
  const firstMinus = v128.load(COMBINATIONS, 16);
  const second = v128.load(COMBINATIONS, 32);
  const secondMinus = v128.load(COMBINATIONS, 48);
  const middle = v128.load(COMBINATIONS, 64);
  for (let left = load<i32>(params, PADDED); left > 0; left -= 512) {
    const count = min(columns, 512);
    const padded = min(left, 512);
    // Rounding may carry each of a pair up by a half: 62 keeps their sum within 63.
    const most = largestPair(x, count);
    storeCodes(x, count, padded, factorOf(most, 62), codes);
    store<f32>(info, most / 62);
    let code = codes;
    for (let i = padded >> 1; i; i--) {
      const p = v128.load_splat<i8>(code);
      const q = v128.load_splat<i8>(code, 2);
      const plus = i8x16.add(v128.and(p, first), v128.and(q, second));
      const minus = i8x16.add(v128.and(p, firstMinus), v128.and(q, secondMinus));
      v128.store(out, i8x16.sub(i8x16.add(middle, plus), minus));
      code += 4;
      out += 16;
    }
    info += 4;
    x += 2048;
    columns -= count;
  }
}

// Largest sum of the magnitudes of two neighbours.
function largestPair(x: usize, count: i32): f32 {
  let peak = f32x4.splat(0);
  for (; count >= 8; count -= 8) {
    const a = f32x4.abs(v128.load(x));
    const b = f32x4.abs(v128.load(x, 16));
    const pairs = f32x4.add(
      v128.shuffle<f32>(a, b, 0, 2, 4, 6),
      v128.shuffle<f32>(a, b, 1, 3, 5, 7),
    );
    peak = f32x4.max(peak, pairs);
    x += 32;
  }
  let most = largestLane(peak);
  for (; count > 0; count -= 2) {
    most = max(most, abs(load<f32>(x)) + (count > 1 ? abs(load<f32>(x, 4)) : 0));
    x += 8;
  }
  return most;
}

// Masks of the table entries where the first weight is 1, is -1, the second is 1, is -1; then the 63.
const COMBINATIONS = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63,
]);
