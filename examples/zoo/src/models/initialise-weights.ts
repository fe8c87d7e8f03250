import type { Rng } from "@edgewright/core";

/**
 * Normal weights of variance 2 / fan-in, which keep the size of activations through layers with ReLU
 * (He, Zhang, Ren, Sun: Delving Deep into Rectifiers, ICCV 2015).
 */
export function heNormal(count: number, fanIn: number, rng: Rng): Float32Array {
  return normalWeights(count, Math.sqrt(2 / fanIn), rng);
}

/**
 * Normal weights of variance 2 / (fan-in + fan-out), for layers without an activation (Glorot, Bengio:
 * Understanding the difficulty of training deep feedforward neural networks, AISTATS 2010).
 */
export function glorotNormal(count: number, fanIn: number, fanOut: number, rng: Rng): Float32Array {
  return normalWeights(count, Math.sqrt(2 / (fanIn + fanOut)), rng);
}

function normalWeights(count: number, deviation: number, rng: Rng): Float32Array {
  return Float32Array.from({ length: count }, () => rng.normal(0, deviation));
}
