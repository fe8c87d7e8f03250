import { requireOption } from "../linear/linear-options.js";

/** A positive semi-definite kernel: how alike two points are, as the covariance of what they earn. */
export interface Kernel {
  /** With its parameters: states are taken over between kernels of the same name. */
  readonly name: string;
  /** Compares the points of `length` features that begin at these places. */
  compare(a: Float64Array, aAt: number, b: Float64Array, bAt: number, length: number): number;
}

/** Options of {@link rbfKernel} and {@link matern52Kernel}. */
export interface StationaryKernelOptions {
  /** Distance over which rewards change, in units of the features. @default 1 */
  readonly lengthScale?: number;
  /** Prior variance of the mean reward. @default 1 */
  readonly variance?: number;
}

/**
 * The squared exponential kernel, variance exp(-|a - b|^2 / (2 lengthScale^2)): rewards are very smooth.
 *
 * @throws EdgewrightError when an option is out of its range
 *
 * @example
 * ```ts
 * const policy = kernelUcb({ contextDimension: 2, kernel: rbfKernel({ lengthScale: 0.3 }) });
 * ```
 */
export function rbfKernel(options: StationaryKernelOptions = {}): Kernel {
  const { lengthScale, variance } = checkStationary("rbfKernel", options);
  const factor = -0.5 / (lengthScale * lengthScale);
  return {
    name: `rbf(${lengthScale}, ${variance})`,
    compare: (a, aAt, b, bAt, length) =>
      variance * Math.exp(factor * squaredDistance(a, aAt, b, bAt, length)),
  };
}

/**
 * The Matern kernel of smoothness 5/2: rewards are twice differentiable, a safer assumption than
 * {@link rbfKernel}'s (Rasmussen, Williams: Gaussian Processes for Machine Learning; 2006, equation 4.17).
 *
 * @throws EdgewrightError when an option is out of its range
 */
export function matern52Kernel(options: StationaryKernelOptions = {}): Kernel {
  const { lengthScale, variance } = checkStationary("matern52Kernel", options);
  const root5 = Math.sqrt(5) / lengthScale;
  return {
    name: `matern52(${lengthScale}, ${variance})`,
    compare(a, aAt, b, bAt, length) {
      const r = root5 * Math.sqrt(squaredDistance(a, aAt, b, bAt, length));
      return variance * (1 + r + (r * r) / 3) * Math.exp(-r);
    },
  };
}

/** Options of {@link linearKernel}. */
export interface LinearKernelOptions {
  /** Prior variance of a weight. @default 1 */
  readonly variance?: number;
  /** Prior variance of the constant. @default 1 */
  readonly bias?: number;
}

/**
 * bias + variance a' b: with it a kernel policy is a linear one.
 *
 * @throws EdgewrightError when an option is out of its range
 */
export function linearKernel({ variance = 1, bias = 1 }: LinearKernelOptions = {}): Kernel {
  const above = variance > 0 && variance < Infinity;
  requireOption(above, "linearKernel", "variance", "a number above 0", variance);
  const from = bias >= 0 && bias < Infinity;
  requireOption(from, "linearKernel", "bias", "a finite number from 0", bias);
  return {
    name: `linear(${variance}, ${bias})`,
    compare(a, aAt, b, bAt, length) {
      let sum = 0;
      for (let i = 0; i < length; i++) sum += a[aAt + i]! * b[bAt + i]!;
      return bias + variance * sum;
    },
  };
}

/** Options of {@link productKernel}. */
export interface ProductKernelOptions {
  /** Compares the first features. */
  readonly first: Kernel;
  /** How many features those are. */
  readonly split: number;
  /** Compares the others. */
  readonly second: Kernel;
}

/**
 * The product of two kernels on different features: alike only if alike in both, such as the device and the model
 * (in the contextual bandits of Krause and Ong, "Contextual Gaussian Process Bandit Optimization", NIPS 2011,
 * section 4).
 *
 * @throws EdgewrightError when an option is out of its range
 *
 * @example
 * ```ts
 * const kernel = productKernel({ first: rbfKernel(), split: 3, second: rbfKernel({ lengthScale: 0.5 }) });
 * const policy = kernelUcb({ contextDimension: 3, armDimension: 2, kernel });
 * ```
 */
export function productKernel({ first, split, second }: ProductKernelOptions): Kernel {
  const whole = Number.isSafeInteger(split) && split >= 0;
  requireOption(whole, "productKernel", "split", "a whole number from 0", split);
  return {
    name: `product(${first.name} of ${split}, ${second.name})`,
    compare: (a, aAt, b, bAt, length) =>
      first.compare(a, aAt, b, bAt, split) *
      second.compare(a, aAt + split, b, bAt + split, length - split),
  };
}

function squaredDistance(
  a: Float64Array,
  aAt: number,
  b: Float64Array,
  bAt: number,
  length: number,
): number {
  let sum = 0;
  for (let i = 0; i < length; i++) {
    const gap = a[aAt + i]! - b[bAt + i]!;
    sum += gap * gap;
  }
  return sum;
}

function checkStationary(
  where: string,
  options: StationaryKernelOptions,
): Required<StationaryKernelOptions> {
  const { lengthScale = 1, variance = 1 } = options;
  for (const [name, value] of Object.entries({ lengthScale, variance })) {
    requireOption(value > 0 && value < Infinity, where, name, "a finite number above 0", value);
  }
  return { lengthScale, variance };
}
