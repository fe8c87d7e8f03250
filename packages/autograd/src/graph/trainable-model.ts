import { EdgewrightError, ShapeError } from "@edgewright/core";
import {
  type Dim,
  inferShapes,
  type Model,
  type ValueInfo,
  validateModel,
} from "@edgewright/graph";
import type { Parameter } from "../engine/parameter.js";
import type { Variable } from "../engine/tape.js";
import { importWeights, type TrainableChoice, withPresentWeights } from "./model-weights.js";
import { recognizeGelu } from "./recognize-gelu.js";
import { nodesToTrace, traceGraph } from "./trace-graph.js";
import { channelsLastOrder, rowMajorOrder, TracedTensor } from "./traced-tensor.js";

/** Options of {@link trainableModel}. */
export interface TrainableModelOptions {
  /**
   * Whether a parameter is trained, by its name and ONNX shape; running statistics never are.
   *
   * @default weights, biases, scales, and what is added or multiplied; not what is subtracted or divided by,
   * and no single numbers: exporters do not tell constants from weights
   */
  readonly trainable?: TrainableChoice;
  /** Batch normalisation by its running statistics, in mode `train`, too. @default false */
  readonly freezeBatchNorm?: boolean;
  /** Layout of inputs of four axes, images, as they are given. @default "NCHW" */
  readonly inputLayout?: "NCHW" | "NHWC";
  /** Layout of outputs of four axes, images, as they are returned. @default "NCHW" */
  readonly outputLayout?: "NCHW" | "NHWC";
  /** Takes any batch size where the model was exported for one: the inputs' first axis. @default false */
  readonly anyBatch?: boolean;
}

/** Options of {@link TrainableModel.apply}. */
export interface ApplyModelOptions {
  /**
   * `train` normalises by the batch and updates running statistics; `frozen` uses them, as inference does.
   *
   * @default "train"
   */
  readonly mode?: "train" | "frozen";
}

/** An ONNX network whose weights are parameters. */
export interface TrainableModel {
  /** Named as the initialisers; their memory is in our layouts (filters [kh, kw, c, oc]). */
  readonly parameters: readonly Parameter[];
  /**
   * Records the network for inputs of these shapes, on their tape; symbolic sizes are theirs. May be called
   * any number of times: programs share the parameters.
   *
   * @returns the outputs by name.
   * @throws ShapeError naming an input that does not fit, EdgewrightError `invalid-argument` for an input that
   * is missing or unknown, UnsupportedError naming a node that cannot be recorded.
   */
  apply(
    inputs: Variable | Readonly<Record<string, Variable>>,
    options?: ApplyModelOptions,
  ): Record<string, Variable>;
  /** The original model with the parameters' present values, for `serializeModel` or `createSession`. */
  toModel(): Model;
}

/**
 * Makes an ONNX network trainable: its initialisers become parameters, its nodes operations on a tape.
 *
 * Images run with their channels last: weights are moved once, activations only where an operator such as
 * Flatten looks at ONNX's order. A Dropout hands its input on.
 *
 * @throws UnsupportedError naming a node whose operator cannot be trained, or a weight that is not f32, and
 * ValidationError for a graph that does not hang together.
 *
 * @example
 * ```ts
 * const network = trainableModel(parseModel(bytes));
 * const tape = createTape();
 * const x = tape.input("x", [32, 1, 28, 28]);
 * const labels = tape.input("labels", [32], "i32");
 * const { logits } = network.apply(x);
 * const program = createProgram(kernels, { tape, loss: crossEntropy(logits!, labels) });
 * // ... train ...
 * const trained = serializeModel(network.toModel()); // an ONNX file again
 * ```
 */
