/**
 * Language models on the tape: the llama family and BitNet, for sensitivities, distillation and training.
 *
 * @packageDocumentation
 */
export {};
