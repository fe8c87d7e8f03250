/**
 * Kernels that only language models need: products of weights in few bits with one or some rows of
 * activations, attention over a cache, and what lies between them. They lie in a WebAssembly module of their
 * own, so that those who do not decode text do not download it.
 *
 * @packageDocumentation
 */
export { type EmbedRowsSpec, planEmbedRows } from "./embedding/plan-embed-rows.js";
export { languageKernels, loadLanguageKernels } from "./load-language-kernels.js";
export type { LinearSize } from "./linear/linear-driver.js";
export { packLinear } from "./linear/pack-linear.js";
export type { LinearFormat, LinearWeights, PackedLinear } from "./linear/packed-linear.js";
export { type LinearSpec, linearWorkspaceBytes, planLinear } from "./linear/plan-linear.js";