export function trainableModel(model: Model, options: TrainableModelOptions = {}): TrainableModel {
  const sorted = recognizeGelu(validateModel(model));
  const { graph } = sorted;
  const traced = options.anyBatch ? withAnyBatch(sorted) : sorted;
  const weights = importWeights(graph, options.trainable);
  nodesToTrace({ model: traced, weights, inferred: inferShapes(traced) });

  return {
    parameters: [...weights.values()].map(({ parameter }) => parameter),
    apply(given, { mode = "train" } = {}) {
      const variables = namedInputs(graph.inputs, given);
      const inputs = new Map<string, TracedTensor>();
      for (const info of traced.graph.inputs) {
        inputs.set(info.name, checkedInput(info, variables[info.name]!, options));
      }
      const inputShapes = Object.fromEntries([...inputs].map(([name, { shape }]) => [name, shape]));
      const outputs = traceGraph({
        model: traced,
        weights,
        inferred: inferShapes(traced, { inputShapes }),
        tape: variables[graph.inputs[0]!.name]!.tape,
        mode: options.freezeBatchNorm ? "frozen" : mode,
        inputs,
      });
      return Object.fromEntries(
        [...outputs].map(([name, value]) => [
          name,
          value.inOrder(layoutOrder(value.rank, options.outputLayout)),
        ]),
      );
    },
    toModel: () => withPresentWeights(model, weights),
  };
}

function layoutOrder(rank: number, layout: "NCHW" | "NHWC" = "NCHW"): number[] {
  return rank === 4 && layout === "NHWC" ? channelsLastOrder(rank) : rowMajorOrder(rank);
}

function withAnyBatch(model: Model): Model {
  const inputs = model.graph.inputs.map((info) =>
    info.shape === null ? info : { ...info, shape: [null, ...info.shape.slice(1)] },
  );
  return { ...model, graph: { ...model.graph, inputs } };
}

function namedInputs(
  infos: readonly ValueInfo[],
  given: Variable | Readonly<Record<string, Variable>>,
): Readonly<Record<string, Variable>> {
  const names = infos.map(({ name }) => name);
  const takes = `the model takes ${names.join(", ") || "none"}`;
  const refuse = (what: string): EdgewrightError =>
    new EdgewrightError("invalid-argument", `TrainableModel.apply: ${what}; ${takes}`);
  if (names.length === 0) throw refuse("expected a model with inputs");
  if (isVariable(given)) {
    if (names.length === 1) return { [names[0]!]: given };
    throw refuse("expected variables by input name, got one variable");
  }
  for (const name of Object.keys(given)) {
    if (!names.includes(name)) throw refuse(`there is no input "${name}"`);
  }
  for (const name of names) {
    if (given[name] === undefined) throw refuse(`input "${name}" is missing`);
  }
  return given;
}

function isVariable(given: Variable | Readonly<Record<string, Variable>>): given is Variable {
  return "tape" in given && "id" in given;
}

function checkedInput(
  { name, dtype, shape: declared }: ValueInfo,
  variable: Variable,
  { inputLayout }: TrainableModelOptions,
): TracedTensor {
  const order = layoutOrder(variable.shape.length, inputLayout);
  const shape = rowMajorOrder(order.length).map((axis) => variable.shape[order.indexOf(axis)]!);
  const fits = (size: Dim, axis: number): boolean =>
    typeof size !== "number" || size === shape[axis];
  if (declared !== null && !(declared.length === shape.length && declared.every(fits))) {
    const axes = layoutOrder(declared.length, inputLayout);
    const layout = axes.length === 4 ? ` (${inputLayout ?? "NCHW"})` : "";
    const batch =
      declared.length === shape.length && declared.slice(1).every((size, i) => fits(size, i + 1));
    throw new ShapeError(
      `TrainableModel.apply: input "${name}" expects [${axes.map((axis) => declared[axis] ?? "any")}]${layout}, ` +
        `got [${variable.shape}]${batch ? "; for another batch size use the option anyBatch" : ""}`,
      { where: name },
    );
  }
  const integers = dtype !== null && dtype !== "f32";
  if ((variable.type === "i32") !== integers) {
    throw new ShapeError(
      `TrainableModel.apply: input "${name}" is ${dtype}, got a variable of type ${variable.type}`,
      { where: name },
    );
  }
  return new TracedTensor(variable, shape, order);
}
