import { UnsupportedError, ValidationError } from "@edgewright/core";
import type { Graph, Model } from "../model/model.js";
import { validateModel } from "../validate/validate-model.js";
import type { ExternalData } from "./external-data.js";
import { MAX_OPSET } from "./limits.js";
import { MessageReader } from "./message-reader.js";
import { type ReadState, readGraph, standardDomain } from "./read-graph.js";
import { readStringPair } from "./string-pairs.js";

/** Options of {@link parseModel}. */
export interface ParseModelOptions {
  /** Files that the model's tensors refer to. @default none */
  readonly externalData?: ExternalData;
}

/**
 * Reads an ONNX file (`ModelProto`): decodes it, checks that every value a node reads exists and
 * puts the nodes in topological order.
 *
 * Weights are views of `bytes` where they lie aligned: keep the bytes unchanged while the model is
 * in use. Time and memory are bounded by a small multiple of the file's size, whatever it claims.
 *
 * @example
 * const model = parseModel(await (await fetch("model.onnx")).bytes());
 * console.log(model.graph.inputs.map(({ name, shape }) => [name, shape]));
 *
 * @throws ValidationError for damaged, cyclic or inconsistent files; `where` names the node or tensor.
 * @throws UnsupportedError for what the library cannot represent (string tensors, sparse
 * initialisers, model-local functions, an operator set newer than it knows).
 * @throws EdgewrightError with code `limit-exceeded` beyond the documented ceilings.
 */
export function parseModel(bytes: Uint8Array, options: ParseModelOptions = {}): Model {
  if (!(bytes instanceof Uint8Array)) {
    throw new ValidationError("parseModel: expected the file's bytes as a Uint8Array");
  }
  if (bytes.length === 0) throw new ValidationError("parseModel: the file is empty");
  const reader = new MessageReader(bytes);
  const state: ReadState = {
    reader,
    externalData: options.externalData,
    nodeNames: new Set(),
    nodeCount: 0,
    depth: 0,
  };
  let irVersion = 0;
  let producer = "";
  let graph: Graph | undefined;
  const opsets = new Map<string, number>();
  const metadata = new Map<string, string>();
  // Field numbers are those of ModelProto in onnx.proto.
  reader.readRoot("model", (field) => {
    switch (field) {
      case 1:
        irVersion = Number(reader.int64());
        return;
      case 2:
        producer = reader.string();
        return;
      case 7:
        if (graph !== undefined) throw reader.invalid("the file holds two graphs");
        graph = readGraph(state, "");
        return;
      case 8: {
        const [domain, version] = readOperatorSet(reader);
        opsets.set(domain, version);
        return;
      }
      case 14: {
        const [key, value] = readStringPair(reader, "metadata entry");
        metadata.set(key, value);
        return;
      }
      case 25:
        throw reader.unsupported(
          "model-local functions are not supported; inline them with onnx.inliner first",
        );
      default:
        reader.skip();
    }
  });
  if (graph === undefined) {
    throw new ValidationError("parseModel: the file holds no graph; is it an ONNX model?");
  }
  // IR version 1 and 2 files name no operator set and mean the first one.
  if (!opsets.has("")) opsets.set("", 1);
  const opset = opsets.get("")!;
  if (opset > MAX_OPSET) {
    throw new UnsupportedError(
      `parseModel: the model needs operator set ${opset}, this version knows up to ${MAX_OPSET}`,
      { where: "opset_import" },
    );
  }
  return validateModel({ graph, opsets, irVersion, producer, metadata });
}

function readOperatorSet(reader: MessageReader): [domain: string, version: number] {
  let domain = "";
  let version = 0;
  reader.message("operator set", -1, (field) => {
    if (field === 1) domain = standardDomain(reader.string());
    else if (field === 2) version = Number(reader.int64());
    else reader.skip();
  });
  if (version < 1 || version > 2 ** 31) {
    throw reader.invalid(`operator set version ${version} of domain "${domain}" is not a version`);
  }
  return [domain, version];
}
