import type { Tensor } from "@edgewright/core";
import type { Attribute, Graph, Node, ValueInfo } from "../model/model.js";
import type { ExternalData } from "./external-data.js";
import { MAX_GRAPH_DEPTH, MAX_NODES, MAX_VALUES } from "./limits.js";
import type { MessageReader } from "./message-reader.js";
import { readAttribute } from "./read-attribute.js";
import { readTensor } from "./read-tensor.js";
import { readValueInfo } from "./read-value-info.js";

/** What all graphs of one model share while they are read. */
export interface ReadState {
  readonly reader: MessageReader;
  readonly externalData: ExternalData | undefined;
  /** Node names given so far, so that every node of the model gets one of its own. */
  readonly nodeNames: Set<string>;
  nodeCount: number;
  depth: number;
}

/** Reads the current field as a `GraphProto`; nodes stay in the order of the file. */
export function readGraph(state: ReadState, kind: string): Graph {
  const { reader } = state;
  if (++state.depth > MAX_GRAPH_DEPTH) {
    throw reader.tooLarge(`subgraphs are nested more than ${MAX_GRAPH_DEPTH} deep`);
  }
  let name = "";
  const inputs: ValueInfo[] = [];
  const outputs: ValueInfo[] = [];
  const initializers = new Map<string, Tensor>();
  const nodes: Node[] = [];
  const valueInfo = new Map<string, ValueInfo>();
  // Field numbers are those of GraphProto in onnx.proto.
  reader.message(kind, -1, (field) => {
    switch (field) {
      case 1:
        if (++state.nodeCount > MAX_NODES) throw reader.tooLarge(`more than ${MAX_NODES} nodes`);
        nodes.push(readNode(state, nodes.length));
        return;
      case 2:
        name = reader.string();
        return;
      case 5: {
        const named = readTensor(reader, "tensor", initializers.size, state.externalData);
        if (named.name === "") throw reader.invalid("an initialiser has no name");
        if (initializers.has(named.name)) {
          throw reader.invalid(`two initialisers are called "${named.name}"`);
        }
        checkCount(reader, initializers.size);
        initializers.set(named.name, named.tensor);
        return;
      }
      case 11:
        inputs.push(readValueInfo(reader, "input", inputs.length));
        return;
      case 12:
        outputs.push(readValueInfo(reader, "output", outputs.length));
        return;
      case 13: {
        const info = readValueInfo(reader, "value", valueInfo.size);
        checkCount(reader, valueInfo.size);
        valueInfo.set(info.name, info);
        return;
      }
      case 15:
        throw reader.unsupported("sparse initialisers are not supported; store them dense");
      default:
        reader.skip();
    }
    checkCount(reader, inputs.length + outputs.length);
  });
  state.depth--;
  return {
    name,
    // Up to IR version 3 every initialiser had to be listed among the inputs.
    inputs: inputs.filter((input) => !initializers.has(input.name)),
    outputs,
    initializers,
    nodes,
    valueInfo,
  };
}

function readNode(state: ReadState, index: number): Node {
  const { reader } = state;
  let name = "";
  let opType = "";
  let domain = "";
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, Attribute>();
  reader.message(
    "node",
    index,
    (field) => {
      switch (field) {
        case 1:
          inputs.push(reader.string());
          checkCount(reader, inputs.length);
          return;
        case 2:
          outputs.push(reader.string());
          checkCount(reader, outputs.length);
          return;
        case 3:
          name = reader.string();
          reader.nameMessage(name);
          return;
        case 4:
          opType = reader.string();
          return;
        case 5: {
          const [key, attribute] = readAttribute(reader, attributes.size, state.externalData, () =>
            readGraph(state, "subgraph of"),
          );
          if (attributes.has(key)) throw reader.invalid(`attribute "${key}" is given twice`);
          attributes.set(key, attribute);
          return;
        }
        case 7:
          domain = reader.string();
          return;
        default:
          reader.skip();
      }
    },
    () => {
      if (opType === "") throw reader.invalid("the node has no operator type");
    },
  );
  return {
    name: uniqueName(state.nodeNames, name === "" ? `${opType}_${index}` : name),
    opType,
    domain: standardDomain(domain),
    inputs,
    outputs,
    attributes,
  };
}

/** Some exporters spell the standard domain out. */
export function standardDomain(domain: string): string {
  return domain === "ai.onnx" ? "" : domain;
}

function uniqueName(taken: Set<string>, name: string): string {
  let unique = name;
  for (let copy = 2; taken.has(unique); copy++) unique = `${name}_${copy}`;
  taken.add(unique);
  return unique;
}

function checkCount(reader: MessageReader, count: number): void {
  if (count > MAX_VALUES) throw reader.tooLarge(`more than ${MAX_VALUES} values in one graph`);
}
