// Everything the module exports. A kernel is `name(params: usize, begin: i32, end: i32)`: it reads its
// arguments as 32-bit words at `params` and computes the units [begin, end) of its job, so that the
// same function serves one thread (0, units) and any split over many.
export * from "./affine";
export * from "./bandwidth";
export * from "./elementwise";
export { gemv_bf16, gemv_f16, gemv_f32 } from "./gemv-float";
export { gemv_int4, gemv_int4_dot, gemv_int8 } from "./gemv-integer";
export * from "./gemv-quantize";
export * from "./gemv-ternary";
export * from "./int8-depthwise";
export * from "./int8-prepare";
export * from "./generated/int8-tiles";
export { copy_runs, fill_words, transpose } from "./layout";
export { channel_statistics_f32, group_scale_f32, normalize_f32, softmax_f32 } from "./normalize";
export { lstm_cell_f32 } from "./lstm";
export * from "./pool";
export * from "./reduce";
export * from "./resize";
export { depthwise_f32 } from "./depthwise";
export * from "./matrix-layout";
export { peak_f32 } from "./peak";
export { segment_product_f32 } from "./segment-product";
export { set_thread } from "./thread";

/** Which build this is: 1 with relaxed SIMD. */
export function uses_relaxed_simd(params: usize, begin: i32, end: i32): i32 {
  return RELAXED;
}
export { winograd_f32, winograd_input_f32, winograd_output_f32 } from "./winograd";
