/** How the weights of a matrix-vector product are stored. */
export type GemvFormat = "f32" | "f16" | "bf16" | "int8" | "int4" | "ternary";

/** Where weight [row, column] of a plain matrix lies. */
export interface MatrixLayout {
  /** Outputs of the product. */
  readonly rows: number;
  /** Inputs of the product. */
  readonly cols: number;
  /** The data is [cols, rows], as ONNX MatMul has its right operand. @default false */
  readonly transposed?: boolean;
}

/** 32-bit floats. */
export interface F32GemvWeights extends MatrixLayout {
  readonly format: "f32";
  readonly data: Float32Array;
}

/** Bits of 16-bit floats (IEEE half or bfloat16), all finite. */
export interface HalfGemvWeights extends MatrixLayout {
  readonly format: "f16" | "bf16";
  readonly data: Uint16Array;
}

/** `weight = data * scales[row]`. */
export interface Int8GemvWeights extends MatrixLayout {
  readonly format: "int8";
  readonly data: Int8Array;
  /** One factor, or one a row. */
  readonly scales: number | Float32Array;
}

/** `weight = (data - 8) * scales[row][floor(column / groupSize)]`. */
export interface Int4GemvWeights extends MatrixLayout {
  readonly format: "int4";
  /** Codes 0 to 15, one a byte. */
  readonly data: Uint8Array;
  /** [rows, ceil(cols / groupSize)]. */
  readonly scales: Float32Array;
  /** A multiple of 8 up to 1024; 32 and 128 are usual. */
  readonly groupSize: number;
}

/** `weight = data * scales[row]`, data -1, 0 or 1. */
export interface TernaryGemvWeights extends MatrixLayout {
  readonly format: "ternary";
  readonly data: Int8Array;
  /** One factor, or one a row. */
  readonly scales: number | Float32Array;
}

/** Weights as {@link packGemvWeights} takes them. */
export type GemvWeights =
  | F32GemvWeights
  | HalfGemvWeights
  | Int8GemvWeights
  | Int4GemvWeights
  | TernaryGemvWeights;

/** Weights of a matrix-vector product in panels of rows, in WebAssembly memory. */
export interface PackedGemvWeights {
  readonly format: GemvFormat;
  /** The WebAssembly export that multiplies by this layout. */
  readonly kernel: string;
  readonly rows: number;
  readonly cols: number;
  /** Byte address. */
  readonly ptr: number;
  /** Bytes of codes and scales together: what one product reads. */
  readonly bytes: number;
  /** Panels of 16 rows (ternary: 64). */
  readonly panels: number;
  readonly panelBytes: number;
  /** Steps of the kernel's inner loop; int4: groups. */
  readonly steps: number;
  /** int4: columns of a group; else 0. */
  readonly groupSize: number;
  /** Address of the factors of the rows (int8, ternary). */
  readonly scalesPtr: number;
  /** Gives the memory back. A second call does nothing. */
  dispose(): void;
  /** `dispose` for a `using` declaration. */
  [Symbol.dispose](): void;
}
