/**
 * Weights of models in few bits.
 *
 * @packageDocumentation
 */
export {};
