/**
 * Bandit policies over small networks, trained by `@edgewright/autograd`: NeuralLinear and NeuralUCB.
 *
 * @packageDocumentation
 */
export {};
