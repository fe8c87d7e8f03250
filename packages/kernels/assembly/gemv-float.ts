// y = W x + bias for weights stored as f32, f16 or bf16. A step is one column: 16 weights.
import { finishPanel, INFO, PANEL_BYTES, STEPS, W, X } from "./gemv-finish";

export function gemv_f32(params: usize, begin: i32, end: i32): void {
  const panelBytes = <usize>load<u32>(params, PANEL_BYTES);
  const steps = load<i32>(params, STEPS);
  for (let panel = begin; panel < end; panel++) {
    let w = <usize>load<u32>(params, W) + <usize>panel * panelBytes;
    let x = <usize>load<u32>(params, X);
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let e = a;
    let f = a;
    let g = a;
    let h = a;
    for (let i = steps >> 1; i; i--) {
      const x0 = v128.load_splat<f32>(x);
      a = f32x4.add(a, f32x4.mul(v128.load(w), x0));
      b = f32x4.add(b, f32x4.mul(v128.load(w, 16), x0));
      c = f32x4.add(c, f32x4.mul(v128.load(w, 32), x0));
      d = f32x4.add(d, f32x4.mul(v128.load(w, 48), x0));
      const x1 = v128.load_splat<f32>(x, 4);
      e = f32x4.add(e, f32x4.mul(v128.load(w, 64), x1));
      f = f32x4.add(f, f32x4.mul(v128.load(w, 80), x1));
      g = f32x4.add(g, f32x4.mul(v128.load(w, 96), x1));
      h = f32x4.add(h, f32x4.mul(v128.load(w, 112), x1));
      w += 128;
      x += 8;
    }
    if (steps & 1) {
      const x0 = v128.load_splat<f32>(x);
      a = f32x4.add(a, f32x4.mul(v128.load(w), x0));
      b = f32x4.add(b, f32x4.mul(v128.load(w, 16), x0));
      c = f32x4.add(c, f32x4.mul(v128.load(w, 32), x0));
      d = f32x4.add(d, f32x4.mul(v128.load(w, 48), x0));
    }
    finishPanel(f32x4.add(a, e), f32x4.add(b, f), f32x4.add(c, g), f32x4.add(d, h), panel, params);
  }
}

// The bits of an f16, moved to where an f32 has sign, exponent and fraction, are its value times
// 2^-112; the prepared activations carry the 2^112. 32-bit lane = rows i (low half) and i + 4.
export function gemv_f16(params: usize, begin: i32, end: i32): void {
  const panelBytes = <usize>load<u32>(params, PANEL_BYTES);
  const steps = load<i32>(params, STEPS);
  const mask = v128.load(MASKS);
  const scale = v128.load_splat<f32>(<usize>load<u32>(params, INFO));
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
    finishPanel(
      f32x4.mul(a, scale),
      f32x4.mul(b, scale),
      f32x4.mul(c, scale),
      f32x4.mul(d, scale),
      panel,
      params,
    );
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
