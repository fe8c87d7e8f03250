import type { Rng } from "@edgewright/core";
import type { Mlp } from "./mlp.js";

/**
 * Draws weights with which every output is 0 for every input, while gradients are not: the hidden layers consist of
 * two equal halves that are not connected at first, and whose contributions to the outputs have opposite signs. That
 * is the initialisation of Zhou, Li and Gu (2020, section 4) but for the first layer, which looks at the input once:
 * a network that knows nothing predicts nothing. Biases are 0.
 *
 * @returns [parameterCount], float32
 */
export function drawInitialWeights(mlp: Mlp, rng: Rng): Float32Array {
  const weights = new Float32Array(mlp.parameterCount);
  const last = mlp.layers.length - 1;
  mlp.layers.forEach((layer, l) => {
    const { inputs, outputs } = layer;
    const at = (i: number, j: number): number => layer.weights + i * outputs + j;
    const rows = l === 0 ? inputs : inputs / 2;
    const columns = l === last ? outputs : outputs / 2;
    // For ReLU, by what a unit is connected to (He et al. 2015); the last layer adds up both halves.
    const deviation = Math.sqrt(2 / (l === last ? inputs : rows));
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const value = rng.normal(0, deviation);
        weights[at(i, j)] = value;
        if (l === last) weights[at(i + rows, j)] = -value;
        else weights[at(l === 0 ? i : i + rows, j + columns)] = value;
      }
    }
  });
  return weights;
}
