/**
 * Kernels that only language models need: products of weights in few bits with one or some rows of
 * activations, attention over a cache, and what lies between them. They lie in a WebAssembly module of their
 * own, so that those who do not decode text do not download it.
 *
 * @packageDocumentation
 */
export { languageKernels, loadLanguageKernels } from "./load-language-kernels.js";
