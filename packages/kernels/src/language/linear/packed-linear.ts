import type { PackedTensor, Tensor } from "@edgewright/core";

/** Formats of a weight that {@link packLinear} takes: those of packed tensors, and plain floats. */
export type LinearFormat = PackedTensor["format"] | "f32" | "f16" | "bf16";

/** A weight matrix [out, in] of a language model, as files of models hold it. */
export type LinearWeights = PackedTensor | Tensor<"f32"> | Tensor<"f16"> | Tensor<"bf16">;

/** The weights of y = W x in WebAssembly memory, from {@link packLinear}. */
export interface PackedLinear {
  readonly format: LinearFormat;
  /** Outputs of the product. */
  readonly rows: number;
  /** Inputs of the product. */
  readonly cols: number;
  /** Bytes that lie in memory. */
  readonly bytes: number;
  /** Columns that share a scale, where a format has groups. */
  readonly groupSize?: number;
  /** The smallest width that {@link planLinear} can compute at (`nested`, `binary-coded`). */
  readonly seedBits?: number;
  /** The largest width (`nested`, `binary-coded`). */
  readonly bits?: number;
  /**
   * Bytes that one product reads.
   *
   * @param bits the width it computes at, where there is a choice. @default the largest
   */
  bytesAt(bits?: number): number;
  /** Address of the packed weights. */
  readonly ptr: number;
  /** Sizes and further addresses that the kernels of the format want. */
  readonly layout: Readonly<Record<string, number>>;
  /** Gives the memory back. A second call does nothing. */
  dispose(): void;
  /** `dispose` for a `using` declaration. */
  [Symbol.dispose](): void;
}
