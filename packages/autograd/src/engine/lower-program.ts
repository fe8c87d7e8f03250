import { EdgewrightError, ShapeError } from "@edgewright/core";
import type { Operation } from "./operation.js";
import { Parameter } from "./parameter.js";
import { pickChannels } from "./pick-channels.js";
import { type LoweredStep, StepRecorder, type Storage } from "./step-recorder.js";
import type { OperationNode, Tape, TapeNode, Variable } from "./tape.js";
import { elementsOf, type Value } from "./value.js";

/** A parameter of which some entries of the last axis (output channels) are trained. */
export interface PartialParameter {
  readonly parameter: Parameter;
  /** Indices into the last axis, ascending. */
  readonly channels: readonly number[];
}

/** What a program is to compute. */
export interface ProgramRequest {
  readonly tape: Tape;
  /** A scalar; with it the program has a backward pass. @default none: a forward pass alone */
  readonly loss?: Variable;
  /** Variables to read after a run, besides the loss. @default none */
  readonly outputs?: readonly Variable[];
  /** Parameters to differentiate for. @default the tape's trainable parameters */
  readonly trainable?: readonly (Parameter | PartialParameter)[];
  /** Variables (inputs, activations) whose gradients are wanted as well. @default none */
  readonly gradientsOf?: readonly Variable[];
  /** The gradient of the loss by itself: 1 / n averages over n accumulated batches. @default 1 */
  readonly lossScale?: number;
  /** Adds gradients over runs until `clearGradients`, instead of replacing them. @default false */
  readonly accumulate?: boolean;
}

/** A program before it has memory: steps over values, from shapes alone. */
export interface LoweredProgram {
  readonly request: ProgramRequest;
  readonly steps: readonly LoweredStep[];
  /** Steps of the forward pass; the backward pass follows. */
  readonly forwardSteps: number;
  /** Every value that is no view. */
  readonly owners: readonly Value[];
  readonly storage: ReadonlyMap<Value, Storage>;
  readonly valueFor: ReadonlyMap<Variable, Value>;
  readonly gradientOf: ReadonlyMap<Parameter | Variable, Value>;
  readonly channelsOf: ReadonlyMap<Parameter, readonly number[]>;
}

/**
 * Turns a tape into the steps of a forward pass and, with a loss, of a backward pass: reverse-mode
 * differentiation over the operations between the loss and the lowest trainable parameter, and no others.
 *
 * @throws ShapeError when the loss is no scalar, and EdgewrightError `invalid-argument` when nothing can be
 * trained or the request names what is not on the tape.
 */
