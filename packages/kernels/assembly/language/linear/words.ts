// The argument words of the products with the weights of language models, and how they end. A panel is 16 rows
// (ternary: 64) of the matrix in one sequential stream; lane = row, so that no sum crosses lanes. Unit: one panel,
// for all rows of x. A row of y has the same bits whatever other rows are computed with it.
import { loadPart, loadPart4, storePart } from "../../lanes";

export const W: usize = 0; // packed weights
export const X: usize = 4; // rows of x, or what was prepared of them
export const Y: usize = 8;
export const ROWS: usize = 12; // of the matrix
export const STEPS: usize = 16; // steps of a panel's inner loop, or groups of columns
export const PANEL_BYTES: usize = 20;
export const BIAS: usize = 24; // 0: none
export const SCALES: usize = 28; // f32 a row of the matrix, rounded up to whole panels
export const INFO: usize = 32; // what goes with a prepared row of x: scales, starting sums
export const GROUP_STEPS: usize = 36; // steps of a group
export const N: usize = 40; // rows of x
export const X_STRIDE: usize = 44; // bytes from one row of x to the next
export const Y_STRIDE: usize = 48; // bytes
export const INFO_STRIDE: usize = 52; // bytes
export const ACCUMULATE: usize = 56; // 1: y += W x
export const OFFSETS: usize = 60; // 1: groups have 16 f32 offsets behind their scales
export const CHUNKS: usize = 64; // linear_int4_dot: chunks of a group
// 68: see ternary.ts
export const LIFT: usize = 72; // f32: what scales in 16 bits, moved to their places in an f32, are multiplied by

/** Ends eight rows from `row` of the product with row `r` of x: (sum + bias) + what y held. */
export function finishLanes(a: v128, b: v128, row: i32, r: i32, params: usize): void {
  const y =
    <usize>load<u32>(params, Y) + <usize>r * <usize>load<u32>(params, Y_STRIDE) + (<usize>row << 2);
  const count = min(8, load<i32>(params, ROWS) - row);
  if (count <= 0) return;
  const bias = <usize>load<u32>(params, BIAS);
  if (bias) {
    a = f32x4.add(a, loadPart(bias + (<usize>row << 2), count));
    b = f32x4.add(b, loadPart4(bias + (<usize>row << 2), count));
  }
  if (load<i32>(params, ACCUMULATE)) {
    a = f32x4.add(a, loadPart(y, count));
    b = f32x4.add(b, loadPart4(y, count));
  }
  if (count == 8) {
    v128.store(y, a);
    v128.store(y, b, 16);
  } else storePart(y, a, b, count);
}
