// Everything the extension module "language" exports: kernels that only language models need, in the same
// form `name(params: usize, begin: i32, end: i32)`. It runs over the memory of the main module, beside it; a
// name of another module must not come again.
export { set_thread } from "../thread";
export {
  embed_bf16,
  embed_f16,
  embed_f32,
  embed_int4,
  embed_int8,
  embed_ternary,
} from "./embed-rows";
export { linear_binary_coded } from "./nested/binary-coded";
export { binary_tables } from "./nested/binary-tables";
export { embed_binary_coded, embed_nested } from "./nested/embed";
export { linear_nested } from "./nested/nested";
export { nested_rows } from "./nested/nested-rows";
export { argmax_f32 } from "./argmax";
export { log_sum_exp_f32 } from "./row-statistics";
export { top_k_f32 } from "./top-k";
export { cache_attention } from "./cache-attention";
export { move_slots, shift_cache } from "./cache-move";
export { rotate_and_store } from "./cache-store";
export { rotate_and_attend } from "./decode-attention";
export { gated_activation_f32 } from "./gated-activation";
export { linear_bf16, linear_f16, linear_f32 } from "../generated/linear-floats";
export {
  linear_int4,
  linear_int4_dot,
  linear_int4_dot_half,
  linear_int8,
  linear_int8_half,
} from "../generated/linear-groups";
export { linear_ternary, linear_ternary_int8 } from "../generated/linear-tables";
export {
  linear_lift,
  linear_quantize_int4,
  linear_quantize_int4_dot,
  linear_quantize_int8,
} from "./linear/quantize";
export { linear_tables, linear_tables_int8 } from "./linear/tables";

/** Which build this is: 1 with relaxed SIMD. */
export function uses_relaxed_simd(params: usize, begin: i32, end: i32): i32 {
  return RELAXED;
}
