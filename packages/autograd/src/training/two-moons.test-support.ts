import { createRng } from "@edgewright/core";
import { createParameter, type Parameter } from "../engine/parameter.js";
import { crossEntropy } from "../operations/cross-entropy.js";
import { linear } from "../operations/linear.js";
import { tanh } from "../operations/tanh.js";
import type { RecordNetwork } from "./trainer.js";
import { arrayData, type TrainingData } from "./training-data.js";

/** Two interleaved half circles with noise: small, and not linearly separable. */
export function twoMoons(size: number, seed: number): TrainingData {
  const rng = createRng(seed);
  const x = new Float32Array(size * 2);
  const labels = new Int32Array(size);
  for (let i = 0; i < size; i++) {
    const angle = Math.PI * rng.uniform();
    const moon = i % 2;
    labels[i] = moon;
    x[2 * i] = (moon === 0 ? Math.cos(angle) : 1 - Math.cos(angle)) + rng.normal(0, 0.1);
    x[2 * i + 1] = (moon === 0 ? Math.sin(angle) : 0.5 - Math.sin(angle)) + rng.normal(0, 0.1);
  }
  return arrayData(size, { x, labels });
}

/** Two layers of 16 hidden units, fresh from a seed. */
export function smallNetwork(seed: number): { record: RecordNetwork; parameters: Parameter[] } {
  const rng = createRng(seed);
  const make = (name: string, shape: number[], scale: number): Parameter => {
    const size = shape.reduce((product, length) => product * length, 1);
    return createParameter({
      name,
      shape,
      data: Float32Array.from({ length: size }, () => rng.normal(0, scale)),
    });
  };
  const w1 = make("hidden.weight", [2, 16], 1);
  const b1 = make("hidden.bias", [16], 0.1);
  const w2 = make("output.weight", [16, 2], 0.3);
  return {
    parameters: [w1, b1, w2],
    record(tape, batch) {
      const x = tape.input("x", [batch, 2]);
      const labels = tape.input("labels", [batch], "i32");
      const logits = linear(tanh(linear(x, w1, { bias: b1 })), w2);
      return { loss: crossEntropy(logits, labels), outputs: { logits } };
    },
  };
}
