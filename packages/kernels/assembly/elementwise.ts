// Elementwise functions of one and two operands.
import { activate, activateTo } from "./activation";
import { loadTail, storeTail } from "./tails";

const CHUNK = 1024; // floats of a unit of unary_f32: fits the first-level cache twice

// y[i] = activation(x[i]). Words: x, y, count, activation (5). A unit is CHUNK floats.
export function unary_f32(params: usize, begin: i32, end: i32): void {
  const x = load<usize>(params, 0);
  const y = load<usize>(params, 4);
  const count = load<i32>(params, 8);
  for (let unit = begin; unit < end; unit++) {
    const first = unit * CHUNK;
    const at = <usize>first << 2;
    activateTo(x + at, y + at, min(CHUNK, count - first), params + 12);
  }
}

const ADD = 0;
const SUB = 1;
const MUL = 2;
const DIV = 3;
const MAX = 4;
const MIN = 5;
const POW = 6;
const PRELU = 7;

// y = activation(a op b) over rows with strides. Words:
//  0 a, 4 b, 8 y, 12 op, 16 inner, 20 total, 24 flags (1: a is one value per row, 2: b is, 4: activate),
//  28 d1, 32 d2 (unit = (i0 d1 + i1) d2 + i2), 36 a's strides of i0, i1, i2 in bytes, 48 b's, 60 activation (5)
export function binary_f32(params: usize, begin: i32, end: i32): void {
  const op = load<i32>(params, 12);
  const inner = load<i32>(params, 16);
  const total = load<i32>(params, 20);
  const flags = load<i32>(params, 24);
  const d1 = load<i32>(params, 28);
  const d2 = load<i32>(params, 32);
  const a1 = load<usize>(params, 40);
  const a2 = load<usize>(params, 44);
  const b1 = load<usize>(params, 52);
  const b2 = load<usize>(params, 56);
  let i2 = begin % d2;
  let i1 = (begin / d2) % d1;
  let i0 = begin / d2 / d1;
  for (let unit = begin; unit < end; ) {
    let a = load<usize>(params, 0) + <usize>i0 * load<usize>(params, 36) + <usize>i1 * a1 + <usize>i2 * a2;
    let b = load<usize>(params, 4) + <usize>i0 * load<usize>(params, 48) + <usize>i1 * b1 + <usize>i2 * b2;
    const stop = min(end, unit + d2 - i2);
    for (; unit < stop; unit++) {
      const first = unit * inner;
      const count = min(inner, total - first);
      const y = load<usize>(params, 8) + (<usize>first << 2);
      binaryRow(op, a, b, y, count, flags & 1, flags & 2);
      if (flags & 4) activate(y, count, params + 60);
      a += a2;
      b += b2;
    }
    i2 = 0;
    if (++i1 == d1) {
      i1 = 0;
      i0++;
    }
  }
}

function binaryRow(op: i32, a: usize, b: usize, y: usize, count: i32, aScalar: i32, bScalar: i32): void {
  switch (op) {
    case ADD:
      rowOf(ADD, a, b, y, count, aScalar, bScalar);
      break;
    case SUB:
      rowOf(SUB, a, b, y, count, aScalar, bScalar);
      break;
    case MUL:
      rowOf(MUL, a, b, y, count, aScalar, bScalar);
      break;
    case DIV:
      rowOf(DIV, a, b, y, count, aScalar, bScalar);
      break;
    case MAX:
      rowOf(MAX, a, b, y, count, aScalar, bScalar);
      break;
    case MIN:
      rowOf(MIN, a, b, y, count, aScalar, bScalar);
      break;
    case PRELU:
      rowOf(PRELU, a, b, y, count, aScalar, bScalar);
      break;
    case POW:
      powerRow(a, b, y, count, aScalar, bScalar);
      break;
  }
}

// @ts-ignore: decorator
@inline
function apply(op: i32, a: v128, b: v128): v128 {
  if (op == ADD) return f32x4.add(a, b);
  if (op == SUB) return f32x4.sub(a, b);
  if (op == MUL) return f32x4.mul(a, b);
  if (op == DIV) return f32x4.div(a, b);
  if (op == MAX) return f32x4.max(a, b);
  if (op == MIN) return f32x4.min(a, b);
  return v128.bitselect(f32x4.mul(a, b), a, f32x4.lt(a, f32x4.splat(0)));
}

// @ts-ignore: decorator
@inline
function rowOf(op: i32, a: usize, b: usize, y: usize, count: i32, aScalar: i32, bScalar: i32): void {
  let a0 = v128.load32_splat(a);
  let b0 = v128.load32_splat(b);
  let a1 = a0;
  let b1 = b0;
  for (; count >= 8; count -= 8) {
    if (!aScalar) {
      a0 = v128.load(a);
      a1 = v128.load(a, 16);
      a += 32;
    }
    if (!bScalar) {
      b0 = v128.load(b);
      b1 = v128.load(b, 16);
      b += 32;
    }
    v128.store(y, apply(op, a0, b0));
    v128.store(y, apply(op, a1, b1), 16);
    y += 32;
  }
  for (; count > 0; count -= 4) {
    if (!aScalar) {
      a0 = loadTail(a, count);
      a += 16;
    }
    if (!bScalar) {
      b0 = loadTail(b, count);
      b += 16;
    }
    storeTail(y, apply(op, a0, b0), count);
    y += 16;
  }
}

function powerRow(a: usize, b: usize, y: usize, count: i32, aScalar: i32, bScalar: i32): void {
  const aStep: usize = aScalar ? 0 : 4;
  const bStep: usize = bScalar ? 0 : 4;
  for (; count > 0; count--) {
    store<f32>(y, Mathf.pow(load<f32>(a), load<f32>(b)));
    a += aStep;
    b += bStep;
    y += 4;
  }
}