export function lowerProgram(request: ProgramRequest): LoweredProgram {
  checkRequest(request);
  const builder = new StepRecorder();
  const { tape, loss, outputs = [], gradientsOf = [] } = request;
  const trainable = new Map<Parameter, readonly number[] | undefined>();
  if (loss !== undefined) {
    const all = request.trainable ?? tape.parameters.filter((parameter) => parameter.trainable);
    for (const one of all) {
      const [parameter, channels] =
        one instanceof Parameter ? [one, undefined] : [one.parameter, checkChannels(one)];
      const before = trainable.get(parameter);
      if (trainable.has(parameter) && `${before}` !== `${channels}`) throw twofold(parameter);
      trainable.set(parameter, channels);
    }
  }
  const wanted = loss === undefined ? outputs : [loss, ...outputs, ...gradientsOf];
  const reached = ancestorsOf(tape, wanted);
  const towardsLoss = loss === undefined ? new Set<number>() : ancestorsOf(tape, [loss]);
  const needs = differentiated(tape, towardsLoss, trainable, new Set(gradientsOf));

  const valueFor = new Map<Variable, Value>();
  const lowered = new Map<OperationNode, { output: Value; saved: unknown; needs: boolean[] }>();
  for (const node of tape.nodes) {
    if (!reached.has(node.variable.id)) continue;
    if (node.kind !== "operation") {
      valueFor.set(node.variable, builder.leaf(node));
      continue;
    }
    const inputNeeds = node.inputs.map((input) => needs[node.variable.id]! && needs[input.id]!);
    builder.node = node;
    const { output, saved } = node.operation.forward(builder, {
      inputs: node.inputs.map((input) => valueFor.get(input)!),
      options: node.options,
      outputShape: node.variable.shape,
      needs: inputNeeds,
    });
    lowered.set(node, { output, saved, needs: inputNeeds });
    valueFor.set(node.variable, output);
  }
  const forwardSteps = builder.steps.length;

  const gradientOf = new Map<Parameter | Variable, Value>();
  const channelsOf = new Map<Parameter, readonly number[]>();
  if (loss !== undefined) {
    if (!needs[loss.id]) throw nothingToTrain(trainable);
    builder.phase = "backward";
    const gradients = new Map<number, Value>();
    const seed = Float32Array.of(request.lossScale ?? 1);
    gradients.set(loss.id, builder.constant(seed, loss.shape, "gradient of the loss"));
    for (let id = loss.id; id >= 0; id--) {
      const node = tape.nodes[id]!;
      const gradient = gradients.get(id);
      if (gradient === undefined) continue;
      if (gradientsOf.includes(node.variable)) gradientOf.set(node.variable, gradient);
      if (node.kind === "parameter" && trainable.has(node.parameter)) {
        const channels = trainable.get(node.parameter);
        if (channels !== undefined) channelsOf.set(node.parameter, channels);
        // Where its whole gradient was asked for, the trained part is taken from that.
        const whole =
          channels !== undefined && channelsFor(node, trainable, gradientsOf) === undefined;
        const trained = whole ? pickChannels(builder, gradient, channels) : gradient;
        gradientOf.set(
          node.parameter,
          request.accumulate ? builder.accumulate(node.parameter, trained) : trained,
        );
      }
      const done = node.kind === "operation" ? lowered.get(node) : undefined;
      if (node.kind !== "operation" || done === undefined) continue;
      const { operation, inputs, options } = node;
      // A gradient may be wanted of a result that nothing below is differentiated for.
      if (operation.backward === undefined || !done.needs.includes(true)) continue;
      builder.node = node;
      const channels = inputs.map((input) =>
        channelsFor(tape.nodes[input.id]!, trainable, gradientsOf),
      );
      const made = operation.backward(builder, {
        inputs: inputs.map((input) => valueFor.get(input)!),
        output: done.output,
        saved: done.saved,
        gradient: builder.reshaped(gradient, node.variable.shape),
        options,
        needs: done.needs,
        channels: operation.partial ? channels : channels.map(() => undefined),
      });
      inputs.forEach((input, i) => {
        if (!done.needs[i]) return;
        const contribution = made[i];
        if (contribution === undefined) throw noGradient(operation, i);
        const picked =
          channels[i] !== undefined && !operation.partial
            ? pickChannels(builder, contribution, channels[i])
            : contribution;
        builder.node = undefined;
        const before = gradients.get(input.id);
        gradients.set(input.id, before === undefined ? picked : builder.sum(before, picked));
        builder.node = node;
      });
    }
    for (const parameter of request.trainable === undefined ? [] : trainable.keys()) {
      if (!gradientOf.has(parameter)) throw unused(parameter);
    }
    for (const variable of gradientsOf) {
      if (!gradientOf.has(variable)) throw withoutGradient(variable);
    }
  }
  return {
    request,
    steps: builder.steps,
    forwardSteps,
    owners: builder.owners,
    storage: builder.storage,
    valueFor,
    gradientOf,
    channelsOf,
  };
}

function ancestorsOf(tape: Tape, wanted: readonly Variable[]): Set<number> {
  const found = new Set(wanted.map((variable) => variable.id));
  for (let id = tape.nodes.length - 1; id >= 0; id--) {
    const node = tape.nodes[id]!;
    if (!found.has(id) || node.kind !== "operation") continue;
    for (const input of node.inputs) found.add(input.id);
  }
  return found;
}

