/**
 * Reverse-mode gradients on WebAssembly SIMD, with every byte kept for the backward pass accounted for.
 *
 * @packageDocumentation
 */
export {};
