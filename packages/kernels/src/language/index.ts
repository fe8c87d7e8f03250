/**
 * Kernels that only language models need: products of weights in few bits with one or some rows of
 * activations, attention over a cache, and what lies between them. They lie in a WebAssembly module of their
 * own, so that those who do not decode text do not download it.
 *
 * @packageDocumentation
 */
export {
  createRotaryAngles,
  type RotaryAnglesOptions,
} from "../training/attention/create-rotary-angles.js";
export {
  type GateActivation,
  type GatedActivationSpec,
  planGatedActivation,
} from "./activation/plan-gated-activation.js";
export {
  type CacheAttentionSize,
  type CacheAttentionSpec,
  cacheAttentionWorkspaceBytes,
  planCacheAttention,
  type TreePaths,
} from "./attention/plan-cache-attention.js";
export {
  planRotateAndAttend,
  type RotateAndAttendSpec,
} from "./attention/plan-rotate-and-attend.js";
export { type CacheSlice, cacheSlices } from "./cache/cache-slices.js";
export {
  createKvCache,
  type KvCache,
  type KvCacheOptions,
  kvCacheBytes,
} from "./cache/create-kv-cache.js";
export {
  type KvCacheLayout,
  type KvCacheType,
  locateSlot,
  type SlotAddresses,
} from "./cache/kv-cache-layout.js";
export { type MoveSlotsSpec, planMoveSlots } from "./cache/plan-move-slots.js";
export {
  planRotateAndStore,
  type RopePairing,
  type RotateAndStoreSpec,
} from "./cache/plan-rotate-and-store.js";
export { planShiftCache, type ShiftCacheSpec } from "./cache/plan-shift-cache.js";
export { type EmbedRowsSpec, planEmbedRows } from "./embedding/plan-embed-rows.js";
export type { LinearSize } from "./linear/linear-driver.js";
export type { LinearPacking } from "./linear/linear-packing.js";
export {
  type PackedLinearBytesOptions,
  packedLinearBytes,
  packLinear,
  packLinearParts,
} from "./linear/pack-linear.js";
export type { LinearFormat, LinearWeights, PackedLinear } from "./linear/packed-linear.js";
export { type LinearSpec, linearWorkspaceBytes, planLinear } from "./linear/plan-linear.js";
export { languageKernels, loadLanguageKernels } from "./load-language-kernels.js";
export { planRmsNorm, type RmsNormSpec } from "./normalization/plan-rms-norm.js";
export { type ArgmaxSpec, planArgmax } from "./selection/plan-argmax.js";
export { type LogSumExpSpec, planLogSumExp } from "./selection/plan-log-sum-exp.js";
export { planTopK, type TopKSpec } from "./selection/plan-top-k.js";
