import { EdgewrightError, ShapeError, type Tensor, ValidationError } from "@edgewright/core";
import type { Node } from "../model/model.js";
import { isInternal } from "../optimize/internal-nodes.js";
import { inferNode } from "../shapes/infer-node.js";
import { constantValue, type InferredValue } from "../shapes/inferred-value.js";
import { type ConcreteValue, valueBytes } from "./concrete-value.js";

/** Options of {@link inferOutputs}. */
export interface InferOptions {
  readonly opsets: ReadonlyMap<string, number>;
  /** Most bytes that one tensor may take. @default 2 GiB */
  readonly maxTensorBytes?: number | undefined;
}

const MAX_TENSOR_BYTES = 2 ** 31;

/**
 * Types and shapes of a node's outputs when its inputs have concrete ones; `undefined` where they depend
 * on data.
 */
export function inferOutputs(
  node: Node,
  values: ReadonlyMap<string, ConcreteValue>,
  constants: ReadonlyMap<string, Tensor>,
  options: InferOptions,
): readonly ConcreteValue[] | undefined {
  const inputs = node.inputs.map((name): InferredValue | null => {
    if (name === "") return null;
    const constant = constants.get(name);
    if (constant !== undefined) return constantValue(constant);
    const value = values.get(name);
    if (value !== undefined) return { dtype: value.dtype, shape: value.shape };
    throw new ValidationError(`${node.opType} "${node.name}": nothing computes "${name}"`, {
      where: node.name,
    });
  });
  const inferred = isInternal(node)
    ? inferInternal(node, inputs, options)
    : inferNode(node, inputs, options.opsets.get(node.domain) ?? 1);
  const outputs: ConcreteValue[] = [];
  for (const [i, name] of node.outputs.entries()) {
    const value = inferred[i];
    if (name === "") outputs.push({ dtype: "f32", shape: [] });
    else if (value?.dtype && value.shape?.every((dim) => typeof dim === "number")) {
      const concrete = { dtype: value.dtype, shape: value.shape as readonly number[] };
      checkSize(node, concrete, options.maxTensorBytes ?? MAX_TENSOR_BYTES);
      outputs.push(concrete);
    } else return undefined;
  }
  return outputs;
}

function inferInternal(
  node: Node,
  inputs: readonly (InferredValue | null)[],
  options: InferOptions,
): InferredValue[] {
  const [x, w] = inputs;
  const opset = options.opsets.get("") ?? 1;
  const standard: Node = { ...node, domain: "" };
  switch (node.opType) {
    case "Conv":
    case "ConvTranspose":
      return inferNode(standard, inputs.slice(0, 3), opset);
    case "MatMul": {
      const transposed = node.attributes.get("transB")?.value === 1;
      const b = transposed ? { dtype: w!.dtype, shape: [...w!.shape!].reverse() } : w!;
      const [y] = inferNode({ ...standard, inputs: node.inputs.slice(0, 2) }, [x!, b], opset);
      return [{ dtype: y!.dtype, shape: y!.shape }];
    }
    case "LayerNormalization": {
      const gamma = inputs[1];
      if (gamma && gamma.shape![0] !== x?.shape?.at(-1)) {
        throw new ShapeError(
          `LayerNormalization "${node.name}": ${gamma.shape![0]} factors for a last axis of ${x?.shape?.at(-1)}`,
          { where: node.name },
        );
      }
      return [{ dtype: x!.dtype, shape: x!.shape }];
    }
    default:
      return [{ dtype: x!.dtype, shape: x!.shape }];
  }
}

function checkSize(node: Node, value: ConcreteValue, limit: number): void {
  const bytes = valueBytes(value);
  if (bytes <= limit) return;
  throw new EdgewrightError(
    "limit-exceeded",
    `${node.opType} "${node.name}": its output [${value.shape.join(", ")}] takes ${bytes} bytes, ` +
      `the limit is ${limit}; raise maxTensorBytes if that is meant`,
    { where: node.name },
  );
}
