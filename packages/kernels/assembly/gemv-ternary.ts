// y = W x + bias for weights -1, 0, 1 by table look-up (TL1 of T-MAC and bitnet.cpp): a nibble numbers
// the 9 combinations of two weights of a row, and a table of 16 bytes, made for each pair of columns by
// gemv_tables, holds what each combination contributes, plus 63 to stay positive.
import { addBias, BIAS, INFO, PANEL_BYTES, ROWS, SCALES, SCRATCH, STEPS, W, X, Y } from "./gemv-finish";

const BLOCK: i32 = 128; // steps, 512 columns, that share a scale; 128 * 252 fits 16 bits

// A panel is 64 rows, a step 4 columns: 64 bytes. Byte b of vector v belongs to row 16 v + r, with
// r = b / 2 for even b and 8 + b / 2 for odd b; columns 0 and 1 number its low nibble, 2 and 3 the high
// one. Entries of both tables, at most 126 each, are added as bytes. Sums run on i16 lanes: s takes whole
// lanes (even byte + 256 * odd byte), o the odd bytes; the even bytes' sum is s - 256 o, modulo 2^16.
// INFO: the f32 value of one code, for each block.
export function gemv_ternary(params: usize, begin: i32, end: i32): void {
  const panelBytes = <usize>load<u32>(params, PANEL_BYTES);
  const steps = load<i32>(params, STEPS);
  const low = v128.load(LOW_NIBBLES);
  for (let panel = begin; panel < end; panel++) {
    let w = <usize>load<u32>(params, W) + <usize>panel * panelBytes;
    let x = <usize>load<u32>(params, X);
    let info = <usize>load<u32>(params, INFO);
    const sums = <usize>load<u32>(params, SCRATCH) + (<usize>panel << 8);
    memory.fill(sums, 0, 256);
    for (let left = steps; left > 0; left -= BLOCK) {
      const count = min(left, BLOCK);
      let s0 = i16x8.splat(0);
      let s1 = s0;
      let s2 = s0;
      let s3 = s0;
      let o0 = s0;
      let o1 = s0;
      let o2 = s0;
      let o3 = s0;
      for (let i = count; i; i--) {
        const first = v128.load(x);
        const second = v128.load(x, 16);
        load<i32>(w, 256); // touched ahead: so little is read that the prefetcher keeps too short a lead
        let v = v128.load(w);
        let t = i8x16.add(
          lookUp(first, v128.and(v, low)),
          lookUp(second, v128.and(i16x8.shr_u(v, 4), low)),
        );
        s0 = i16x8.add(s0, t);
        o0 = i16x8.add(o0, i16x8.shr_u(t, 8));
        v = v128.load(w, 16);
        t = i8x16.add(
          lookUp(first, v128.and(v, low)),
          lookUp(second, v128.and(i16x8.shr_u(v, 4), low)),
        );
        s1 = i16x8.add(s1, t);
        o1 = i16x8.add(o1, i16x8.shr_u(t, 8));
        v = v128.load(w, 32);
        t = i8x16.add(
          lookUp(first, v128.and(v, low)),
          lookUp(second, v128.and(i16x8.shr_u(v, 4), low)),
        );
        s2 = i16x8.add(s2, t);
        o2 = i16x8.add(o2, i16x8.shr_u(t, 8));
        v = v128.load(w, 48);
        t = i8x16.add(
          lookUp(first, v128.and(v, low)),
          lookUp(second, v128.and(i16x8.shr_u(v, 4), low)),
        );
        s3 = i16x8.add(s3, t);
        o3 = i16x8.add(o3, i16x8.shr_u(t, 8));
        w += 64;
        x += 32;
      }
      flush(sums, s0, o0, count, info);
      flush(sums + 64, s1, o1, count, info);
      flush(sums + 128, s2, o2, count, info);
      flush(sums + 192, s3, o3, count, info);
      info += 4;
    }
    const first = <usize>panel << 8;
    const scales = <usize>load<u32>(params, SCALES) + first;
    for (let i: usize = 0; i < 256; i += 16) {
      v128.store(sums + i, f32x4.mul(v128.load(sums + i), v128.load(scales + i)));
    }
    const rows = min(64, load<i32>(params, ROWS) - (panel << 6));
    const y = <usize>load<u32>(params, Y) + first;
    memory.copy(y, sums, <usize>(rows << 2));
    const bias = <usize>load<u32>(params, BIAS);
    if (bias) addBias(y, bias + first, rows);
  }
}

// @ts-ignore: decorator
@inline
function lookUp(table: v128, at: v128): v128 {
  return RELAXED ? i8x16.relaxed_swizzle(table, at) : i8x16.swizzle(table, at);
}

// Adds the sums of a block to those of 16 rows.
function flush(sums: usize, s: v128, o: v128, count: i32, info: usize): void {
  const even = i16x8.sub(s, i16x8.shl(o, 8));
  addSums(sums, i32x4.extend_low_i16x8_u(even), count, info);
  addSums(sums + 16, i32x4.extend_high_i16x8_u(even), count, info);
  addSums(sums + 32, i32x4.extend_low_i16x8_u(o), count, info);
  addSums(sums + 48, i32x4.extend_high_i16x8_u(o), count, info);
}

function addSums(sums: usize, s: v128, count: i32, info: usize): void {
  const real = f32x4.convert_i32x4_s(i32x4.sub(s, i32x4.splat(126 * count)));
  v128.store(sums, f32x4.add(v128.load(sums), f32x4.mul(real, v128.load_splat<f32>(info))));
}

// In memory rather than v128.const, which V8 13 makes anew at every use in a loop.
const LOW_NIBBLES = memory.data<u32>([0x0f0f0f0f, 0x0f0f0f0f, 0x0f0f0f0f, 0x0f0f0f0f]);
