// y = W x + bias for weights of 8 and 4 bits and activations quantised by gemv-quantize.ts.
//
// Both unpack by telescoping: a lane L = lo + 256 hi is multiplied whole, and the next digit's factor
// takes off what was too much: lo x0 + hi x1 = L x0 + hi (x1 - 256 x0). So the lowest digit needs no
// unpacking and the others one arithmetic shift. Sums run modulo 2^32, in which this is exact. Digits
// other than the highest are unsigned; the sums start at what that offset amounts to.
import {
  finishPanel,
  finishScaled,
  GROUP_STEPS,
  INFO,
  PANEL_BYTES,
  SCALES,
  STEPS,
  W,
  X,
} from "./gemv-finish";

// 8 bits, one scale a row. A step is 4 columns: 16 rows by 4 bytes, even columns with 128 added.
// INFO: f32 value of one activation code, i32 start of the sums.
export function gemv_int8(params: usize, begin: i32, end: i32): void {
  const panelBytes = <usize>load<u32>(params, PANEL_BYTES);
  const steps = load<i32>(params, STEPS);
  const info = <usize>load<u32>(params, INFO);
  for (let panel = begin; panel < end; panel++) {
    let w = <usize>load<u32>(params, W) + <usize>panel * panelBytes;
    let x = <usize>load<u32>(params, X);
    let a = v128.load_splat<i32>(info, 4);
    let b = a;
    let c = a;
    let d = a;
    for (let i = steps; i; i--) {
      const x0 = v128.load_splat<i32>(x);
      const x1 = v128.load_splat<i32>(x, 4);
      let v = v128.load(w);
      a = i32x4.add(a, i32x4.dot_i16x8_s(v, x0));
      a = i32x4.add(a, i32x4.dot_i16x8_s(i16x8.shr_s(v, 8), x1));
      v = v128.load(w, 16);
      b = i32x4.add(b, i32x4.dot_i16x8_s(v, x0));
      b = i32x4.add(b, i32x4.dot_i16x8_s(i16x8.shr_s(v, 8), x1));
      v = v128.load(w, 32);
      c = i32x4.add(c, i32x4.dot_i16x8_s(v, x0));
      c = i32x4.add(c, i32x4.dot_i16x8_s(i16x8.shr_s(v, 8), x1));
      v = v128.load(w, 48);
      d = i32x4.add(d, i32x4.dot_i16x8_s(v, x0));
      d = i32x4.add(d, i32x4.dot_i16x8_s(i16x8.shr_s(v, 8), x1));
      w += 64;
      x += 8;
    }
    const scale = v128.load_splat<f32>(info);
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

// 4 bits, one scale a row and group of columns. A step is 8 columns: 16 rows by 4 bytes; the i16 halves
// of a row hold columns (0, 1), (2, 3), (4, 5), (6, 7) in their nibbles from the lowest up, the highest
// as signed numbers. INFO: f32 value of one activation code, then for each group the i32 start of its
// sums. A group's stream: its steps, then 16 f32 scales.
export function gemv_int4(params: usize, begin: i32, end: i32): void {
  const panelBytes = <usize>load<u32>(params, PANEL_BYTES);
  const groups = load<i32>(params, STEPS);
  const groupSteps = load<i32>(params, GROUP_STEPS);
  for (let panel = begin; panel < end; panel++) {
    let w = <usize>load<u32>(params, W) + <usize>panel * panelBytes;
    let x = <usize>load<u32>(params, X);
    let info = <usize>load<u32>(params, INFO);
    let ya = f32x4.splat(0);
    let yb = ya;
    let yc = ya;
    let yd = ya;
    for (let group = groups; group; group--) {
      info += 4;
      let a = v128.load_splat<i32>(info);
      let b = a;
      let c = a;
      let d = a;
      for (let i = groupSteps; i; i--) {
        const x0 = v128.load_splat<i32>(x);
        const x1 = v128.load_splat<i32>(x, 4);
        const x2 = v128.load_splat<i32>(x, 8);
        const x3 = v128.load_splat<i32>(x, 12);
        let v = v128.load(w);
        a = i32x4.add(a, i32x4.dot_i16x8_s(v, x0));
        a = i32x4.add(a, i32x4.dot_i16x8_s(i16x8.shr_s(v, 4), x1));
        a = i32x4.add(a, i32x4.dot_i16x8_s(i16x8.shr_s(v, 8), x2));
        a = i32x4.add(a, i32x4.dot_i16x8_s(i16x8.shr_s(v, 12), x3));
        v = v128.load(w, 16);
        b = i32x4.add(b, i32x4.dot_i16x8_s(v, x0));
        b = i32x4.add(b, i32x4.dot_i16x8_s(i16x8.shr_s(v, 4), x1));
        b = i32x4.add(b, i32x4.dot_i16x8_s(i16x8.shr_s(v, 8), x2));
        b = i32x4.add(b, i32x4.dot_i16x8_s(i16x8.shr_s(v, 12), x3));
        v = v128.load(w, 32);
        c = i32x4.add(c, i32x4.dot_i16x8_s(v, x0));
        c = i32x4.add(c, i32x4.dot_i16x8_s(i16x8.shr_s(v, 4), x1));
        c = i32x4.add(c, i32x4.dot_i16x8_s(i16x8.shr_s(v, 8), x2));
        c = i32x4.add(c, i32x4.dot_i16x8_s(i16x8.shr_s(v, 12), x3));
        v = v128.load(w, 48);
        d = i32x4.add(d, i32x4.dot_i16x8_s(v, x0));
        d = i32x4.add(d, i32x4.dot_i16x8_s(i16x8.shr_s(v, 4), x1));
        d = i32x4.add(d, i32x4.dot_i16x8_s(i16x8.shr_s(v, 8), x2));
        d = i32x4.add(d, i32x4.dot_i16x8_s(i16x8.shr_s(v, 12), x3));
        w += 64;
        x += 16;
      }
      ya = f32x4.add(ya, f32x4.mul(f32x4.convert_i32x4_s(a), v128.load(w)));
      yb = f32x4.add(yb, f32x4.mul(f32x4.convert_i32x4_s(b), v128.load(w, 16)));
      yc = f32x4.add(yc, f32x4.mul(f32x4.convert_i32x4_s(c), v128.load(w, 32)));
      yd = f32x4.add(yd, f32x4.mul(f32x4.convert_i32x4_s(d), v128.load(w, 48)));
      w += 64;
    }
    finishScaled(ya, yb, yc, yd, panel, params);
  }
}

// The same for the relaxed build, groups of a multiple of 32 columns. Bytes of a row: column j low,
// column j + 4 high. The weights are the dot product's 7-bit operand, so every engine gives the same
// sums; 8 of them, of at most 2 * 15 * 127, fit 16 bits, and so a chunk of 32 columns is summed there.
export function gemv_int4_dot(params: usize, begin: i32, end: i32): void {
  if (!RELAXED) return;
  const panelBytes = <usize>load<u32>(params, PANEL_BYTES);
  const groups = load<i32>(params, STEPS);
  const chunks = load<i32>(params, GROUP_STEPS);
  const low = v128.load(LOW_NIBBLES);
  const ones = v128.load(LOW_NIBBLES, 16);
  for (let panel = begin; panel < end; panel++) {
    let w = <usize>load<u32>(params, W) + <usize>panel * panelBytes;
    let x = <usize>load<u32>(params, X);
    let info = <usize>load<u32>(params, INFO);
    let ya = f32x4.splat(0);
    let yb = ya;
    let yc = ya;
    let yd = ya;
    for (let group = groups; group; group--) {
      info += 4;
      let a = v128.load_splat<i32>(info);
      let b = a;
      let c = a;
      let d = a;
      for (let chunk = chunks; chunk; chunk--) {
        let sa = i16x8.splat(0);
        let sb = sa;
        let sc = sa;
        let sd = sa;
        for (let i = 4; i; i--) {
          const x0 = v128.load_splat<i32>(x);
          const x1 = v128.load_splat<i32>(x, 4);
          let v = v128.load(w);
          sa = i16x8.add(sa, i16x8.relaxed_dot_i8x16_i7x16_s(x0, v128.and(v, low)));
          sa = i16x8.add(sa, i16x8.relaxed_dot_i8x16_i7x16_s(x1, v128.and(i16x8.shr_u(v, 4), low)));
          v = v128.load(w, 16);
          sb = i16x8.add(sb, i16x8.relaxed_dot_i8x16_i7x16_s(x0, v128.and(v, low)));
          sb = i16x8.add(sb, i16x8.relaxed_dot_i8x16_i7x16_s(x1, v128.and(i16x8.shr_u(v, 4), low)));
          v = v128.load(w, 32);
          sc = i16x8.add(sc, i16x8.relaxed_dot_i8x16_i7x16_s(x0, v128.and(v, low)));
          sc = i16x8.add(sc, i16x8.relaxed_dot_i8x16_i7x16_s(x1, v128.and(i16x8.shr_u(v, 4), low)));
          v = v128.load(w, 48);
          sd = i16x8.add(sd, i16x8.relaxed_dot_i8x16_i7x16_s(x0, v128.and(v, low)));
          sd = i16x8.add(sd, i16x8.relaxed_dot_i8x16_i7x16_s(x1, v128.and(i16x8.shr_u(v, 4), low)));
          w += 64;
          x += 8;
        }
        a = i32x4.add(a, i32x4.dot_i16x8_s(sa, ones));
        b = i32x4.add(b, i32x4.dot_i16x8_s(sb, ones));
        c = i32x4.add(c, i32x4.dot_i16x8_s(sc, ones));
        d = i32x4.add(d, i32x4.dot_i16x8_s(sd, ones));
      }
      ya = f32x4.add(ya, f32x4.mul(f32x4.convert_i32x4_s(a), v128.load(w)));
      yb = f32x4.add(yb, f32x4.mul(f32x4.convert_i32x4_s(b), v128.load(w, 16)));
      yc = f32x4.add(yc, f32x4.mul(f32x4.convert_i32x4_s(c), v128.load(w, 32)));
      yd = f32x4.add(yd, f32x4.mul(f32x4.convert_i32x4_s(d), v128.load(w, 48)));
      w += 64;
    }
    finishScaled(ya, yb, yc, yd, panel, params);
  }
}

// In memory rather than v128.const, which V8 13 makes anew at every use in a loop.
const LOW_NIBBLES = memory.data<u32>([
  0x0f0f0f0f, 0x0f0f0f0f, 0x0f0f0f0f, 0x0f0f0f0f, 0x00010001, 0x00010001, 0x00010001, 0x00010001,
]);
