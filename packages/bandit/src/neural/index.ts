/**
 * Bandit policies over small networks, trained by `@edgewright/autograd`: NeuralUCB, neural Thompson sampling and
 * NeuralLinear.
 *
 * @packageDocumentation
 */
export type { GradientPolicyOptions } from "./gradient-policy.js";
export { type NeuralLinearOptions, neuralLinear } from "./neural-linear.js";
export type { NeuralOptions } from "./neural-options.js";
export type { NeuralPolicy } from "./neural-policy.js";
export { type NeuralThompsonOptions, neuralThompson } from "./neural-thompson.js";
export { type NeuralUcbOptions, neuralUcb } from "./neural-ucb.js";
export type { NeuralExample, PretrainOptions } from "./pretrain.js";
