// y = W x + bias for weights of 8 and 4 bits and activations quantised by gemv-quantize.ts.
import {
  finishPanel,
  GROUP_STEPS,
  INFO,
  PANEL_BYTES,
  SCALES,
  STEPS,
  W,
  X,
} from "./gemv-finish";

// 8 bits, one scale a row. A step is 2 columns: 16 rows by 2 bytes. Activations are i16.
export function gemv_int8(params: usize, begin: i32, end: i32): void {
  const panelBytes = <usize>load<u32>(params, PANEL_BYTES);
  const steps = load<i32>(params, STEPS);
  const scale = v128.load_splat<f32>(<usize>load<u32>(params, INFO));
  for (let panel = begin; panel < end; panel++) {
    let w = <usize>load<u32>(params, W) + <usize>panel * panelBytes;
    let x = <usize>load<u32>(params, X);
    let a = i32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    for (let i = steps >> 1; i; i--) {
      const x0 = v128.load_splat<i32>(x);
      a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load_ext<i8>(w), x0));
      b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load_ext<i8>(w, 8), x0));
      c = i32x4.add(c, i32x4.dot_i16x8_s(v128.load_ext<i8>(w, 16), x0));
      d = i32x4.add(d, i32x4.dot_i16x8_s(v128.load_ext<i8>(w, 24), x0));
      const x1 = v128.load_splat<i32>(x, 4);
      a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load_ext<i8>(w, 32), x1));
      b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load_ext<i8>(w, 40), x1));
      c = i32x4.add(c, i32x4.dot_i16x8_s(v128.load_ext<i8>(w, 48), x1));
      d = i32x4.add(d, i32x4.dot_i16x8_s(v128.load_ext<i8>(w, 56), x1));
      w += 64;
      x += 8;
    }
    const scales = <usize>load<u32>(params, SCALES) + (<usize>panel << 6);
    finishPanel(
      f32x4.mul(f32x4.convert_i32x4_s(a), f32x4.mul(v128.load(scales), scale)),
      f32x4.mul(f32x4.convert_i32x4_s(b), f32x4.mul(v128.load(scales, 16), scale)),
      f32x4.mul(f32x4.convert_i32x4_s(c), f32x4.mul(v128.load(scales, 32), scale)),
      f32x4.mul(f32x4.convert_i32x4_s(d), f32x4.mul(v128.load(scales, 48), scale)),
      panel,
      params,
    );
  }
}

// 4 bits, one scale a row and group of columns. A step is 8 columns: 16 rows by 4 bytes, the 8 codes
// (0..15, zero at 8) of a row in a 32-bit lane: i16 halves hold columns (0, 1), (2, 3), (4, 5), (6, 7)
// in their nibbles from the lowest up. Nibbles 0 to 2 are isolated by AND and so weigh 1, 16 and 256;
// the activations carry 256, 16 and 1. Nibble 3 is shifted down. INFO holds for each group the f32
// scale of its activations / 256 and the i32 sum that the zero at 8 makes: -8 * 256 * sum(x).
// A group's stream: its steps, then 16 f32 scales.
export function gemv_int4(params: usize, begin: i32, end: i32): void {
  const panelBytes = <usize>load<u32>(params, PANEL_BYTES);
  const groups = load<i32>(params, STEPS);
  const groupSteps = load<i32>(params, GROUP_STEPS);
  const m0 = v128.load(NIBBLES);
  const m1 = v128.load(NIBBLES + 16);
  const m2 = v128.load(NIBBLES + 32);
  for (let panel = begin; panel < end; panel++) {
    let w = <usize>load<u32>(params, W) + <usize>panel * panelBytes;
    let x = <usize>load<u32>(params, X);
    let info = <usize>load<u32>(params, INFO);
    let ya = f32x4.splat(0);
    let yb = ya;
    let yc = ya;
    let yd = ya;
    for (let group = groups; group; group--) {
      let a = v128.load_splat<i32>(info, 4);
      let b = a;
      let c = a;
      let d = a;
      for (let i = groupSteps; i; i--) {
        const x0 = v128.load_splat<i32>(x);
        const x1 = v128.load_splat<i32>(x, 4);
        const x2 = v128.load_splat<i32>(x, 8);
        const x3 = v128.load_splat<i32>(x, 12);
        let v = v128.load(w);
        a = i32x4.add(a, i32x4.dot_i16x8_s(v128.and(v, m0), x0));
        a = i32x4.add(a, i32x4.dot_i16x8_s(v128.and(v, m1), x1));
        a = i32x4.add(a, i32x4.dot_i16x8_s(v128.and(v, m2), x2));
        a = i32x4.add(a, i32x4.dot_i16x8_s(i16x8.shr_u(v, 12), x3));
        v = v128.load(w, 16);
        b = i32x4.add(b, i32x4.dot_i16x8_s(v128.and(v, m0), x0));
        b = i32x4.add(b, i32x4.dot_i16x8_s(v128.and(v, m1), x1));
        b = i32x4.add(b, i32x4.dot_i16x8_s(v128.and(v, m2), x2));
        b = i32x4.add(b, i32x4.dot_i16x8_s(i16x8.shr_u(v, 12), x3));
        v = v128.load(w, 32);
        c = i32x4.add(c, i32x4.dot_i16x8_s(v128.and(v, m0), x0));
        c = i32x4.add(c, i32x4.dot_i16x8_s(v128.and(v, m1), x1));
        c = i32x4.add(c, i32x4.dot_i16x8_s(v128.and(v, m2), x2));
        c = i32x4.add(c, i32x4.dot_i16x8_s(i16x8.shr_u(v, 12), x3));
        v = v128.load(w, 48);
        d = i32x4.add(d, i32x4.dot_i16x8_s(v128.and(v, m0), x0));
        d = i32x4.add(d, i32x4.dot_i16x8_s(v128.and(v, m1), x1));
        d = i32x4.add(d, i32x4.dot_i16x8_s(v128.and(v, m2), x2));
        d = i32x4.add(d, i32x4.dot_i16x8_s(i16x8.shr_u(v, 12), x3));
        w += 64;
        x += 16;
      }
      const scale = v128.load_splat<f32>(info);
      ya = f32x4.add(ya, f32x4.mul(f32x4.convert_i32x4_s(a), f32x4.mul(v128.load(w), scale)));
      yb = f32x4.add(yb, f32x4.mul(f32x4.convert_i32x4_s(b), f32x4.mul(v128.load(w, 16), scale)));
      yc = f32x4.add(yc, f32x4.mul(f32x4.convert_i32x4_s(c), f32x4.mul(v128.load(w, 32), scale)));
      yd = f32x4.add(yd, f32x4.mul(f32x4.convert_i32x4_s(d), f32x4.mul(v128.load(w, 48), scale)));
      w += 64;
      info += 8;
    }
    finishPanel(ya, yb, yc, yd, panel, params);
  }
}

// In memory rather than v128.const, which V8 13 makes anew at every use in a loop.
const NIBBLES = memory.data<u32>([
  0x000f000f, 0x000f000f, 0x000f000f, 0x000f000f, 0x00f000f0, 0x00f000f0, 0x00f000f0, 0x00f000f0,
  0x0f000f00, 0x0f000f00, 0x0f000f00, 0x0f000f00,
]);
