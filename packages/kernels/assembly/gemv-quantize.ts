// Activations made ready for the matrix-vector kernels. One unit does all: K is a few thousand at most,
// a hundredth of the product's work.

const X: usize = 0; // f32
const OUT: usize = 4;
const COLUMNS: usize = 8; // of X
const PADDED: usize = 12; // of OUT, zeros behind COLUMNS
const INFO: usize = 16; // where the scale goes
const LIMIT: usize = 20; // f32: the largest code
const GROUP: usize = 24; // int4: columns of a group

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

// i32 code of the four floats at x, or of those that exist.
// @ts-ignore: decorator
@inline
function codes(x: usize, factor: v128): v128 {
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(x), factor)));
}

// @ts-ignore: decorator
@inline
function code(x: usize, factor: f32): i32 {
  return <i32>nearest(load<f32>(x) * factor);
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

// int8 weights: i16 codes up to LIMIT; INFO: the f32 value of one code.
export function gemv_quantize(params: usize, begin: i32, end: i32): void {
  let x = <usize>load<u32>(params, X);
  let out = <usize>load<u32>(params, OUT);
  let columns = load<i32>(params, COLUMNS);
  const limit = load<f32>(params, LIMIT);
  const most = largest(x, columns);
  const factor = factorOf(most, limit);
  store<f32>(<usize>load<u32>(params, INFO), most / limit);
  memory.fill(out, 0, <usize>load<u32>(params, PADDED) << 1);
  const factors = f32x4.splat(factor);
  for (; columns >= 8; columns -= 8) {
    v128.store(out, i16x8.narrow_i32x4_s(codes(x, factors), codes(x + 16, factors)));
    x += 32;
    out += 16;
  }
  for (; columns; columns--) {
    store<i16>(out, <i16>code(x, factor));
    x += 4;
    out += 2;
  }
}

// int4 weights: codes up to 127, one scale a group, multiplied by what their nibble lacks
// (see gemv_int4); INFO, for each group: f32 value of one code / 256, i32 -8 * 256 * sum of codes.
export function gemv_quantize_groups(params: usize, begin: i32, end: i32): void {
  let x = <usize>load<u32>(params, X);
  let out = <usize>load<u32>(params, OUT);
  let info = <usize>load<u32>(params, INFO);
  const group = load<i32>(params, GROUP);
  memory.fill(out, 0, <usize>load<u32>(params, PADDED) << 1);
  for (let left = load<i32>(params, COLUMNS); left > 0; left -= group) {
    const count = min(left, group);
    const most = largest(x, count);
    const factor = factorOf(most, 127);
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const q = code(x, factor);
      sum += q;
      const pair = (i >> 1) & 3;
      store<i16>(out, <i16>(pair == 1 ? q << 4 : pair == 2 ? q : q << 8));
      x += 4;
      out += 2;
    }
    out += <usize>(group - count) << 1;
    store<f32>(info, most / (127 * 256));
    store<i32>(info, -8 * 256 * sum, 4);
    info += 8;
  }
}

// Ternary weights: a table of 16 bytes for each pair of columns: entry 3 (v + 1) + (w + 1) is
// x0 v + x1 w + 127 for v, w in -1, 0, 1, in codes whose pairs sum to 127 at most; INFO: the f32 value
// of one code. The tables of padding columns hold 127 throughout.
export function gemv_tables(params: usize, begin: i32, end: i32): void {
  let x = <usize>load<u32>(params, X);
  let out = <usize>load<u32>(params, OUT);
  const columns = load<i32>(params, COLUMNS);
  let most: f32 = 0;
  for (let i = 0; i + 1 < columns; i += 2) {
    const at = x + (<usize>i << 2);
    most = max(most, abs(load<f32>(at)) + abs(load<f32>(at, 4)));
  }
  if (columns & 1) most = max(most, abs(load<f32>(x + (<usize>(columns - 1) << 2))));
  // Rounding may carry each of a pair up by a half: 126 keeps their sum within 127.
  const factor = factorOf(most, 126);
  store<f32>(<usize>load<u32>(params, INFO), most / 126);
  const first = v128.load(COMBINATIONS);
  const firstMinus = v128.load(COMBINATIONS + 16);
  const second = v128.load(COMBINATIONS + 32);
  const secondMinus = v128.load(COMBINATIONS + 48);
  const middle = i8x16.splat(127);
  for (let i = 0; i < columns; i += 2) {
    const p = i8x16.splat(<i8>code(x, factor));
    const q = i + 1 < columns ? i8x16.splat(<i8>code(x + 4, factor)) : i8x16.splat(0);
    let t = i8x16.add(middle, v128.and(p, first));
    t = i8x16.sub(t, v128.and(p, firstMinus));
    t = i8x16.add(t, v128.and(q, second));
    v128.store(out, i8x16.sub(t, v128.and(q, secondMinus)));
    x += 8;
    out += 16;
  }
}

// Masks of the table entries where the first weight is 1, is -1, the second is 1, is -1.
const COMBINATIONS = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0,
  0, 0, 0, 0, 0, 0,
]);
