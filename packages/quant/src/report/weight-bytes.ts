import { type PackedTensor, packedBytes, sizeOf } from "@edgewright/core";
import type { WeightTensor } from "@edgewright/core/model-files";

/** Bytes of a matrix where it is stored: codes, scales, zero points, the codebooks of every width. */
export function storedBytes(weight: WeightTensor): number {
  if (!("format" in weight)) return sizeOf(weight.shape) * (weight.dtype === "f32" ? 4 : 2);
  switch (weight.format) {
    case "nested":
      return weight.planes.byteLength + weight.codebooks.data.byteLength;
    case "binary-coded":
      return weight.planes.byteLength + weight.scales.data.byteLength;
    default:
      return packedBytes(weight);
  }
}

/** Bytes of a matrix that a product reads, at a width where it has several. */
export function readBytes(weight: WeightTensor, width?: number): number {
  return "format" in weight ? packedBytes(weight as PackedTensor, width) : storedBytes(weight);
}
