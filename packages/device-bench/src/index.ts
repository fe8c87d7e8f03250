/**
 * Measures kernels and models on this device.
 *
 * @packageDocumentation
 */
export {};
