/**
 * Kernels that only training needs: products with transposed operands, gradients, losses, optimisers. They
 * lie in a WebAssembly module of their own, so that those who only infer do not download it.
 *
 * @packageDocumentation
 */
export { loadTrainingKernels, trainingKernels } from "./load-training-kernels.js";
