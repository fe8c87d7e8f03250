// Activations: five argument words (kind, alpha, beta, scale, shift), see src/activation/activation.ts.
// A kernel calls `activate` once per finished strip that still lies in the first-level cache.
import { clamp } from "./lanes";
import { loadNext, storeNext } from "./tails";
import { erf4, exp4, log4, tanh4 } from "./vector-math";

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
      storeNext(y, f32x4.add(f32x4.mul(loadNext(x, count), s), t), count);
      x += 16;
      y += 16;
    }
  } else if (x != y) memory.copy(y, x, <usize>count << 2);
}

// @ts-ignore: decorator
@inline
function leaky(v: v128, slope: v128, floor: v128, zero: v128): v128 {
  const r = v128.bitselect(f32x4.mul(v, slope), v, f32x4.lt(v, zero));
  return f32x4.pmax(r, floor);
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
    const v = loadNext(x, count);
    let r: v128;
    if (kind == RELU) r = f32x4.pmax(v, zero);
    else if (kind == CLIP) r = clamp(v, a, b);
    else if (kind == LEAKY_RELU) r = leaky(v, a, b, zero);
    else {
      r = clamp(f32x4.add(f32x4.mul(v, a), b), zero, one);
      if (kind == HARD_SWISH) r = f32x4.mul(r, v);
    }
    storeNext(y, r, count);
    x += 16;
    y += 16;
  }
}

// Kinds above HARD_SWISH, by what they need: e^t, ln, or a rational function of t.
const SIGMOID = 6;
const SILU = 7;
const EXP = 8;
const SOFTPLUS = 9;
const MISH = 10;
const ELU = 11; // these three need tanh as well: e^t - 1 = tanh(t/2) (e^t + 1) loses nothing where t is small
const SELU = 12;
const EXPM1 = 13;
const TANH = 14;
const GELU_TANH = 15;
const ERF = 16;
const GELU = 17;
const LOG = 18;

const CONSTANTS = memory.data<f32>([1, -3.4028235e38, 20, 2, 0.5, 0.035677408137, 0.797884560803, 0.70710678]);

// The kind is decided for every vector anew: the branches are predicted, and every formula stands here once.
function activateByFormula(x: usize, y: usize, count: i32, kind: i32, words: usize): void {
  const a = v128.load32_splat(words, 4);
  const b = v128.load32_splat(words, 8);
  const zero = i32x4.splat(0);
  const one = v128.load32_splat(CONSTANTS);
  if (kind <= SILU) {
    // The two that layers apply to whole images, eight at a time.
    const slope = kind == SILU ? a : one;
    for (; count >= 8; count -= 8) {
      const v0 = v128.load(x);
      const v1 = v128.load(x, 16);
      const d0 = f32x4.add(one, exp4(f32x4.neg(f32x4.mul(v0, slope))));
      const d1 = f32x4.add(one, exp4(f32x4.neg(f32x4.mul(v1, slope))));
      const lowest = v128.load32_splat(CONSTANTS, 4);
      const n0 = kind == SILU ? f32x4.pmax(v0, lowest) : one;
      const n1 = kind == SILU ? f32x4.pmax(v1, lowest) : one;
      v128.store(y, f32x4.div(n0, d0));
      v128.store(y, f32x4.div(n1, d1), 16);
      x += 32;
      y += 32;
    }
  }
  for (; count > 0; count -= 4) {
    const v = loadNext(x, count);
    // Stands for -Infinity where the other factor is 0.
    const finite = f32x4.pmax(v, v128.load32_splat(CONSTANTS, 4));
    let t = v;
    let e = v;
    let r = v;
    if (kind <= EXPM1) {
      if (kind == SIGMOID) t = f32x4.neg(v);
      else if (kind == SILU) t = f32x4.neg(f32x4.mul(v, a));
      else if (kind == SOFTPLUS) t = f32x4.neg(f32x4.abs(v));
      else if (kind == MISH) t = f32x4.pmin(v, v128.load32_splat(CONSTANTS, 8));
      else if (kind == ELU) t = f32x4.mul(v, b);
      e = exp4(t);
      r = e;
    }
    if (kind >= ELU && kind <= GELU_TANH) {
      if (kind <= EXPM1) t = f32x4.mul(t, v128.load32_splat(CONSTANTS, 16));
      else if (kind == GELU_TANH) {
        // sqrt(2/pi) (x + 0.044715 x^3)
        const cubic = f32x4.mul(f32x4.mul(v, v), v128.load32_splat(CONSTANTS, 20));
        t = f32x4.mul(v, f32x4.add(cubic, v128.load32_splat(CONSTANTS, 24)));
      }
      r = tanh4(t);
    }
    switch (kind) {
      case SIGMOID:
        r = f32x4.div(one, f32x4.add(one, e));
        break;
      case SILU:
        r = f32x4.div(finite, f32x4.add(one, e));
        break;
      case MISH: {
        // x tanh(ln(1 + e^x)) = x n / (n + 2) with n = e^x (e^x + 2)
        const two = v128.load32_splat(CONSTANTS, 12);
        const n = f32x4.mul(e, f32x4.add(e, two));
        r = f32x4.mul(finite, f32x4.div(n, f32x4.add(n, two)));
        break;
      }
      case ELU:
      case SELU:
      case EXPM1:
        r = f32x4.mul(r, f32x4.add(e, one));
        if (kind != EXPM1) r = v128.bitselect(f32x4.mul(r, a), v, f32x4.lt(v, zero));
        if (kind == SELU) r = f32x4.mul(r, b);
        break;
      case ERF:
      case GELU:
        r = erf4(kind == GELU ? f32x4.mul(v, v128.load32_splat(CONSTANTS, 28)) : v);
      case GELU_TANH: // falls through
        if (kind != ERF) r = f32x4.mul(f32x4.mul(finite, v128.load32_splat(CONSTANTS, 16)), f32x4.add(r, one));
        break;
      case SOFTPLUS:
      case LOG: {
        // ln(1 + e) is relatively exact where e is small by Kahan's correction of the rounding of 1 + e.
        const u = kind == LOG ? v : f32x4.add(one, e);
        r = log4(u);
        if (kind == SOFTPLUS) {
          const lost = f32x4.eq(u, one);
          const d = v128.bitselect(one, f32x4.sub(u, one), lost);
          r = v128.bitselect(e, f32x4.mul(r, f32x4.div(e, d)), lost);
          r = f32x4.add(f32x4.pmax(v, zero), r);
        }
        break;
      }
      case 19: // softsign
        r = f32x4.div(v, f32x4.add(f32x4.abs(v), one));
        break;
      case 20: // thresholded relu; a NaN stays
        r = v128.andnot(v, f32x4.le(v, a));
        break;
      case 21:
        r = f32x4.sqrt(v);
        break;
      case 22:
        r = f32x4.div(one, v);
        break;
      case 23:
        r = f32x4.neg(v);
        break;
      case 24:
        r = f32x4.abs(v);
        break;
      case 25:
        r = f32x4.floor(v);
        break;
      case 26:
        r = f32x4.ceil(v);
        break;
      case 27: // to nearest, halves to even
        r = f32x4.nearest(v);
        break;
      case 28: // sign: NaN and 0 stay
        r = f32x4.abs(v);
        r = v128.bitselect(v128.or(one, v128.xor(v, r)), v, f32x4.gt(r, zero));
        break;
      case 29:
        r = f32x4.mul(v, v);
        break;
    }
    storeNext(y, r, count);
    x += 16;
    y += 16;
  }
}
