// Activations: five argument words (kind, alpha, beta, scale, shift), see src/activation/activation.ts.
// A kernel calls `activate` once per finished strip that still lies in the first-level cache.
import { clamp, loadLanes, storeLanes } from "./lanes";
import { erf4, exp4, log4, sigmoid4, softplus4, tanh4 } from "./vector-math";

// Kinds in the order of KINDS in src/activation/activation.ts; up to HARD_SWISH a few instructions each.
const IDENTITY = 0;
const RELU = 1;
const CLIP = 2;
const LEAKY_RELU = 3;
const HARD_SIGMOID = 4;
const HARD_SWISH = 5;

/** scale * f(x) + shift in place over `count` floats. */
export function activate(ptr: usize, count: i32, words: usize): void {
  activateTo(ptr, ptr, count, words);
}

/** y = scale * f(x) + shift; x and y are the same address or do not overlap. */
export function activateTo(x: usize, y: usize, count: i32, words: usize): void {
  const kind = load<i32>(words, 0);
  if (kind != IDENTITY) {
    if (kind <= HARD_SWISH) activateCheaply(x, y, count, kind, words);
    else activateByFormula(x, y, count, kind, words);
    x = y;
  }
  const scale = load<f32>(words, 12);
  const shift = load<f32>(words, 16);
  if (scale != 1 || shift != 0) {
    const s = f32x4.splat(scale);
    const t = f32x4.splat(shift);
    for (; count > 0; count -= 4) {
      const v = count >= 4 ? v128.load(x) : loadLanes(x, count);
      const r = f32x4.add(f32x4.mul(v, s), t);
      if (count >= 4) v128.store(y, r);
      else storeLanes(y, r, count);
      x += 16;
      y += 16;
    }
  } else if (x != y) memory.copy(y, x, <usize>count << 2);
}

function activateCheaply(x: usize, y: usize, count: i32, kind: i32, words: usize): void {
  const a = f32x4.splat(load<f32>(words, 4));
  const b = f32x4.splat(load<f32>(words, 8));
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  if (kind == RELU) {
    for (; count >= 8; count -= 8) {
      const v0 = v128.load(x);
      const v1 = v128.load(x, 16);
      v128.store(y, f32x4.pmax(v0, zero));
      v128.store(y, f32x4.pmax(v1, zero), 16);
      x += 32;
      y += 32;
    }
  } else if (kind == CLIP) {
    for (; count >= 8; count -= 8) {
      const v0 = v128.load(x);
      const v1 = v128.load(x, 16);
      v128.store(y, clamp(v0, a, b));
      v128.store(y, clamp(v1, a, b), 16);
      x += 32;
      y += 32;
    }
  } else if (kind == LEAKY_RELU) {
    for (; count >= 8; count -= 8) {
      const v0 = v128.load(x);
      const v1 = v128.load(x, 16);
      v128.store(y, leaky(v0, a, b, zero));
      v128.store(y, leaky(v1, a, b, zero), 16);
      x += 32;
      y += 32;
    }
  } else if (kind == HARD_SWISH) {
    for (; count >= 8; count -= 8) {
      const v0 = v128.load(x);
      const v1 = v128.load(x, 16);
      v128.store(y, f32x4.mul(v0, clamp(f32x4.add(f32x4.mul(v0, a), b), zero, one)));
      v128.store(y, f32x4.mul(v1, clamp(f32x4.add(f32x4.mul(v1, a), b), zero, one)), 16);
      x += 32;
      y += 32;
    }
  }
  for (; count > 0; count -= 4) {
    const v = count >= 4 ? v128.load(x) : loadLanes(x, count);
    let r: v128;
    if (kind == RELU) r = f32x4.pmax(v, zero);
    else if (kind == CLIP) r = clamp(v, a, b);
    else if (kind == LEAKY_RELU) r = leaky(v, a, b, zero);
    else {
      r = clamp(f32x4.add(f32x4.mul(v, a), b), zero, one);
      if (kind == HARD_SWISH) r = f32x4.mul(r, v);
    }
    if (count >= 4) v128.store(y, r);
    else storeLanes(y, r, count);
    x += 16;
    y += 16;
  }
}

