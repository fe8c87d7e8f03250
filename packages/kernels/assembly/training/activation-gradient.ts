// dx = dy * f'(x) for the activations whose derivative needs their operand or their result.
import { clamp, multiplyAdd } from "../lanes";
import { loadNext, storeNext } from "../tails";
import { erf4, tanh4 } from "../vector-math";
import { exponential } from "./row-sums";

const CHUNK = 1024; // floats of a unit

// In the order of KINDS in src/training/activation/plan-activation-gradient.ts. Up to RECIPROCAL from the
// result, the others from the operand.
const SIGMOID = 0;
const TANH = 1;
const EXP = 2;
const SQRT = 3;
const RECIPROCAL = 4;
const LOG = 5;
const SQUARE = 6;
const ABS = 7;
const SOFTSIGN = 8;
const HARD_SWISH = 9;
const GELU_TANH = 10;
const SILU = 11; // from here on with one exponential
const SOFTPLUS = 12;
const MISH = 13;
const ELU = 14;
const GELU = 15;
const ERF = 16;

// Words: dy, source (x or y), dx, count, kind, alpha, beta. A unit is CHUNK floats.
export function activation_gradient_f32(params: usize, begin: i32, end: i32): void {
  const first = <usize>begin * (CHUNK * 4);
  let dy = load<usize>(params, 0) + first;
  let source = load<usize>(params, 4) + first;
  let dx = load<usize>(params, 8) + first;
  const kind = load<i32>(params, 16);
  const a = v128.load32_splat(params, 20);
  const b = v128.load32_splat(params, 24);
  for (let count = min(load<i32>(params, 12), end * CHUNK) - begin * CHUNK; count > 0; count -= 4) {
    const d = slope(kind, loadNext(source, count), a, b);
    storeNext(dx, f32x4.mul(loadNext(dy, count), d), count);
    dy += 16;
    source += 16;
    dx += 16;
  }
}

// @ts-ignore: decorator
@inline
function slope(kind: i32, v: v128, a: v128, b: v128): v128 {
  const one = f32x4.splat(1);
  const half = f32x4.splat(0.5);
  const zero = f32x4.splat(0);
  if (kind >= SILU) {
    // Beyond 80 every one of these has reached its limit: no infinity may meet a 0.
    const x = kind == ELU ? v : clamp(v, f32x4.splat(-80), f32x4.splat(80));
    let t = x;
    if (kind == SILU) t = f32x4.mul(x, a);
    else if (kind == MISH) t = f32x4.pmin(x, f32x4.splat(20));
    else if (kind == ELU) t = f32x4.mul(f32x4.pmin(x, zero), b);
    else if (kind >= GELU) {
      t = f32x4.neg(f32x4.mul(x, x));
      if (kind == GELU) t = f32x4.mul(t, half);
    }
    if (kind <= SOFTPLUS) t = f32x4.neg(t);
    const e = exponential(t);
    if (kind == ELU) return v128.bitselect(one, f32x4.mul(f32x4.mul(a, b), e), f32x4.ge(v, zero));
    if (kind == GELU) {
      // Phi(x) + x phi(x)
      const phi = f32x4.mul(e, f32x4.splat(0.3989422804));
      const r = erf4(f32x4.mul(x, f32x4.splat(0.70710678)));
      return multiplyAdd(f32x4.mul(f32x4.add(r, one), half), x, phi);
    }
    if (kind == ERF) return f32x4.mul(e, f32x4.splat(1.128379167));
    if (kind == MISH) {
      // tanh(softplus x) = n / (n + 2) with n = e^x (e^x + 2); its derivative is (1 - that^2) sigmoid x
      const n = f32x4.mul(e, f32x4.add(e, f32x4.splat(2)));
      const q = f32x4.div(f32x4.splat(2), f32x4.add(n, f32x4.splat(2))); // 1 - tanh
      const r = f32x4.sub(one, q);
      const s = f32x4.div(e, f32x4.add(one, e));
      return multiplyAdd(r, f32x4.mul(x, s), f32x4.mul(q, f32x4.add(one, r)));
    }
    const s = f32x4.div(one, f32x4.add(one, e));
    if (kind == SOFTPLUS) return s;
    // s (1 + a x (1 - s)), and 1 - s = e s
    return f32x4.mul(s, multiplyAdd(one, f32x4.mul(e, s), f32x4.mul(x, a)));
  }
  switch (kind) {
    case SIGMOID:
      return f32x4.mul(v, f32x4.sub(one, v));
    case TANH:
      return f32x4.mul(f32x4.sub(one, v), f32x4.add(one, v));
    case EXP:
      return v;
    case SQRT:
      return f32x4.div(half, v);
    case RECIPROCAL:
      return f32x4.neg(f32x4.mul(v, v));
    case LOG:
      return f32x4.div(one, v);
    case SQUARE:
      return f32x4.add(v, v);
    case ABS:
      return v128.bitselect(v128.or(v128.and(v, f32x4.splat(-0)), one), v, f32x4.ne(v, zero));
    case SOFTSIGN: {
      const r = f32x4.add(one, f32x4.abs(v));
      return f32x4.div(one, f32x4.mul(r, r));
    }
    case HARD_SWISH: {
      const t = multiplyAdd(b, v, a);
      const r = multiplyAdd(t, v, a);
      const inside = v128.bitselect(one, r, f32x4.ge(t, one));
      return v128.andnot(inside, f32x4.le(t, zero));
    }
  }
  // GELU_TANH: with u = k (x + c x^3), (1 + tanh u) / 2 + x (1 - tanh^2 u) k (1 + 3 c x^2) / 2
  const x = clamp(v, f32x4.splat(-16), f32x4.splat(16));
  const xx = f32x4.mul(x, x);
  const k = f32x4.splat(0.797884560803);
  const u = f32x4.mul(x, multiplyAdd(k, xx, f32x4.splat(0.035677408137)));
  const t = tanh4(u);
  const du = multiplyAdd(k, xx, f32x4.splat(0.107032224411));
  const bend = f32x4.mul(f32x4.mul(f32x4.sub(one, t), f32x4.mul(x, du)), half);
  return f32x4.mul(f32x4.add(one, t), f32x4.add(half, bend));
}
