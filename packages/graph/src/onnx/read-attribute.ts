import type { Tensor } from "@edgewright/core";
import type { Attribute, Graph } from "../model/model.js";
import type { ExternalData } from "./external-data.js";
import type { MessageReader } from "./message-reader.js";
import { readTensor } from "./read-tensor.js";

// AttributeProto.AttributeType
type AttributeKind = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** Reads the current field as an `AttributeProto`; `readSubgraph` reads a graph inside it. */
export function readAttribute(
  reader: MessageReader,
  index: number,
  externalData: ExternalData | undefined,
  readSubgraph: () => Graph,
): [name: string, attribute: Attribute] {
  let name = "";
  let declaredKind = 0;
  let seenKind = 0;
  let float = 0;
  let int: number | bigint = 0;
  let string = "";
  let tensor: Tensor | undefined;
  let graph: Graph | undefined;
  const floats: number[] = [];
  const ints: (number | bigint)[] = [];
  const strings: string[] = [];
  let attribute: Attribute | undefined;
  const see = (kind: AttributeKind): void => {
    seenKind = kind;
  };
  // Field numbers are those of AttributeProto in onnx.proto.
  const onField = (field: number): void => {
    switch (field) {
      case 1:
        name = reader.string();
        reader.nameMessage(name);
        return;
      case 2:
        float = reader.float();
        see(1);
        return;
      case 3: {
        const value = reader.int64();
        int = Number.isSafeInteger(Number(value)) ? Number(value) : value;
        see(2);
        return;
      }
      case 4:
        string = reader.string();
        see(3);
        return;
      case 5:
        tensor = readTensor(reader, "tensor of", -1, externalData).tensor;
        see(4);
        return;
      case 6:
        graph = readSubgraph();
        see(5);
        return;
      case 7:
        reader.floats(floats);
        see(6);
        return;
      case 8:
        reader.int64s(ints);
        see(7);
        return;
      case 9:
        strings.push(reader.string());
        see(8);
        return;
      case 20:
        declaredKind = reader.int32();
        return;
      case 21:
        throw reader.unsupported("attribute references of model-local functions are not supported");
      case 10:
      case 11:
      case 14:
      case 15:
      case 22:
      case 23:
        throw reader.unsupported(
          "attributes that hold types, sparse tensors or lists of tensors or graphs are not supported",
        );
      default:
        reader.skip();
    }
  };
  reader.message("attribute", index, onField, () => {
    if (name === "") throw reader.invalid("the attribute has no name");
    // IR version 1 told the type only by the field in use.
    const kind = declaredKind === 0 ? seenKind : declaredKind;
    attribute = pick(kind);
    const isScalar = kind >= 1 && kind <= 5;
    // protobuf leaves out a field that holds the default: 0, 0.0 or "".
    if (seenKind !== kind && (seenKind !== 0 || kind === 4 || kind === 5)) attribute = undefined;
    if (attribute === undefined) {
      throw reader.invalid(
        isScalar || (kind >= 6 && kind <= 8)
          ? `attribute type ${kind} does not match the field that holds the value`
          : `attribute type ${kind} is not one of the ONNX standard`,
      );
    }
  });
  return [name, attribute!];

  function pick(kind: number): Attribute | undefined {
    switch (kind) {
      case 1:
        return { type: "float", value: float };
      case 2:
        return { type: "int", value: int };
      case 3:
        return { type: "string", value: string };
      case 4:
        return tensor && { type: "tensor", value: tensor };
      case 5:
        return graph && { type: "graph", value: graph };
      case 6:
        return { type: "floats", value: floats };
      case 7:
        return { type: "ints", value: ints };
      case 8:
        return { type: "strings", value: strings };
      default:
        return undefined;
    }
  }
}
