import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { EdgewrightError, type Tensor, ValidationError } from "@edgewright/core";
import type { Attribute, Dim, Graph, Model, Node, ValueInfo } from "../model/model.js";
import { validateModel } from "../validate/validate-model.js";
import { codeOfDtype } from "./tensor-types.js";

/** protobuf messages end here; larger models need their weights in external files. */
const MAX_MESSAGE_BYTES = 2 ** 31 - 1;

/**
 * Writes a model as an ONNX file (`ModelProto`), weights included; {@link parseModel} gives an equal
 * model back, and other ONNX runtimes load it.
 *
 * @example
 * const bytes = serializeModel(model);
 * console.log(parseModel(bytes).graph.nodes.length === model.graph.nodes.length); // true
 *
 * @throws ValidationError when the model does not hang together (see {@link validateModel}), or holds
 * a number that ONNX cannot store.
 * @throws EdgewrightError with code `limit-exceeded` beyond the 2 GB of a protobuf message.
 */
export function serializeModel(model: Model): Uint8Array {
  const { graph, opsets, irVersion, producer, metadata } = validateModel(model);
  checkWeights(graph);
  const writer = new BinaryWriter();
  // Field numbers here and below are those of onnx.proto.
  writeInt(writer, 1, irVersion, "ir_version");
  writeString(writer, 2, producer);
  writeMessage(writer, 7, () => writeGraph(writer, graph, irVersion));
  for (const [domain, version] of opsets) {
    writeMessage(writer, 8, () => {
      writeString(writer, 1, domain);
      writeInt(writer, 2, version, `opset of "${domain}"`);
    });
  }
  for (const [key, value] of metadata) {
    writeMessage(writer, 14, () => {
      writeString(writer, 1, key);
      writeString(writer, 2, value);
    });
  }
  return writer.finish();
}

function checkWeights(graph: Graph): void {
  let bytes = 0;
  for (const [name, tensor] of graph.initializers) {
    checkTensor(tensor, name);
    bytes += tensor.data.byteLength;
  }
  if (bytes > MAX_MESSAGE_BYTES) {
    throw new EdgewrightError(
      "limit-exceeded",
      `serializeModel: ${bytes} bytes of weights exceed the 2 GB of an ONNX file`,
    );
  }
}

function checkTensor({ dtype, shape, data }: Tensor, where: string): void {
  const size = shape.reduce((product, dim) => product * dim, 1);
  if (size === data.length && ArrayBuffer.isView(data)) return;
  throw new ValidationError(
    `serializeModel: ${dtype} tensor of "${where}" has the shape [${shape.join(", ")}] and ${data.length} elements`,
    { where },
  );
}

function writeGraph(writer: BinaryWriter, graph: Graph, irVersion: number): void {
  for (const node of graph.nodes) writeMessage(writer, 1, () => writeNode(writer, node, irVersion));
  writeString(writer, 2, graph.name);
  for (const [name, tensor] of graph.initializers) {
    writeMessage(writer, 5, () => writeTensor(writer, tensor, name));
  }
  for (const input of graph.inputs) writeMessage(writer, 11, () => writeValueInfo(writer, input));
  if (irVersion < 4) {
    // Up to IR version 3 every initialiser had to be listed among the inputs.
    for (const [name, { dtype, shape }] of graph.initializers) {
      writeMessage(writer, 11, () => writeValueInfo(writer, { name, dtype, shape }));
    }
  }
  for (const output of graph.outputs) {
    writeMessage(writer, 12, () => writeValueInfo(writer, output));
  }
  for (const info of graph.valueInfo.values()) {
    writeMessage(writer, 13, () => writeValueInfo(writer, info));
  }
}

function writeNode(writer: BinaryWriter, node: Node, irVersion: number): void {
  for (const input of node.inputs) writer.tag(1, WireType.LengthDelimited).string(input);
  for (const output of node.outputs) writer.tag(2, WireType.LengthDelimited).string(output);
  writeString(writer, 3, node.name);
  writeString(writer, 4, node.opType);
  for (const [name, attribute] of node.attributes) {
    writeMessage(writer, 5, () => {
      writeString(writer, 1, name);
      writeAttribute(writer, attribute, `${node.name}" attribute "${name}`, irVersion);
    });
  }
  writeString(writer, 7, node.domain);
}

