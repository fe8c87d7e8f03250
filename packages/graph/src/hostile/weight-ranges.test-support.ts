import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** A span of bytes `[begin, end)`. */
export type Range = readonly [begin: number, end: number];

// Which fields of a message hold messages worth entering, and which hold elements of tensors.
const CHILDREN: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  model: { 7: "graph" },
  graph: { 1: "node", 5: "tensor" },
  node: { 5: "attribute" },
  attribute: { 5: "tensor", 6: "graph" },
  tensor: { 4: "weights", 9: "weights" },
};

/**
 * Where the elements of larger tensors lie in an ONNX file: changing them changes numbers, while
 * changing any other byte changes the structure, which is what hostile input is about.
 */
export function weightRanges(bytes: Uint8Array): Range[] {
  const ranges: Range[] = [];
  const reader = new BinaryReader(bytes);
  const visit = (kind: string, end: number): void => {
    while (reader.pos < end) {
      const [field, wire] = reader.tag();
      const child = CHILDREN[kind]?.[field];
      if (child === undefined || wire !== WireType.LengthDelimited) {
        reader.skip(wire, field);
        continue;
      }
      const childEnd = reader.uint32() + reader.pos;
      if (child !== "weights") visit(child, childEnd);
      else if (childEnd - reader.pos > 64) ranges.push([reader.pos, childEnd]);
      reader.pos = childEnd;
    }
  };
  visit("model", bytes.length);
  return ranges;
}
