import { EdgewrightError, ShapeError, sizeOf, type Tensor } from "@edgewright/core";
import type { Dim, Graph, Model, ValueInfo } from "../model/model.js";
import { type InferenceScope, inferNode } from "./infer-node.js";
import {
  constantValue,
  type InferredValue,
  inferredValue,
  unknownValue,
} from "./inferred-value.js";
import { formatShape } from "./shape-rule.js";

/** Options of {@link inferShapes}. */
export interface InferShapesOptions {
  /**
   * Shapes of graph inputs by name, instead of those that the model declares; sizes may be symbols.
   * @default what the model declares
   */
  readonly inputShapes?: Readonly<Record<string, readonly Dim[]>>;
  /**
   * Contents of small inputs that decide shapes, such as a target size.
   * @default none
   */
  readonly inputValues?: Readonly<Record<string, Tensor>>;
}

/** What is known of every value of a graph, and of the graphs inside its nodes. */
export interface InferredShapes {
  /** By value name; graph inputs, initialisers and node outputs. */
  readonly values: ReadonlyMap<string, InferredValue>;
  /** Subgraphs that were looked into; a branch that is never taken is not among them. */
  readonly subgraphs: ReadonlyMap<Graph, InferredShapes>;
}

/**
 * Most nodes visited in one inference, counting a loop body each time: nested loops are looked into
 * up to three times a level, which must not multiply without end.
 */
const MAX_VISITS = 500_000;

/**
 * Element types and shapes of all values of a model, before it runs.
 *
 * Sizes that depend on the caller stay symbols, and equal computations on them give equal symbols;
 * with concrete `inputShapes` every shape that ONNX semantics determine without data is concrete.
 * Values that shapes are computed from (`Shape`, `Gather`, `Concat`, ...) are followed, so that a
 * `Reshape` to a computed target is resolved.
 *
 * @example
 * const { values } = inferShapes(model, { inputShapes: { x: [1, 3, 640, 640] } });
 * console.log(values.get("logits")?.shape);
 *
 * @throws ShapeError whose `where` names the node that its inputs do not fit, or the input.
 */
export function inferShapes(model: Model, options: InferShapesOptions = {}): InferredShapes {
  const { inputShapes = {}, inputValues = {} } = options;
  const known = new Set(model.graph.inputs.map((input) => input.name));
  for (const name of [...Object.keys(inputShapes), ...Object.keys(inputValues)]) {
    if (known.has(name)) continue;
    throw new EdgewrightError(
      "invalid-argument",
      `inferShapes: the model has no input "${name}"; it takes ${[...known].join(", ")}`,
      { where: name },
    );
  }
  const inputs = model.graph.inputs.map((input) =>
    inputValue(input, inputShapes[input.name], inputValues[input.name]),
  );
  const inference = new Inference(model.opsets);
  return inference.inferGraph(model.graph, inputs, undefined);
}

function inputValue(
  { name, dtype, shape }: ValueInfo,
  given: readonly Dim[] | undefined,
  tensor: Tensor | undefined,
): InferredValue {
  const sizes = given ?? tensor?.shape;
  if (sizes !== undefined) {
    if (shape !== null && shape.length !== sizes.length) {
      throw new ShapeError(
        `inferShapes: input "${name}" has the shape ${formatShape(shape)}, got ${formatShape(sizes)}`,
        { where: name },
      );
    }
    sizes.forEach((size, axis) => {
      const declared = shape?.[axis];
      const contradicts =
        typeof declared === "number" && typeof size === "number" && declared !== size;
      if (contradicts || (typeof size === "number" && !(Number.isSafeInteger(size) && size >= 0))) {
        throw new ShapeError(
          `inferShapes: input "${name}" has the shape ${formatShape(shape)}, got ${formatShape(sizes)}`,
          { where: name },
        );
      }
    });
  }
  if (tensor !== undefined && sizeOf(tensor.shape) === tensor.data.length) {
    return constantValue(tensor);
  }
  return inferredValue(dtype, sizes ?? shape);
}

/** Knowledge of a graph being walked, and of those around it. */
interface Surroundings {
  readonly values: Map<string, InferredValue>;
  readonly outer: Surroundings | undefined;
}

class Inference {
  readonly #opsets: ReadonlyMap<string, number>;
  #visits = 0;

  constructor(opsets: ReadonlyMap<string, number>) {
    this.#opsets = opsets;
  }

  inferGraph(
    graph: Graph,
    inputs: readonly InferredValue[],
    outer: Surroundings | undefined,
  ): InferredShapes {
    const values = new Map<string, InferredValue>();
    const subgraphs = new Map<Graph, InferredShapes>();
    const here: Surroundings = { values, outer };
    graph.inputs.forEach((input, i) => {
      const value = inputs[i] ?? unknownValue();
      values.set(input.name, withDeclared(value, input));
    });
    for (const [name, tensor] of graph.initializers) values.set(name, constantValue(tensor));
    const scope: InferenceScope = {
      inferGraph: (subgraph, subgraphInputs) => {
        const inner = this.inferGraph(subgraph, subgraphInputs, here);
        subgraphs.set(subgraph, inner);
        return subgraph.outputs.map(
          ({ name }) => inner.values.get(name) ?? lookUp(here, name) ?? unknownValue(),
        );
      },
    };
    const declaredOutputs = new Map(graph.outputs.map((output) => [output.name, output]));
    for (const node of graph.nodes) {
      if (++this.#visits > MAX_VISITS) {
        throw new EdgewrightError(
          "limit-exceeded",
          `inferShapes: more than ${MAX_VISITS} nodes were visited; at ${node.opType} "${node.name}"`,
          { where: node.name },
        );
      }
      const nodeInputs = node.inputs.map((name) =>
        name === "" ? null : (lookUp(here, name) ?? unknownValue()),
      );
      const outputs = inferNode(node, nodeInputs, this.#opsets.get(node.domain) ?? 1, scope);
      node.outputs.forEach((name, i) => {
        if (name === "") return;
        const info = graph.valueInfo.get(name) ?? declaredOutputs.get(name);
        const value = outputs[i]!;
        values.set(name, info === undefined ? value : withDeclared(value, info));
      });
    }
    return { values, subgraphs };
  }
}

function lookUp(surroundings: Surroundings, name: string): InferredValue | undefined {
  for (let at: Surroundings | undefined = surroundings; at !== undefined; at = at.outer) {
    const value = at.values.get(name);
    if (value !== undefined) return value;
  }
  return undefined;
}

// The file's own word fills in what no rule could tell; sizes it contradicts stay as computed.
function withDeclared(value: InferredValue, info: ValueInfo): InferredValue {
  if (value.dtype !== null && value.shape !== null) return value;
  return {
    ...value,
    dtype: value.dtype ?? info.dtype,
    shape: value.shape ?? info.shape,
  };
}