function writeAttribute(
  writer: BinaryWriter,
  attribute: Attribute,
  where: string,
  irVersion: number,
): void {
  switch (attribute.type) {
    case "float":
      writeFloat(writer, 2, attribute.value, where);
      break;
    case "int":
      writeInt(writer, 3, attribute.value, where);
      break;
    case "string":
      writer.tag(4, WireType.LengthDelimited).string(attribute.value);
      break;
    case "tensor":
      checkTensor(attribute.value, where);
      writeMessage(writer, 5, () => writeTensor(writer, attribute.value, ""));
      break;
    case "graph":
      checkWeights(attribute.value);
      writeMessage(writer, 6, () => writeGraph(writer, attribute.value, irVersion));
      break;
    case "floats":
      for (const value of attribute.value) writeFloat(writer, 7, value, where);
      break;
    case "ints":
      for (const value of attribute.value) writeInt(writer, 8, value, where);
      break;
    case "strings":
      for (const value of attribute.value) writer.tag(9, WireType.LengthDelimited).string(value);
      break;
  }
  writer.tag(20, WireType.Varint).int32(attributeTypeCode(attribute.type));
}

// AttributeProto.AttributeType
function attributeTypeCode(type: Attribute["type"]): number {
  const codes: Record<Attribute["type"], number> = {
    float: 1,
    int: 2,
    string: 3,
    tensor: 4,
    graph: 5,
    floats: 6,
    ints: 7,
    strings: 8,
  };
  return codes[type];
}

function writeTensor(writer: BinaryWriter, { dtype, shape, data }: Tensor, name: string): void {
  for (const dim of shape) writeInt(writer, 1, dim, name);
  writer.tag(2, WireType.Varint).int32(codeOfDtype(dtype));
  writeString(writer, 8, name);
  writer
    .tag(9, WireType.LengthDelimited)
    .bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function writeValueInfo(writer: BinaryWriter, { name, dtype, shape }: ValueInfo): void {
  writeString(writer, 1, name);
  if (dtype === null && shape === null) return;
  writeMessage(writer, 2, () => {
    writeMessage(writer, 1, () => {
      if (dtype !== null) writer.tag(1, WireType.Varint).int32(codeOfDtype(dtype));
      if (shape === null) return;
      writeMessage(writer, 2, () => {
        for (const dim of shape) writeMessage(writer, 1, () => writeDim(writer, dim, name));
      });
    });
  });
}

function writeDim(writer: BinaryWriter, dim: Dim, where: string): void {
  if (typeof dim === "number") writeInt(writer, 1, dim, where);
  else if (dim !== null) writeString(writer, 2, dim);
}

function writeMessage(writer: BinaryWriter, field: number, write: () => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write();
  writer.join();
}

// protobuf readers take an absent string for the empty one.
function writeString(writer: BinaryWriter, field: number, text: string): void {
  if (text !== "") writer.tag(field, WireType.LengthDelimited).string(text);
}

function writeInt(
  writer: BinaryWriter,
  field: number,
  value: number | bigint,
  where: string,
): void {
  const isSafe = typeof value === "bigint" || Number.isSafeInteger(value);
  if (!isSafe || BigInt.asIntN(64, BigInt(value)) !== BigInt(value)) {
    throw new ValidationError(
      `serializeModel: "${where}" holds ${value}, expected a 64-bit integer`,
      {
        where,
      },
    );
  }
  writer.tag(field, WireType.Varint).int64(value);
}

function writeFloat(writer: BinaryWriter, field: number, value: number, where: string): void {
  if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) {
    throw new ValidationError(`serializeModel: "${where}" holds ${value}, beyond a 32-bit float`, {
      where,
    });
  }
  writer.tag(field, WireType.Bit32).float(value);
}
