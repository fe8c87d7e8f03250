/**
 * Weights in few bits: codes with what turns them back into numbers beside them.
 *
 * Every format sees its tensor as a matrix: `rows` is the first axis of `shape` (output channels),
 * `cols` the product of the others. Bits fill bytes from the lowest up, and 16-bit words are
 * little-endian wherever a file holds them, as in memory.
 */
export type PackedTensor =
  | BinaryCodedTensor
  | Int4GroupTensor
  | Int8ChannelTensor
  | Int8GroupTensor
  | NestedTensor
  | TernaryTensor;

/** What every {@link PackedTensor} has. */
export interface PackedTensorBase {
  /** Sizes of the tensor that is packed, output channels first. */
  readonly shape: readonly number[];
}

/** Scales or codebooks as 32-bit floats, or as the bits of 16-bit ones. */
export type PackedFloats =
  | { readonly dtype: "f32"; readonly data: Float32Array }
  | { readonly dtype: "f16"; readonly data: Uint16Array };

/** 8-bit codes with one scale a row: `weight = (code - zeroPoint[row]) * scale[row]`. */
export interface Int8ChannelTensor extends PackedTensorBase {
  readonly format: "int8-channel";
  /** `[rows, cols]`, one byte a code, row after row. */
  readonly codes: Int8Array;
  /** `[rows]`. */
  readonly scales: Float32Array;
  /** `[rows]`; absent means 0 in every row. */
  readonly zeroPoints?: Int8Array;
}

/** 8-bit codes with one scale a group of columns: `weight = code * scale` (llama.cpp's Q8_0, Q6_K). */
export interface Int8GroupTensor extends PackedTensorBase {
  readonly format: "int8-group";
  /** Columns that share a scale: a multiple of 8; 16 and 32 are usual. */
  readonly groupSize: number;
  /** `[rows, groups * groupSize]` with `groups = ceil(cols / groupSize)`; columns beyond `cols` hold 0. */
  readonly codes: Int8Array;
  /** `[rows, groups]`. */
  readonly scales: PackedFloats;
}

/**
 * 4-bit codes with one scale a group of columns: `weight = (code - zeroPoint) * scale`, the layout of
 * ONNX Runtime's `MatMulNBits`; or, with `mins`, `weight = code * scale - min` (llama.cpp's Q4_K).
 */
export interface Int4GroupTensor extends PackedTensorBase {
  readonly format: "int4-group";
  /** Columns that share a scale: a multiple of 8; 32 and 128 are usual. */
  readonly groupSize: number;
  /**
   * `[rows, groups * groupSize / 2]`: byte j of a row holds column 2j in its low and 2j + 1 in its high
   * nibble. `groups = ceil(cols / groupSize)`; columns beyond `cols` hold the zero point.
   */
  readonly codes: Uint8Array;
  /** `[rows, groups]`. */
  readonly scales: PackedFloats;
  /** `[rows, ceil(groups / 2)]`, two to a byte as in `codes`; absent means 8 everywhere, or 0 with `mins`. */
  readonly zeroPoints?: Uint8Array;
  /** `[rows, groups]`, taken off every weight of a group; excludes `zeroPoints`. */
  readonly mins?: PackedFloats;
}

/**
 * One set of codes that serves several widths: the upper b bits of a code are the code at b bits, and
 * each width has codebooks of its own (the storage of any-precision LLM, Park et al., ICML 2024).
 *
 * `weight at b bits = codebook_b[row group][code >> (bits - b)]`.
 */
export interface NestedTensor extends PackedTensorBase {
  readonly format: "nested";
  /** The smallest width that has codebooks. */
  readonly seedBits: number;
  /** The width of a whole code, at most 8. */
  readonly bits: number;
  /**
   * [bits, rows, rowBytes] with `rowBytes = 4 * ceil(cols / 32)`: one plane a bit, highest bit first, so
   * that a product at b bits reads the first b planes and nothing else. Column c of a row is bit `c % 8`
   * of byte `floor(c / 8)`; the bits beyond `cols` are 0.
   */
  readonly planes: Uint8Array;
  /** Rows that share a codebook: 1, some, or all. */
  readonly rowsPerCodebook: number;
  /**
   * For each width from `seedBits` to `bits`: [ceil(rows / rowsPerCodebook), 2^width] numbers, widths
   * after one another.
   */
  readonly codebooks: PackedFloats;
}

/**
 * Weights that are sums of signed scales, one sign bit a plane, nested as {@link NestedTensor} is: the first b
 * planes are the signs at b bits, and each width has scales of its own.
 *
 * `weight at b bits = offset_b + sum over k < b of (plane k's bit ? scale_bk : -scale_bk)`.
 */
export interface BinaryCodedTensor extends PackedTensorBase {
  readonly format: "binary-coded";
  /** The smallest width that has scales. */
  readonly seedBits: number;
  /** The number of planes, at most 8. */
  readonly bits: number;
  /** [bits, rows, rowBytes] as in {@link NestedTensor}. */
  readonly planes: Uint8Array;
  /** Columns that share scales: a multiple of 32, or all columns. */
  readonly groupSize: number;
  /**
   * For each width from `seedBits` to `bits`: [rows, ceil(cols / groupSize), width + 1] numbers, the offset and
   * then one scale a plane; widths after one another.
   */
  readonly scales: PackedFloats;
}

/** Weights of -1, 0 and 1 times a scale, two bits each. */
export interface TernaryTensor extends PackedTensorBase {
  readonly format: "ternary";
  /**
   * `[rows, ceil(cols / 4)]`: column c of a row is the two bits from `2 * (c % 4)` up of byte
   * `floor(c / 4)`, which hold `weight + 1`: 0, 1 or 2; columns beyond `cols` hold 1.
   */
  readonly codes: Uint8Array;
  /** One for the tensor, or [rows]. */
  readonly scales: Float32Array;
}
