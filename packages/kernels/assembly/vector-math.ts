// Elementary functions of four floats. Bounds are tested in src/elementwise/unary.test.ts.
import { multiplyAdd } from "./lanes";

/**
 * e^x. Cephes' expf: x = n ln 2 + r, a polynomial of degree 6 in r, n added to the exponent bits.
 * Results below the smallest normal float are 0: denormals cost every later product dearly.
 */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const hi = f32x4.splat(88.72283);
  const lo = f32x4.splat(-87.33654);
  const t = f32x4.pmin(f32x4.pmax(x, lo), hi);
  const n = f32x4.nearest(f32x4.mul(t, f32x4.splat(1.44269504)));
  let r = multiplyAdd(t, n, f32x4.splat(-0.693359375));
  r = multiplyAdd(r, n, f32x4.splat(2.12194440e-4));
  let p = multiplyAdd(f32x4.splat(1.3981999507e-3), r, f32x4.splat(1.9875691500e-4));
  p = multiplyAdd(f32x4.splat(8.3334519073e-3), r, p);
  p = multiplyAdd(f32x4.splat(4.1665795894e-2), r, p);
  p = multiplyAdd(f32x4.splat(1.6666665459e-1), r, p);
  p = multiplyAdd(f32x4.splat(5.0000001201e-1), r, p);
  p = f32x4.add(multiplyAdd(r, f32x4.mul(r, r), p), f32x4.splat(1));
  p = i32x4.add(p, i32x4.shl(i32x4.trunc_sat_f32x4_s(n), 23));
  p = v128.bitselect(f32x4.splat(Infinity), p, f32x4.gt(x, hi));
  return v128.andnot(p, f32x4.lt(x, lo));
}

/** ln x. Cephes' logf; 0 gives -Infinity, below 0 NaN, denormals are scaled up first. */
// @ts-ignore: decorator
@inline
export function log4(x: v128): v128 {
  const small = f32x4.lt(x, f32x4.splat(1.17549435e-38));
  const y = f32x4.mul(x, v128.bitselect(f32x4.splat(16777216), f32x4.splat(1), small));
  // y = 2^e m with m in [sqrt(1/2), sqrt 2): the offset moves the cut of the exponent field there.
  const bits = i32x4.add(y, i32x4.splat(0x3f800000 - 0x3f3504f3));
  let e = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_u(bits, 23), i32x4.splat(127)));
  e = f32x4.sub(e, v128.and(f32x4.splat(24), small));
  const m = i32x4.add(v128.and(bits, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3));
  const r = f32x4.sub(m, f32x4.splat(1));
  const rr = f32x4.mul(r, r);
  let p = multiplyAdd(f32x4.splat(-1.1514610310e-1), r, f32x4.splat(7.0376836292e-2));
  p = multiplyAdd(f32x4.splat(1.1676998740e-1), r, p);
  p = multiplyAdd(f32x4.splat(-1.2420140846e-1), r, p);
  p = multiplyAdd(f32x4.splat(1.4249322787e-1), r, p);
  p = multiplyAdd(f32x4.splat(-1.6668057665e-1), r, p);
  p = multiplyAdd(f32x4.splat(2.0000714765e-1), r, p);
  p = multiplyAdd(f32x4.splat(-2.4999993993e-1), r, p);
  p = multiplyAdd(f32x4.splat(3.3333331174e-1), r, p);
  p = f32x4.mul(f32x4.mul(p, rr), r);
  p = multiplyAdd(p, e, f32x4.splat(-2.12194440e-4));
  p = multiplyAdd(p, rr, f32x4.splat(-0.5));
  let z = multiplyAdd(f32x4.add(r, p), e, f32x4.splat(0.693359375));
  z = v128.bitselect(f32x4.splat(-Infinity), z, f32x4.eq(x, f32x4.splat(0)));
  z = v128.bitselect(x, z, f32x4.eq(x, f32x4.splat(Infinity)));
  // x >= 0 is false for negative numbers and NaN alike: all bits set is a NaN.
  return v128.or(z, v128.not(f32x4.ge(x, f32x4.splat(0))));
}

/** tanh x: the rational function of degree 13/6 that Eigen uses, exactly +-1 from 9.02 on. */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  const t = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-7.90531110763549805)), f32x4.splat(7.90531110763549805));
  const z = f32x4.mul(t, t);
  let p = multiplyAdd(f32x4.splat(2.00018790482477e-13), z, f32x4.splat(-2.76076847742355e-16));
  p = multiplyAdd(f32x4.splat(-8.60467152213735e-11), z, p);
  p = multiplyAdd(f32x4.splat(5.12229709037114e-8), z, p);
  p = multiplyAdd(f32x4.splat(1.48572235717979e-5), z, p);
  p = multiplyAdd(f32x4.splat(6.37261928875436e-4), z, p);
  p = multiplyAdd(f32x4.splat(4.89352455891786e-3), z, p);
  let q = multiplyAdd(f32x4.splat(1.18534705686654e-4), z, f32x4.splat(1.19825839466702e-6));
  q = multiplyAdd(f32x4.splat(2.26843463243900e-3), z, q);
  q = multiplyAdd(f32x4.splat(4.89352518554385e-3), z, q);
  const y = f32x4.div(f32x4.mul(t, p), q);
  const sign = v128.and(x, i32x4.splat(i32.MIN_VALUE));
  return v128.bitselect(v128.or(f32x4.splat(1), sign), y, f32x4.gt(f32x4.abs(x), f32x4.splat(9.02)));
}

/** erf x: the rational function of degree 13/8 that Eigen uses, +-1 from 4 on. */
// @ts-ignore: decorator
@inline
export function erf4(x: v128): v128 {
  const t = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-4)), f32x4.splat(4));
  const z = f32x4.mul(t, t);
  let p = multiplyAdd(f32x4.splat(2.77068142495902e-8), z, f32x4.splat(-2.72614225801306e-10));
  p = multiplyAdd(f32x4.splat(-2.10102402082508e-6), z, p);
  p = multiplyAdd(f32x4.splat(-5.69250639462346e-5), z, p);
  p = multiplyAdd(f32x4.splat(-7.34990630326855e-4), z, p);
  p = multiplyAdd(f32x4.splat(-2.95459980854025e-3), z, p);
  p = multiplyAdd(f32x4.splat(-1.60960333262415e-2), z, p);
  let q = multiplyAdd(f32x4.splat(-2.13374055278905e-4), z, f32x4.splat(-1.45660718464996e-5));
  q = multiplyAdd(f32x4.splat(-1.68282697438203e-3), z, q);
  q = multiplyAdd(f32x4.splat(-7.37332916720468e-3), z, q);
  q = multiplyAdd(f32x4.splat(-1.42647390514189e-2), z, q);
  const one = f32x4.splat(1);
  return f32x4.pmin(f32x4.pmax(f32x4.div(f32x4.mul(t, p), q), f32x4.neg(one)), one);
}

/** 1 / (1 + e^-x). */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}

/** ln(1 + e^x), relatively exact where it is small: Kahan's correction of the rounding of 1 + e. */
// @ts-ignore: decorator
@inline
export function softplus4(x: v128): v128 {
  const one = f32x4.splat(1);
  const e = exp4(f32x4.neg(f32x4.abs(x)));
  const u = f32x4.add(one, e);
  const lost = f32x4.eq(u, one);
  const d = v128.bitselect(one, f32x4.sub(u, one), lost);
  const corrected = f32x4.mul(log4(u), f32x4.div(e, d));
  return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), v128.bitselect(e, corrected, lost));
}
