// Networks as plain data, so that every engine trains the very same one. Images are NHWC, convolution
// weights [kh, kw, c, oc], depthwise weights [kh, kw, c], linear weights [in, out].

/** Top, left, bottom, right. */
export type Pads = readonly [number, number, number, number];

/** One operation; values are named, parameters are named in `NetworkSpec.parameters`. */
export type NetworkNode =
  | ConvolutionNode
  | DepthwiseNode
  | { op: "batch-norm"; input: string; output: string; scale: string; shift: string }
  | { op: "relu" | "max-pool" | "global-average-pool" | "flatten"; input: string; output: string }
  | { op: "linear"; input: string; output: string; weight: string; bias: string }
  | { op: "add"; input: string; other: string; output: string };

/** A convolution with equal strides in both directions. */
export interface ConvolutionNode {
  readonly op: "conv";
  readonly input: string;
  readonly output: string;
  readonly weight: string;
  readonly bias?: string;
  readonly stride: number;
  readonly pads: Pads;
}

/** A depthwise convolution with stride 1 and a multiplier of 1. */
export interface DepthwiseNode {
  readonly op: "depthwise";
  readonly input: string;
  readonly output: string;
  readonly weight: string;
  readonly pads: Pads;
}

/** Values of a parameter before the first step. */
export interface ParameterSpec {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A classifier, its first weights, and the batch it is trained on again and again. */
export interface NetworkSpec {
  readonly name: string;
  readonly nodes: readonly NetworkNode[];
  readonly parameters: Readonly<Record<string, ParameterSpec>>;
  /** [n, h, w, c] */
  readonly inputShape: readonly [number, number, number, number];
  readonly classes: number;
  readonly images: Float32Array;
  readonly labels: Int32Array;
  readonly learningRate: number;
}

/** What batch normalisation adds to a variance. */
export const EPSILON = 1e-3;
/** Part of the batch's statistics in the running ones. */
export const MOMENTUM = 0.1;

/** One engine with one network: every call of `step` is one step of plain gradient descent. */
export interface Trainer {
  readonly name: string;
  /** Trains one step and returns the loss before it. */
  step(): number;
  /** The parameters as they are now, in the layouts of {@link NetworkSpec}. */
  read(name: string): Float32Array;
  /** Size of the engine's WebAssembly memory. */
  wasmBytes(): number;
  dispose(): void;
}

/** A source of numbers in [-1, 1), the same for every engine and every run. */
export function createNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // Mulberry32, a public-domain generator by Tommy Ettinger.
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

/** How often each value is read. */
export function countReads(nodes: readonly NetworkNode[]): Map<string, number> {
  const reads = new Map<string, number>();
  const count = (name: string): void => {
    reads.set(name, (reads.get(name) ?? 0) + 1);
  };
  for (const node of nodes) {
    count(node.input);
    if (node.op === "add") count(node.other);
  }
  return reads;
}
