import type { Rng } from "@edgewright/core";

/** What initial weights depend on. */
export interface WeightShape {
  readonly shape: readonly number[];
  /** Inputs of one output: kernel height x width x input channels. */
  readonly fanIn: number;
  /** Outputs of one input: kernel height x width x output channels. */
  readonly fanOut: number;
}

/** Draws initial weights; the same generator state gives the same bits everywhere. */
export type Initializer = (weights: WeightShape, rng: Rng) => Float32Array;

/**
 * Uniform in plus or minus sqrt(6 / fanIn), which keeps the variance of activations through layers with ReLU
 * (He, Zhang, Ren, Sun: Delving Deep into Rectifiers, ICCV 2015, equation 10).
 */
export function kaimingUniform({ shape, fanIn }: WeightShape, rng: Rng): Float32Array {
  return uniform(shape, Math.sqrt(6 / fanIn), rng);
}

/** Normal with the variance 2 / fanIn of {@link kaimingUniform} (He et al. 2015). */
export function kaimingNormal({ shape, fanIn }: WeightShape, rng: Rng): Float32Array {
  return normal(shape, Math.sqrt(2 / fanIn), rng);
}

/**
 * Uniform in plus or minus sqrt(6 / (fanIn + fanOut)), which weighs the variance of activations against that
 * of gradients (Glorot, Bengio: Understanding the difficulty of training deep feedforward neural networks,
 * AISTATS 2010, equation 16).
 */
export function glorotUniform({ shape, fanIn, fanOut }: WeightShape, rng: Rng): Float32Array {
  return uniform(shape, Math.sqrt(6 / (fanIn + fanOut)), rng);
}

/** Normal with the variance 2 / (fanIn + fanOut) of {@link glorotUniform} (Glorot, Bengio 2010). */
export function glorotNormal({ shape, fanIn, fanOut }: WeightShape, rng: Rng): Float32Array {
  return normal(shape, Math.sqrt(2 / (fanIn + fanOut)), rng);
}

function uniform(shape: readonly number[], bound: number, rng: Rng): Float32Array {
  return fill(shape, () => (2 * rng.uniform() - 1) * bound);
}

function normal(shape: readonly number[], deviation: number, rng: Rng): Float32Array {
  return fill(shape, () => rng.normal(0, deviation));
}

function fill(shape: readonly number[], draw: () => number): Float32Array {
  const count = shape.reduce((product, size) => product * size, 1);
  return Float32Array.from({ length: count }, draw);
}
