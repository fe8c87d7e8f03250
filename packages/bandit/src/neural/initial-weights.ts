import type { Rng } from "@edgewright/core";
import type { Mlp } from "./mlp.js";

/**
 * Draws weights with which every output is exactly 0 for every input, while gradients are not: units of the last
 * hidden layer come in pairs with equal weights into them and opposite weights out of them. The aim is that of the
 * mirrored initialisation of Zhou, Li and Gu (2020, section 4): a network that knows nothing predicts nothing.
 * Otherwise normal with variance 2 / inputs (He et al. 2015), and biases of 0.
 *
 * @returns [parameterCount], float32
 */
export function drawInitialWeights(mlp: Mlp, rng: Rng): Float32Array {
  const weights = new Float32Array(mlp.parameterCount);
  const last = mlp.layers.length - 1;
  mlp.layers.forEach((layer, l) => {
    const { inputs, outputs } = layer;
    const deviation = Math.sqrt(2 / inputs);
    for (let i = 0; i < inputs; i++) {
      for (let j = 0; j < outputs; j++) {
        const at = layer.weights + i * outputs + j;
        const columnTwin = l === last - 1 && j % 2 === 1;
        const rowTwin = l === last && i % 2 === 1;
        if (columnTwin) weights[at] = weights[at - 1]!;
        else if (rowTwin) weights[at] = -weights[at - outputs]!;
        else weights[at] = rng.normal(0, deviation);
      }
    }
  });
  return weights;
}
