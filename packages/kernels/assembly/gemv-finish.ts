// The common frame of the matrix-vector kernels. A panel is 16 rows (ternary: 64) of the matrix in one
// sequential stream; lane = row, so that no sum crosses lanes. Unit: one panel.
import { storeWords } from "./int8-finish";

export const W: usize = 0; // packed weights
export const X: usize = 4; // prepared activations
export const Y: usize = 8;
export const ROWS: usize = 12;
export const STEPS: usize = 16; // steps of a panel's inner loop; int4: groups
export const PANEL_BYTES: usize = 20;
export const BIAS: usize = 24; // 0: none
export const SCALES: usize = 28; // f32 a row (int8, ternary), rows rounded up to whole panels
export const INFO: usize = 32; // what goes with the prepared activations: scales, starting sums
export const GROUP_STEPS: usize = 36; // int4: steps of 8 (relaxed: chunks of 32) columns in a group
export const SCRATCH: usize = 40; // ternary: 256 bytes a panel

// Stores the 16 rows of a panel, or those that exist, and adds the bias.
export function finishPanel(
  a: v128,
  b: v128,
  c: v128,
  d: v128,
  panel: i32,
  params: usize,
): void {
  const first = <usize>panel << 6;
  let y = <usize>load<u32>(params, Y) + first;
  let count = min(16, load<i32>(params, ROWS) - (panel << 4));
  let bias = <usize>load<u32>(params, BIAS);
  if (count == 16) {
    v128.store(y, a);
    v128.store(y, b, 16);
    v128.store(y, c, 32);
    v128.store(y, d, 48);
  } else {
    if (count >= 8) {
      v128.store(y, a);
      v128.store(y, b, 16);
      storeWords(c, d, y + 32, count - 8);
    } else storeWords(a, b, y, count);
  }
  if (bias) addBias(y, bias + first, count);
}

// Stores a panel times the f32 value of one activation code.
export function finishScaled(
  a: v128,
  b: v128,
  c: v128,
  d: v128,
  panel: i32,
  params: usize,
): void {
  const scale = v128.load_splat<f32>(<usize>load<u32>(params, INFO));
  finishPanel(
    f32x4.mul(a, scale),
    f32x4.mul(b, scale),
    f32x4.mul(c, scale),
    f32x4.mul(d, scale),
    panel,
    params,
  );
}

export function addBias(y: usize, bias: usize, count: i32): void {
  for (; count; count--) {
    store<f32>(y, load<f32>(y) + load<f32>(bias));
    y += 4;
    bias += 4;
  }
}
