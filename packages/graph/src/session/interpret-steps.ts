import { sizeOf, type Tensor, ValidationError } from "@edgewright/core";
import type { Graph } from "../model/model.js";
import { evaluateNode, type InterpretOptions } from "../operators/interpreter.js";
import type { Outputs, UnnumberedStep } from "./step.js";

/** Runs a graph with host operators only, one node an iteration. */
export function* interpretSteps(
  graph: Graph,
  opsets: ReadonlyMap<string, number>,
  feeds: ReadonlyMap<string, Tensor>,
  options: InterpretOptions = {},
): Generator<UnnumberedStep, Outputs> {
  const values = new Map<string, Tensor>(graph.initializers);
  for (const [name, tensor] of feeds) values.set(name, tensor);
  const lookUp = (name: string, where: string): Tensor => {
    const value = values.get(name);
    if (value === undefined) {
      throw new ValidationError(`${where}: nothing computes the value "${name}"`, { where });
    }
    return value;
  };
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => (name === "" ? null : lookUp(name, node.name)));
    const results = evaluateNode(node, opsets, inputs, { ...options, scope: values });
    for (const [i, name] of node.outputs.entries()) {
      const result = results[i];
      if (name !== "" && result) values.set(name, result);
    }
    const outputNames = node.outputs.filter((name) => name !== "");
    yield {
      name: node.name,
      opType: node.opType,
      engine: "host",
      macs: 0,
      outputNames,
      read: (output) => copyTensor(lookUp(outputNames[output ?? 0] ?? "", node.name)),
    };
  }
  const outputs: Outputs = {};
  for (const { name } of graph.outputs) outputs[name] = copyTensor(lookUp(name, name));
  return outputs;
}

/** A tensor with data of its own. */
export function copyTensor(tensor: Tensor): Tensor {
  const { dtype, shape, data } = tensor;
  return { dtype, shape: [...shape], data: data.slice(0, sizeOf(shape)) as never };
}
