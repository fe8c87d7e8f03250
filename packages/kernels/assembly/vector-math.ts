// Elementary functions of four floats. Bounds are tested in src/elementwise/plan-unary.test.ts.
//
// Coefficients are loaded, not constants in the code: a v128.const takes 18 bytes and, in V8 13 and later,
// is built anew wherever it is used.
import { multiplyAdd } from "./lanes";

// @ts-ignore: decorator
@inline
function coefficient(table: usize, i: usize): v128 {
  return v128.load32_splat(table + (i << 2));
}

const EXP = memory.data<f32>([
  89, -86.6, 1.44269504, 12582911, -0.693359375, 2.12194440e-4, 1, 0.4999922513961792,
  0.16667118668556213, 0.041890986263751984, 0.00831243023276329,
]);

/**
 * e^x to 2.1e-7: x = n ln 2 + r, 1 + r + r^2 (cubic in r, fitted for the least relative error), n added to
 * the exponent bits. The sums are nested as little as possible: waiting for one another costs more than
 * adding. Results below 2.4e-38 (e^-86.6) are 0: denormals cost every later product dearly.
 */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const lo = coefficient(EXP, 1);
  const t = f32x4.pmin(f32x4.pmax(x, lo), coefficient(EXP, 0));
  // Adding 1.5 * 2^23 - 1 rounds to a whole number and leaves n - 1 in the lowest bits of the sum.
  const magic = coefficient(EXP, 3);
  const s = multiplyAdd(magic, t, coefficient(EXP, 2));
  const n = f32x4.sub(s, magic);
  const r = multiplyAdd(multiplyAdd(t, n, coefficient(EXP, 4)), n, coefficient(EXP, 5));
  const rr = f32x4.mul(r, r);
  let p = multiplyAdd(coefficient(EXP, 7), r, coefficient(EXP, 8));
  p = multiplyAdd(p, rr, multiplyAdd(coefficient(EXP, 9), r, coefficient(EXP, 10)));
  p = multiplyAdd(f32x4.add(r, coefficient(EXP, 6)), rr, p);
  // 2^(n - 1) twice: so the sum, not the exponent field, overflows.
  p = i32x4.add(p, i32x4.shl(s, 23));
  p = f32x4.add(p, p);
  return v128.or(v128.andnot(p, f32x4.lt(x, lo)), f32x4.ne(x, x));
}

const LOG = memory.data<f32>([
  1.17549435e-38, 16777216, 1, 24, 7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1,
  1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1, -2.12194440e-4,
  -0.5, 0.693359375, -Infinity, Infinity,
]);
const LOG_BITS = memory.data<i32>([0x3f800000 - 0x3f3504f3, 127, 0x007fffff, 0x3f3504f3]);

/** ln x. Cephes' logf; 0 gives -Infinity, below 0 NaN, denormals are scaled up first. */
// @ts-ignore: decorator
@inline
export function log4(x: v128): v128 {
  const small = f32x4.lt(x, coefficient(LOG, 0));
  const one = coefficient(LOG, 2);
  const y = f32x4.mul(x, v128.bitselect(coefficient(LOG, 1), one, small));
  // y = 2^e m with m in [sqrt(1/2), sqrt 2): the offset moves the cut of the exponent field there.
  const bits = i32x4.add(y, coefficient(LOG_BITS, 0));
  let e = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_u(bits, 23), coefficient(LOG_BITS, 1)));
  e = f32x4.sub(e, v128.and(coefficient(LOG, 3), small));
  const m = i32x4.add(v128.and(bits, coefficient(LOG_BITS, 2)), coefficient(LOG_BITS, 3));
  const r = f32x4.sub(m, one);
  const rr = f32x4.mul(r, r);
  let p = coefficient(LOG, 4);
  for (let i: usize = 5; i <= 12; i++) p = multiplyAdd(coefficient(LOG, i), r, p);
  p = f32x4.mul(f32x4.mul(p, rr), r);
  p = multiplyAdd(p, e, coefficient(LOG, 13));
  p = multiplyAdd(p, rr, coefficient(LOG, 14));
  let z = multiplyAdd(f32x4.add(r, p), e, coefficient(LOG, 15));
  z = v128.bitselect(coefficient(LOG, 16), z, f32x4.eq(x, i32x4.splat(0)));
  z = v128.bitselect(x, z, f32x4.eq(x, coefficient(LOG, 17)));
  // x >= 0 is false for negative numbers and NaN alike: all bits set is a NaN.
  return v128.or(z, v128.not(f32x4.ge(x, i32x4.splat(0))));
}

// Bound of |x|, numerator from x^13 down to x, denominator from the highest even power down.
const TANH = memory.data<f32>([
  7.90531110763549805, -2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11,
  5.12229709037114e-8, 1.48572235717979e-5, 6.37261928875436e-4, 4.89352455891786e-3,
  1.19825839466702e-6, 1.18534705686654e-4, 2.26843463243900e-3, 4.89352518554385e-3, 9.02, 1,
]);
const ERF = memory.data<f32>([
  4, -2.72614225801306e-10, 2.77068142495902e-8, -2.10102402082508e-6, -5.69250639462346e-5,
  -7.34990630306855e-4, -2.95459980854025e-3, -1.60960333262415e-2, -1.45660718464996e-5,
  -2.13374055278905e-4, -1.68282697438203e-3, -7.37332916720468e-3, -1.42647390514189e-2,
]);

// @ts-ignore: decorator
@inline
function oddRational(table: usize, last: usize, x: v128): v128 {
  const bound = coefficient(table, 0);
  const t = f32x4.pmin(f32x4.pmax(x, f32x4.neg(bound)), bound);
  const z = f32x4.mul(t, t);
  const zz = f32x4.mul(z, z);
  // Pairs of coefficients first, see exp4.
  const p67 = multiplyAdd(coefficient(table, 7), z, coefficient(table, 6));
  const p45 = multiplyAdd(coefficient(table, 5), z, coefficient(table, 4));
  const p23 = multiplyAdd(coefficient(table, 3), z, coefficient(table, 2));
  let p = multiplyAdd(p23, zz, coefficient(table, 1));
  p = multiplyAdd(p67, zz, multiplyAdd(p45, zz, p));
  let q = multiplyAdd(coefficient(table, last), z, coefficient(table, last - 1));
  let high = multiplyAdd(coefficient(table, last - 2), z, coefficient(table, last - 3));
  if (last == 12) high = multiplyAdd(high, zz, coefficient(table, 8));
  q = multiplyAdd(q, zz, high);
  return f32x4.div(f32x4.mul(t, p), q);
}

/** tanh x: the rational function of degree 13/6 that Eigen uses, exactly +-1 from 9.02 on. */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  const y = oddRational(TANH, 11, x);
  const size = f32x4.abs(x);
  const sign = v128.xor(x, size);
  return v128.bitselect(v128.or(coefficient(TANH, 13), sign), y, f32x4.gt(size, coefficient(TANH, 12)));
}

/** erf x: the rational function of degree 13/8 that Eigen uses; never beyond +-1. */
// @ts-ignore: decorator
@inline
export function erf4(x: v128): v128 {
  const one = coefficient(TANH, 13);
  return f32x4.pmin(f32x4.pmax(oddRational(ERF, 12, x), f32x4.neg(one)), one);
}