// The kind is decided once per vector: the branch is predicted, and every formula stands here once.
function activateByFormula(x: usize, y: usize, count: i32, kind: i32, words: usize): void {
  const a = f32x4.splat(load<f32>(words, 4));
  const b = f32x4.splat(load<f32>(words, 8));
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const lowest = f32x4.splat(-3.4028235e38); // in place of -Infinity where the other factor is 0
  for (; count > 0; count -= 4) {
    const v = count >= 4 ? v128.load(x) : loadLanes(x, count);
    let r = v;
    switch (kind) {
      case 6: // sigmoid
        r = sigmoid4(v);
        break;
      case 7: // silu
        r = f32x4.mul(f32x4.pmax(v, lowest), sigmoid4(f32x4.mul(v, a)));
        break;
      case 8: // tanh
      case 9: // gelu by tanh
      {
        let u = v;
        if (kind == 9) {
          // sqrt(2/pi) (x + 0.044715 x^3)
          const cubic = f32x4.add(f32x4.mul(f32x4.mul(v, v), f32x4.splat(0.035677408137)), f32x4.splat(0.797884560803));
          u = f32x4.mul(v, cubic);
        }
        r = tanh4(u);
        if (kind == 9) r = f32x4.mul(f32x4.mul(f32x4.pmax(v, lowest), f32x4.splat(0.5)), f32x4.add(r, one));
        break;
      }
      case 10: // erf
      case 11: // gelu: x/2 (1 + erf(x / sqrt 2))
        r = erf4(kind == 11 ? f32x4.mul(v, f32x4.splat(0.70710678)) : v);
        if (kind == 11) r = f32x4.mul(f32x4.mul(f32x4.pmax(v, lowest), f32x4.splat(0.5)), f32x4.add(r, one));
        break;
      case 12: // exp
      case 13: // elu: alpha (e^(x * beta) - 1) below 0; celu has beta = 1 / alpha
      case 14: // selu: beta * elu
      {
        const t = kind == 13 ? f32x4.mul(v, b) : v;
        r = exp4(t);
        if (kind != 12) {
          // e^t - 1 = tanh(t/2) (e^t + 1) loses nothing where t is small
          r = f32x4.mul(f32x4.mul(tanh4(f32x4.mul(t, f32x4.splat(0.5))), f32x4.add(r, one)), a);
          r = v128.bitselect(r, v, f32x4.lt(v, zero));
          if (kind == 14) r = f32x4.mul(r, b);
        }
        break;
      }
      case 15: // softplus
        r = softplus4(v);
        break;
      case 16: // mish: x tanh(ln(1 + e^x)) = x n / (n + 2) with n = e^x (e^x + 2)
      {
        const e = exp4(f32x4.pmin(v, f32x4.splat(20)));
        const n = f32x4.mul(e, f32x4.add(e, f32x4.splat(2)));
        r = f32x4.mul(f32x4.pmax(v, lowest), f32x4.div(n, f32x4.add(n, f32x4.splat(2))));
        break;
      }
      case 17: // softsign
        r = f32x4.div(v, f32x4.add(f32x4.abs(v), one));
        break;
      case 18: // thresholded relu; a NaN stays
        r = v128.andnot(v, f32x4.le(v, a));
        break;
      case 19:
        r = log4(v);
        break;
      case 20:
        r = f32x4.sqrt(v);
        break;
      case 21:
        r = f32x4.div(one, v);
        break;
      case 22:
        r = f32x4.neg(v);
        break;
      case 23:
        r = f32x4.abs(v);
        break;
      case 24:
        r = f32x4.floor(v);
        break;
      case 25:
        r = f32x4.ceil(v);
        break;
      case 26: // to nearest, halves to even
        r = f32x4.nearest(v);
        break;
      case 27: // sign: NaN stays, 0 stays
        r = v128.bitselect(v128.or(one, v128.and(v, i32x4.splat(i32.MIN_VALUE))), v, f32x4.gt(f32x4.abs(v), zero));
        break;
      case 28:
        r = f32x4.mul(v, v);
        break;
      case 29: // expm1
        r = f32x4.mul(tanh4(f32x4.mul(v, f32x4.splat(0.5))), f32x4.add(exp4(v), one));
        break;
    }
    if (count >= 4) v128.store(y, r);
    else storeLanes(y, r, count);
    x += 16;
    y += 16;
  }
}

// Not below `floor`; a NaN passes.
// @ts-ignore: decorator
@inline
function leaky(v: v128, slope: v128, floor: v128, zero: v128): v128 {
  const r = v128.bitselect(f32x4.mul(v, slope), v, f32x4.lt(v, zero));
  return f32x4.pmax(r, floor);
}
