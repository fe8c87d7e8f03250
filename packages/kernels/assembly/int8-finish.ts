// The end of an int8 product: eight i32 sums of one output row become i32, u8, i8 or f32 in memory.

// Words of the parameter block shared by every int8 product kernel (see src/int8/product-words.ts).
export const A: usize = 0; // prepared activations
export const B: usize = 4; // packed weights
export const Y: usize = 8;
export const ROWS: usize = 12; // output rows (pixels) in all
export const PANELS: usize = 16; // weight panels of 8 columns, all groups together
export const BLOCK_ROWS: usize = 20; // output rows of one unit
export const OUT_WIDTH: usize = 24; // pixels of an output row
export const OUT_HEIGHT: usize = 28;
export const PIXEL_STRIDE: usize = 32; // bytes in A from one output pixel to the next
export const LINE_STRIDE: usize = 36; // ... from one output line to the next
export const IMAGE_STRIDE: usize = 40;
export const RUNS: usize = 44; // contiguous runs of A that one output row reads
export const OFFSETS: usize = 48; // byte offset of each run
export const RUN_STEPS: usize = 52; // 4-byte steps of a run
export const PANEL_BYTES: usize = 56;
export const PANELS_PER_GROUP: usize = 60;
export const COLUMNS_PER_GROUP: usize = 64;
export const GROUP_BYTES: usize = 68; // bytes in A from one group's channels to the next group's
export const START: usize = 72; // i32 starting sums, 8 a panel
export const KIND: usize = 76; // 0 i32, 1 u8, 2 i8, 3 f32
export const ROW_BYTES: usize = 80; // bytes in Y from one output row to the next
export const SCALE: usize = 84; // f32, 8 a panel
export const SHIFT: usize = 88; // f32 added after the scale (kind 3), 8 a panel
export const ZERO: usize = 92; // zero point of the output (kinds 1 and 2)
export const LOW: usize = 96; // f32 bounds of the value before the zero point is added
export const HIGH: usize = 100;

// Rounds to nearest, ties to even, as ONNX QuantizeLinear does; the bounds are whole numbers, so
// clamping first gives the same codes as saturating last.
export function finishRow(
  lo: v128,
  hi: v128,
  y: usize,
  at: usize,
  count: i32,
  params: usize,
): void {
  const kind = load<i32>(params, KIND);
  if (kind) {
    const scale = <usize>load<u32>(params, SCALE) + at;
    lo = f32x4.mul(f32x4.convert_i32x4_s(lo), v128.load(scale));
    hi = f32x4.mul(f32x4.convert_i32x4_s(hi), v128.load(scale, 16));
    if (kind != 3) {
      const low = v128.load_splat<f32>(params, LOW);
      const high = v128.load_splat<f32>(params, HIGH);
      lo = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.min(f32x4.max(lo, low), high)));
      hi = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.min(f32x4.max(hi, low), high)));
      const codes = i16x8.add(
        i16x8.narrow_i32x4_s(lo, hi),
        i16x8.splat(<i16>load<i32>(params, ZERO)),
      );
      storeBytes(kind == 1 ? i8x16.narrow_i16x8_u(codes, codes) : i8x16.narrow_i16x8_s(codes, codes), y, count);
      return;
    }
    const shift = <usize>load<u32>(params, SHIFT) + at;
    lo = f32x4.add(lo, v128.load(shift));
    hi = f32x4.add(hi, v128.load(shift, 16));
  }
  if (count == 8) {
    v128.store(y, lo);
    v128.store(y, hi, 16);
    return;
  }
  storeWords(lo, hi, y, count);
}

function storeBytes(codes: v128, y: usize, count: i32): void {
  if (count & 8) {
    v128.store64_lane(y, codes, 0);
    return;
  }
  if (count & 4) {
    v128.store32_lane(y, codes, 0);
    codes = i64x2.shr_u(codes, 32);
    y += 4;
  }
  if (count & 2) {
    v128.store16_lane(y, codes, 0);
    codes = i64x2.shr_u(codes, 16);
    y += 2;
  }
  if (count & 1) v128.store8_lane(y, codes, 0);
}

// Stores the first count (1 to 7) of eight 32-bit lanes.
export function storeWords(lo: v128, hi: v128, y: usize, count: i32): void {
  if (count & 4) {
    v128.store(y, lo);
    lo = hi;
    y += 16;
  }
  if (count & 2) {
    v128.store64_lane(y, lo, 0);
    lo = v128.shuffle<i64>(lo, lo, 1, 1);
    y += 8;
  }
  if (count & 1) v128.store32_lane(y, lo, 0);
}
