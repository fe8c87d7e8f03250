// y = W x + bias for weights stored as f32, f16 or bf16. A step is one column: 16 weights.
import { finishPanel, finishScaled, PANEL_BYTES, STEPS, W, X } from "./gemv-finish";

// The two halves of the columns are read as two streams: one alone reaches nine tenths of the memory's
// speed here, two all of it.
export function gemv_f32(params: usize, begin: i32, end: i32): void {
  const panelBytes = <usize>load<u32>(params, PANEL_BYTES);
  const steps = load<i32>(params, STEPS);
  const half = <usize>(steps >> 1);
  for (let panel = begin; panel < end; panel++) {
    let w = <usize>load<u32>(params, W) + <usize>panel * panelBytes;
    let x = <usize>load<u32>(params, X);
    let v = w + (half << 6);
    let z = x + (half << 2);
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    for (let i = half; i; i--) {
      let x0 = v128.load_splat<f32>(x);
      a = f32x4.add(a, f32x4.mul(v128.load(w), x0));
      b = f32x4.add(b, f32x4.mul(v128.load(w, 16), x0));
      c = f32x4.add(c, f32x4.mul(v128.load(w, 32), x0));
      d = f32x4.add(d, f32x4.mul(v128.load(w, 48), x0));
      x0 = v128.load_splat<f32>(z);
      a = f32x4.add(a, f32x4.mul(v128.load(v), x0));
      b = f32x4.add(b, f32x4.mul(v128.load(v, 16), x0));
      c = f32x4.add(c, f32x4.mul(v128.load(v, 32), x0));
      d = f32x4.add(d, f32x4.mul(v128.load(v, 48), x0));
      w += 64;
      x += 4;
      v += 64;
      z += 4;
    }
    if (steps & 1) {
      const x0 = v128.load_splat<f32>(z);
      a = f32x4.add(a, f32x4.mul(v128.load(v), x0));
      b = f32x4.add(b, f32x4.mul(v128.load(v, 16), x0));
      c = f32x4.add(c, f32x4.mul(v128.load(v, 32), x0));
      d = f32x4.add(d, f32x4.mul(v128.load(v, 48), x0));
    }
    finishPanel(a, b, c, d, panel, params);
  }
}

// The bits of an f16, moved to where an f32 has sign, exponent and fraction, are its value times
// 2^-112; the prepared activations carry the 2^112. 32-bit lane = rows i (low half) and i + 4.
export function gemv_f16(params: usize, begin: i32, end: i32): void {
  const panelBytes = <usize>load<u32>(params, PANEL_BYTES);
  const steps = load<i32>(params, STEPS);
  const mask = v128.load(MASKS);
  for (let panel = begin; panel < end; panel++) {
    let w = <usize>load<u32>(params, W) + <usize>panel * panelBytes;
    let x = <usize>load<u32>(params, X);
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    for (let i = steps; i; i--) {
      const x0 = v128.load_splat<f32>(x);
      const v = v128.load(w);
      const u = v128.load(w, 16);
      a = f32x4.add(a, f32x4.mul(v128.and(i32x4.shr_s(i32x4.shl(v, 16), 3), mask), x0));
      b = f32x4.add(b, f32x4.mul(v128.and(i32x4.shr_s(v, 3), mask), x0));
      c = f32x4.add(c, f32x4.mul(v128.and(i32x4.shr_s(i32x4.shl(u, 16), 3), mask), x0));
      d = f32x4.add(d, f32x4.mul(v128.and(i32x4.shr_s(u, 3), mask), x0));
      w += 32;
      x += 4;
    }
    finishScaled(a, b, c, d, panel, params);
  }
}

export function gemv_bf16(params: usize, begin: i32, end: i32): void {
  const panelBytes = <usize>load<u32>(params, PANEL_BYTES);
  const steps = load<i32>(params, STEPS);
  const mask = v128.load(MASKS + 16);
  for (let panel = begin; panel < end; panel++) {
    let w = <usize>load<u32>(params, W) + <usize>panel * panelBytes;
    let x = <usize>load<u32>(params, X);
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    for (let i = steps; i; i--) {
      const x0 = v128.load_splat<f32>(x);
      const v = v128.load(w);
      const u = v128.load(w, 16);
      a = f32x4.add(a, f32x4.mul(i32x4.shl(v, 16), x0));
      b = f32x4.add(b, f32x4.mul(v128.and(v, mask), x0));
      c = f32x4.add(c, f32x4.mul(i32x4.shl(u, 16), x0));
      d = f32x4.add(d, f32x4.mul(v128.and(u, mask), x0));
      w += 32;
      x += 4;
    }
    finishPanel(a, b, c, d, panel, params);
  }
}

// In memory rather than v128.const, which V8 13 makes anew at every use in a loop.
const MASKS = memory.data<u32>([
  0x8fffe000, 0x8fffe000, 0x8fffe000, 0x8fffe000, 0xffff0000, 0xffff0000, 0xffff0000, 0xffff0000,
]);
