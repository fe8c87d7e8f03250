import type { Tensor } from "../tensor.js";
import { unpackBinaryCoded } from "./binary-coded.js";
import { unpackInt4Group } from "./int4-group.js";
import { unpackInt8Channel } from "./int8-channel.js";
import { unpackInt8Group } from "./int8-group.js";
import { viewAsMatrix } from "./matrix-view.js";
import { unpackNested } from "./nested.js";
import type { PackedTensor } from "./packed-tensor.js";
import { unpackTernary } from "./ternary.js";

/** The tensor that packed weights stand for, in 32-bit floats; nested and binary-coded ones at full width. */
export function unpackTensor(packed: PackedTensor): Tensor<"f32"> {
  return { dtype: "f32", shape: packed.shape, data: unpackData(packed) };
}

/**
 * Bytes that one product with these weights reads: codes, scales, zero points, codebooks.
 *
 * @param width for nested and binary-coded weights, the bits used. @default all
 */
export function packedBytes(packed: PackedTensor, width?: number): number {
  switch (packed.format) {
    case "int8-channel":
      return (
        packed.codes.byteLength + packed.scales.byteLength + (packed.zeroPoints?.byteLength ?? 0)
      );
    case "int4-group":
      return (
        packed.codes.byteLength +
        packed.scales.data.byteLength +
        (packed.zeroPoints?.byteLength ?? 0) +
        (packed.mins?.data.byteLength ?? 0)
      );
    case "int8-group":
      return packed.codes.byteLength + packed.scales.data.byteLength;
    case "ternary":
      return packed.codes.byteLength + packed.scales.byteLength;
    case "binary-coded": {
      const used = width ?? packed.bits;
      const { rows, cols } = viewAsMatrix(packed.shape, "packedBytes");
      const scales = rows * Math.ceil(cols / packed.groupSize) * (used + 1);
      const scaleBytes = scales * packed.scales.data.BYTES_PER_ELEMENT;
      return (packed.planes.byteLength / packed.bits) * used + scaleBytes;
    }
    case "nested": {
      const used = width ?? packed.bits;
      const { rows } = viewAsMatrix(packed.shape, "packedBytes");
      const books = Math.ceil(rows / packed.rowsPerCodebook);
      const entryBytes = packed.codebooks.data.BYTES_PER_ELEMENT;
      return (packed.planes.byteLength / packed.bits) * used + books * 2 ** used * entryBytes;
    }
  }
}

function unpackData(packed: PackedTensor): Float32Array {
  switch (packed.format) {
    case "int8-channel":
      return unpackInt8Channel(packed);
    case "int8-group":
      return unpackInt8Group(packed);
    case "int4-group":
      return unpackInt4Group(packed);
    case "nested":
      return unpackNested(packed);
    case "binary-coded":
      return unpackBinaryCoded(packed);
    case "ternary":
      return unpackTernary(packed);
  }
}
