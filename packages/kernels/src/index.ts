/**
 * WebAssembly SIMD arithmetic for neural networks.
 *
 * @packageDocumentation
 */
export { type Allocation, Arena } from "./runtime/arena.js";
export { createPlan, floatBits, type Job, type JobSpec, type Plan } from "./runtime/job.js";
export {
  type Kernels,
  type KernelVariant,
  type LoadKernelsOptions,
  loadKernels,
} from "./runtime/load.js";
