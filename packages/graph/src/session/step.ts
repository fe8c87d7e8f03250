import type { Tensor } from "@edgewright/core";

/** One executed layer of a model. */
export interface Step {
  /** Position in this run, from 0. */
  readonly index: number;
  /** Name of the node; a fused layer has the name of the node that gave it its main operation. */
  readonly name: string;
  /** Operator: `Conv`, `Softmax`, ... */
  readonly opType: string;
  /** What computed it: a WebAssembly kernel, or a host operator in JavaScript. */
  readonly engine: "kernel" | "host";
  /** Multiply-accumulates of the layer; 0 where it has none to speak of. */
  readonly macs: number;
  /** Time that the layer took, in milliseconds. */
  readonly ms: number;
  /** Names of the values that the layer computed. */
  readonly outputNames: readonly string[];
  /**
   * Copies one of the layer's outputs out, in ONNX's axis order.
   *
   * Valid until the next step begins: memory of intermediate values is used again.
   *
   * @param output position among {@link Step.outputNames}. @default 0
   */
  read(output?: number): Tensor;
  /**
   * Share of zeros in one of the layer's outputs, from 0 to 1, counted where the output lies: nothing is copied.
   * After a `Relu`, the activation sparsity.
   *
   * Valid until the next step begins, as {@link Step.read}.
   *
   * @param samples most elements to look at, spread evenly; `Infinity` looks at all. @default 1024
   * @param output position among {@link Step.outputNames}. @default 0
   */
  zeroShare(samples?: number, output?: number): number;
}

/** What a run computes: output tensors by output name. */
export type Outputs = Record<string, Tensor>;

/** A step as an executor makes it, before it is known which of the run's steps it is. */
export type UnnumberedStep = Omit<Step, "index" | "ms">;
