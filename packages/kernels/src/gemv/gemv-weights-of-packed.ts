import {
  decodeFloat16,
  EdgewrightError,
  type PackedTensor,
  unpackInt4GroupParts,
  unpackTernaryValues,
} from "@edgewright/core";
import type { GemvWeights } from "./gemv-weights.js";

/**
 * The codes of a packed tensor, one value an element, as {@link packGemvWeights} takes them. Rows are
 * the tensor's first axis, as everywhere in packed tensors.
 *
 * @throws EdgewrightError `unsupported` for formats whose products are among the kernels for language models
 * (`nested`, `binary-coded`), and for zero points other than the middle of the range.
 */
export function gemvWeightsOfPacked(tensor: PackedTensor): GemvWeights {
  const [rows, cols] = matrixOf(tensor.shape);
  switch (tensor.format) {
    case "int8-channel": {
      const { codes, scales, zeroPoints } = tensor;
      if (zeroPoints?.some((zero) => zero !== 0)) throw unsupported("int8-channel zero points");
      return { format: "int8", rows, cols, data: codes, scales };
    }
    case "int4-group": {
      const { codes, groupSize, scales, zeroPoints } = unpackInt4GroupParts(tensor);
      if (zeroPoints?.some((zero) => zero !== 8)) throw unsupported("int4-group zero points");
      const factors = scales.dtype === "f32" ? scales.data : decodeFloat16(scales.data);
      return { format: "int4", rows, cols, data: codes, scales: factors, groupSize };
    }
    case "ternary": {
      const { scales } = tensor;
      const factors = scales.length === 1 ? scales[0]! : scales;
      return { format: "ternary", rows, cols, data: unpackTernaryValues(tensor), scales: factors };
    }
    default:
      throw unsupported(`the ${tensor.format} format`);
  }
}

function matrixOf(shape: readonly number[]): [rows: number, cols: number] {
  const size = shape.reduce((product, dim) => product * dim, 1);
  return shape.length < 2 ? [1, size] : [shape[0]!, size / shape[0]!];
}

function unsupported(what: string): EdgewrightError {
  return new EdgewrightError(
    "unsupported",
    `packGemvWeights: no kernel for ${what}; requantise symmetrically, or unpack to f16`,
  );
}
