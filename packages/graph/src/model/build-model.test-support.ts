import type { DType, Tensor } from "@edgewright/core";
import type { Attribute, Dim, Graph, Model, Node, ValueInfo } from "./model.js";

/** An attribute value as tests like to write it. */
export type AttributeLiteral = number | string | readonly number[] | Attribute;

/** A node; its name is its first output unless given. */
export function nodeOf(
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, AttributeLiteral>> = {},
  name: string = outputs[0] ?? opType,
): Node {
  return {
    name,
    opType,
    domain: "",
    inputs,
    outputs,
    attributes: new Map(Object.entries(attributes).map(([key, value]) => [key, literal(value)])),
  };
}

function literal(value: AttributeLiteral): Attribute {
  if (typeof value === "number") return { type: "int", value };
  if (typeof value === "string") return { type: "string", value };
  if (Array.isArray(value)) return { type: "ints", value: value as readonly number[] };
  return value as Attribute;
}

/** A 32-bit float or other value by name. */
export function infoOf(
  name: string,
  shape: readonly Dim[] | null,
  dtype: DType = "f32",
): ValueInfo {
  return { name, dtype, shape };
}

/** A graph from its parts. */
export function graphOf(parts: {
  inputs?: readonly ValueInfo[];
  outputs?: readonly ValueInfo[];
  initializers?: Readonly<Record<string, Tensor>>;
  nodes: readonly Node[];
  name?: string;
}): Graph {
  return {
    name: parts.name ?? "test",
    inputs: parts.inputs ?? [],
    outputs: parts.outputs ?? [],
    initializers: new Map(Object.entries(parts.initializers ?? {})),
    nodes: parts.nodes,
    valueInfo: new Map(),
  };
}

/** A model of one graph at one opset. */
export function modelOf(graph: Graph, opset = 17): Model {
  return {
    graph,
    opsets: new Map([["", opset]]),
    irVersion: 8,
    producer: "test",
    metadata: new Map(),
  };
}
