// Everything the extension module "training" exports: kernels that only training needs, in the same form
// `name(params: usize, begin: i32, end: i32)`. It runs over the memory of the main module, beside it; a
// name of the main module's must not come again.
export { set_thread } from "../thread";
export { column_product_f32 } from "./column-product";
export { column_sums_f32 } from "./column-sums";
export { pack_taps_f32 } from "./pack-taps";
export { winograd_gradient_f32, winograd_weight_gradient_f32 } from "./winograd-weight-gradient";
export { winograd_weights_f32 } from "./winograd-weights";
export { gather_rows, gather_rows_gradient_f32 } from "./gather";
export { masked_softmax_f32 } from "./masked-softmax";
export { rotary_f32 } from "./rotary";
export { activation_gradient_f32 } from "./activation-gradient";
export { cosine_f32, cosine_gradient_f32 } from "./cosine";
export { cross_entropy_f32, cross_entropy_gradient_f32, finish_loss } from "./cross-entropy";
export { mask_activation_f32, mask_gradient_f32 } from "./mask";
export { adam_f32, sgd_f32 } from "./optimizer";
export { prelu_gradient_f32, prelu_slope_gradient_f32 } from "./prelu-gradient";
export { soft_cross_entropy_f32, soft_cross_entropy_gradient_f32 } from "./soft-cross-entropy";
export { softmax_gradient_f32 } from "./softmax-gradient";
export { add_partials, scale_difference_f32, squares_f64 } from "./squares";
export {
  batch_gradient_f32,
  channel_gradient_f32,
  channel_products_f32,
  merge_sums_f32,
} from "./channel-gradient";
export {
  batch_statistics_f32,
  channel_moments_f32,
  inverse_deviation_f32,
  merge_moments_f32,
} from "./channel-moments";
export { normalize_channels_f32 } from "./channel-normalize";
export { depthwise_3x3_f32, depthwise_3x3_products_f32 } from "./depthwise-3x3";
export {
  depthwise_input_gradient_f32,
  depthwise_products_f32,
  pick_columns_f32,
} from "./depthwise-gradient";
export {
  group_gradient_f32,
  group_parameters_f32,
  group_statistics_f32,
  spread_groups_f32,
} from "./group-norm";
export {
  global_average_gradient_f32,
  max_pool_argmax_f32,
  pool_gradient_f32,
} from "./pool-training";
export { normalize_rows_f32, normalize_rows_gradient_f32 } from "./row-norm";

/** Which build this is: 1 with relaxed SIMD. */
export function uses_relaxed_simd(params: usize, begin: i32, end: i32): i32 {
  return RELAXED;
}
