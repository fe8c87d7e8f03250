// Argument words of `winograd_input_f32` and `winograd_output_f32`, as byte offsets;
// src/convolution/winograd.ts writes them.
export const X: usize = 0; // the input, or the output
export const V: usize = 4; // V, or M
export const HEIGHT: usize = 8; // of X
export const WIDTH: usize = 12;
export const CHANNELS: usize = 16; // a multiple of 4
export const TILES_Y: usize = 20;
export const TILES_X: usize = 24;
export const FIRST_TILE: usize = 28; // of this job, counted over all images
export const PLANE: usize = 32; // bytes from one of the 36 matrices of V or M to the next
export const TOP: usize = 36; // padding of the input
export const LEFT: usize = 40;
export const BIAS: usize = 36; // of the output: 0 for none
export const RESIDUAL: usize = 40; // 0: none
export const Y_STRIDE: usize = 44; // bytes from pixel to pixel of the output
export const R_STRIDE: usize = 48; // same for the residual
export const LOW: usize = 52; // clamp
export const HIGH: usize = 56;
export const ACTIVATES: usize = 60;
export const ACTIVATION: usize = 64; // 5 words

// Argument words of `winograd_f32`.
export const BLOCKS: usize = 0; // argument blocks of the three steps, one set a thread
export const STRIPS: usize = 4;
export const TILES: usize = 8; // of all strips
// A set: arguments of the input transform at 0, and at
export const OUTPUT: usize = 64; // ... of the output transform
export const PRODUCT: usize = 192; // ... of the products
export const SET_BYTES: usize = 384;
