import { externalReference } from "./external-data.js";
import { MAX_GRAPH_DEPTH } from "./limits.js";
import { MessageReader } from "./message-reader.js";
import { readStringPair } from "./string-pairs.js";

/**
 * Names of the files beside a model that hold tensors of it, each once: what to fetch before
 * {@link parseModel} is called with `externalData`.
 *
 * @example
 * const files = new Map<string, Uint8Array>();
 * for (const name of listExternalData(bytes)) files.set(name, await download(name));
 * const model = parseModel(bytes, { externalData: files });
 *
 * @throws ValidationError when the bytes are damaged or a name leaves the model's folder.
 */
export function listExternalData(bytes: Uint8Array): string[] {
  const reader = new MessageReader(bytes);
  const locations = new Set<string>();
  // Field numbers are those of ModelProto, GraphProto, NodeProto and AttributeProto in onnx.proto.
  reader.readRoot("model", (field) => {
    if (field === 7) visitGraph(0);
    else reader.skip();
  });
  return [...locations];

  function visitGraph(depth: number): void {
    if (depth > MAX_GRAPH_DEPTH) {
      throw reader.tooLarge(`subgraphs are nested more than ${MAX_GRAPH_DEPTH} deep`);
    }
    reader.message("", -1, (field) => {
      if (field === 1) visitNode(depth);
      else if (field === 5) visitTensor();
      else reader.skip();
    });
  }

  function visitNode(depth: number): void {
    reader.message("node", -1, (field) => {
      if (field !== 5) reader.skip();
      else {
        reader.message("attribute", -1, (attributeField) => {
          if (attributeField === 5) visitTensor();
          else if (attributeField === 6) visitGraph(depth + 1);
          else reader.skip();
        });
      }
    });
  }

  function visitTensor(): void {
    let name = "";
    let isExternal = false;
    const entries = new Map<string, string>();
    // Field numbers of TensorProto.
    reader.message("tensor", -1, (field) => {
      if (field === 8) name = reader.string();
      else if (field === 13) entries.set(...readStringPair(reader, "external data entry"));
      else if (field === 14) isExternal = reader.int32() === 1;
      else reader.skip();
    });
    if (isExternal) locations.add(externalReference(entries, name).location);
  }
}
