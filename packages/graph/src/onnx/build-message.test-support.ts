import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/**
 * A protobuf message from its fields in order, for files that no correct writer makes.
 *
 * Numbers become varints, strings and bytes length-delimited fields, `{ float }` 32-bit ones.
 */
export function messageOf(
  ...fields: readonly [
    field: number,
    value: number | bigint | string | Uint8Array | { readonly float: number },
  ][]
): Uint8Array {
  const writer = new BinaryWriter();
  for (const [field, value] of fields) {
    if (typeof value === "number" || typeof value === "bigint") {
      writer.tag(field, WireType.Varint).int64(value);
    } else if (typeof value === "string") writer.tag(field, WireType.LengthDelimited).string(value);
    else if (value instanceof Uint8Array) writer.tag(field, WireType.LengthDelimited).bytes(value);
    else writer.tag(field, WireType.Bit32).float(value.float);
  }
  return writer.finish();
}

/** Packed varints. */
export function packedOf(...values: readonly (number | bigint)[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const value of values) writer.int64(value);
  return writer.finish();
}

/** A `ModelProto` of one graph, given as the fields of its `GraphProto`. */
export function modelBytesOf(graph: Uint8Array, opset = 17): Uint8Array {
  return messageOf([1, 8], [8, messageOf([2, opset])], [7, graph]);
}