/** By id: whether the gradient of the loss by a variable is computed. */
function differentiated(
  tape: Tape,
  towardsLoss: ReadonlySet<number>,
  trainable: ReadonlyMap<Parameter, unknown>,
  gradientsOf: ReadonlySet<Variable>,
): boolean[] {
  const needs: boolean[] = [];
  for (const node of tape.nodes) {
    const { id, type } = node.variable;
    const asked =
      gradientsOf.has(node.variable) ||
      (node.kind === "parameter" && trainable.has(node.parameter)) ||
      (node.kind === "operation" &&
        node.operation.backward !== undefined &&
        node.inputs.some((input) => needs[input.id]));
    needs.push(asked && type === "f32" && towardsLoss.has(id));
  }
  return needs;
}

function channelsFor(
  node: TapeNode,
  trainable: ReadonlyMap<Parameter, readonly number[] | undefined>,
  gradientsOf: readonly Variable[],
): readonly number[] | undefined {
  if (node.kind !== "parameter" || gradientsOf.includes(node.variable)) return undefined;
  return trainable.get(node.parameter);
}

function checkRequest(request: ProgramRequest): void {
  const { tape, loss, outputs = [], gradientsOf = [], lossScale = 1 } = request;
  for (const variable of [...(loss ? [loss] : []), ...outputs, ...gradientsOf]) {
    if (variable.tape === tape) continue;
    throw new EdgewrightError(
      "invalid-argument",
      "a program was asked for a variable of another tape; record the network and its loss on one",
    );
  }
  if (loss !== undefined && elementsOf(loss.shape) !== 1) {
    throw new ShapeError(
      `a loss must be one number, got [${loss.shape}]; take its mean(...) or sum(...)`,
    );
  }
  if (loss === undefined && outputs.length === 0) {
    throw new EdgewrightError(
      "invalid-argument",
      "a program needs a loss, or outputs to compute; it was given neither",
    );
  }
  if (loss === undefined && gradientsOf.length > 0) {
    throw new EdgewrightError(
      "invalid-argument",
      "a program without a loss has no gradients; leave `gradientsOf` out, or name a loss",
    );
  }
  if (!Number.isFinite(lossScale)) {
    throw new EdgewrightError("invalid-argument", `expected a finite lossScale, got ${lossScale}`);
  }
}

function checkChannels({ parameter, channels }: PartialParameter): readonly number[] {
  const count = parameter.shape.at(-1) ?? 0; // a scalar has no axis to choose from
  const ascending = channels.every(
    (channel, i) =>
      Number.isInteger(channel) && channel < count && channel > (i === 0 ? -1 : channels[i - 1]!),
  );
  if (channels.length === 0 || !ascending) {
    throw new EdgewrightError(
      "invalid-argument",
      `parameter ${parameter.name}: expected ascending channels from 0 to ${count - 1}, got [${channels}]`,
    );
  }
  return [...channels];
}

function twofold({ name }: Parameter): EdgewrightError {
  return new EdgewrightError(
    "invalid-argument",
    `parameter ${name} is named twice in \`trainable\`, with other channels each time; name it once`,
  );
}

function withoutGradient({ shape, type }: Variable): EdgewrightError {
  return new EdgewrightError(
    "invalid-argument",
    `there is no gradient for the variable ${type} [${shape}] named in \`gradientsOf\`: it holds integers, ` +
      "or the loss does not depend on it",
  );
}

function nothingToTrain(trainable: ReadonlyMap<Parameter, unknown>): EdgewrightError {
  const names = [...trainable.keys()].map((parameter) => parameter.name).join(", ");
  return new EdgewrightError(
    "invalid-argument",
    `the loss depends on no trainable parameter (trainable: ${names || "none"}); name some in \`trainable\``,
  );
}

function unused(parameter: Parameter): EdgewrightError {
  return new EdgewrightError(
    "invalid-argument",
    `the loss does not depend on parameter ${parameter.name}; leave it out of \`trainable\``,
  );
}

function noGradient(operation: Operation, index: number): EdgewrightError {
  return new EdgewrightError(
    "unsupported",
    `${operation.name}: input ${index} needs a gradient, and the operation has none for it`,
  );
}
