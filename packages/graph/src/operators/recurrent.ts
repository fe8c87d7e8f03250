import type { DType, Tensor } from "@edgewright/core";
import { type FloatArray, packNumbers, readFloats } from "./element-values.js";
import {
  type HostOperator,
  invalidNode,
  type OperatorContext,
  type OperatorEntry,
  shapeError,
} from "./host-operator.js";
import { floatAttribute, intAttribute, stringAttribute } from "./node-attributes.js";
import { allocate, readIntegers, requireInput } from "./operator-inputs.js";
import { type Activation, readActivations } from "./recurrent-activations.js";

/** `RNN`, `GRU` and `LSTM` in every direction and layout. */
export function recurrentOperators(): OperatorEntry[] {
  return [
    { opType: "GRU", since: 7, run: recurrent(3, ["Sigmoid", "Tanh"], makeGruCell) },
    { opType: "LSTM", since: 7, run: recurrent(4, ["Sigmoid", "Tanh", "Tanh"], makeLstmCell) },
    { opType: "RNN", since: 7, run: recurrent(1, ["Tanh"], makeRnnCell) },
  ];
}

/** What one direction of a recurrent node computes with. */
interface CellParameters {
  hidden: number;
  /** Recurrence weights `[gates * hidden, hidden]`. */
  r: FloatArray;
  /** Input bias `[gates * hidden]`. */
  inputBias: FloatArray;
  /** Recurrence bias `[gates * hidden]`. */
  stateBias: FloatArray;
  /** Peephole weights `[3 * hidden]` of an LSTM. */
  peepholes: FloatArray | undefined;
  activations: Activation[];
  clip: Activation;
  context: OperatorContext;
}

/** One step: `gates` holds `W x`, `h` and `c` are read and replaced. */
type Cell = (gates: Float64Array, h: Float64Array, c: Float64Array) => void;

interface Sizes {
  steps: number;
  batch: number;
  width: number;
  hidden: number;
  directions: number;
  /** Whether the batch axis comes first. */
  batchFirst: boolean;
}

function recurrent(
  gateCount: number,
  defaults: readonly string[],
  makeCell: (parameters: CellParameters) => Cell,
): HostOperator {
  return (inputs, context) => {
    const x = requireInput(inputs, 0, context);
    const sizes = readSizes(inputs, gateCount, context);
    const { steps, batch, width, hidden, directions, batchFirst } = sizes;
    const lengths = readLengths(inputs[4] ?? null, sizes, context);
    const activations = readActivations(defaults, directions, context);
    const limit = floatAttribute(context.node, "clip", Infinity);
    const clip: Activation = (value) => Math.max(-limit, Math.min(limit, value));
    const rows = gateCount * hidden;
    const source = readFloats(x, context);
    const w = readFloats(requireInput(inputs, 1, context), context);
    const r = readFloats(requireInput(inputs, 2, context), context);
    const bias = optionalFloats(inputs[3], directions * 2 * rows, context);
    const peepholes = optionalFloats(inputs[7], directions * 3 * hidden, context);
    const initialH = optionalFloats(inputs[5], directions * batch * hidden, context);
    const initialC = optionalFloats(inputs[6], directions * batch * hidden, context);
    const zeros = new Float64Array(rows);
    const y = allocate("f64", [steps, directions, batch, hidden], context).data;
    const lastH = new Float64Array(directions * batch * hidden);
    const lastC = new Float64Array(directions * batch * hidden);
    const gates = new Float64Array(rows);
    for (let d = 0; d < directions; d++) {
      const cell = makeCell({
        hidden,
        r: r.subarray(d * rows * hidden, (d + 1) * rows * hidden),
        inputBias: bias?.subarray(d * 2 * rows, d * 2 * rows + rows) ?? zeros,
        stateBias: bias?.subarray(d * 2 * rows + rows, (d + 1) * 2 * rows) ?? zeros,
        peepholes: peepholes?.subarray(d * 3 * hidden, (d + 1) * 3 * hidden),
        activations: activations[d]!,
        clip,
        context,
      });
      const backwards =
        d === 1 || stringAttribute(context.node, "direction", "forward") === "reverse";
      for (let b = 0; b < batch; b++) {
        const state = (batchFirst ? b * directions + d : d * batch + b) * hidden;
        const h = lastH.subarray(state, state + hidden);
        const c = lastC.subarray(state, state + hidden);
        if (initialH) h.set(initialH.subarray(state, state + hidden));
        if (initialC) c.set(initialC.subarray(state, state + hidden));
        const length = lengths[b]!;
        for (let s = 0; s < length; s++) {
          const t = backwards ? length - 1 - s : s;
          const row = (batchFirst ? b * steps + t : t * batch + b) * width;
          multiplyRows(w, d * rows * width, source, row, gates, rows, width);
          cell(gates, h, c);
          const target = batchFirst
            ? (b * steps + t) * directions + d
            : (t * directions + d) * batch + b;
          y.set(h, target * hidden);
        }
      }
    }
    return packOutputs(x.dtype, y, lastH, lastC, sizes, context);
  };
}

function packOutputs(
  dtype: DType,
  y: Float64Array,
  lastH: Float64Array,
  lastC: Float64Array,
  { steps, batch, hidden, directions, batchFirst }: Sizes,
  context: OperatorContext,
): Tensor[] {
  const yShape = batchFirst
    ? [batch, steps, directions, hidden]
    : [steps, directions, batch, hidden];
  const stateShape = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden];
  return [
    packNumbers(dtype, yShape, y, context),
    packNumbers(dtype, stateShape, lastH, context),
    packNumbers(dtype, stateShape, lastC, context),
  ];
}

function readSizes(
  inputs: readonly (Tensor | null)[],
  gateCount: number,
  context: OperatorContext,
): Sizes {
  const x = requireInput(inputs, 0, context);
  const w = requireInput(inputs, 1, context);
  const r = requireInput(inputs, 2, context);
  const direction = stringAttribute(context.node, "direction", "forward");
  if (direction !== "forward" && direction !== "reverse" && direction !== "bidirectional") {
    throw invalidNode(context, `direction "${direction}" is unknown`);
  }
  const directions = direction === "bidirectional" ? 2 : 1;
  const batchFirst = intAttribute(context.node, "layout", 0) !== 0;
  const hidden = intAttribute(context.node, "hidden_size", r.shape[2] ?? 0);
  const [first, second, width] = x.shape as [number, number, number];
  const rows = gateCount * hidden;
  if (
    x.shape.length !== 3 ||
    w.shape.join() !== [directions, rows, width].join() ||
    r.shape.join() !== [directions, rows, hidden].join()
  ) {
    throw shapeError(
      context,
      `X [${x.shape.join(", ")}], W [${w.shape.join(", ")}] and R [${r.shape.join(", ")}] do not fit ` +
        `${directions} directions of ${hidden} units`,
    );
  }
  const [steps, batch] = batchFirst ? [second, first] : [first, second];
  return { steps, batch, width, hidden, directions, batchFirst };
}

function readLengths(lengths: Tensor | null, sizes: Sizes, context: OperatorContext): number[] {
  if (lengths === null) return new Array<number>(sizes.batch).fill(sizes.steps);
  const values = readIntegers(lengths);
  if (values.length !== sizes.batch || values.some((n) => !(n >= 0 && n <= sizes.steps))) {
    throw shapeError(
      context,
      `sequence lengths [${values.join(", ")}] do not fit ${sizes.steps} steps`,
    );
  }
  return values;
}

function optionalFloats(
  input: Tensor | null | undefined,
  length: number,
  context: OperatorContext,
): FloatArray | undefined {
  if (!input) return undefined;
  if (input.data.length !== length) {
    throw shapeError(
      context,
      `input of shape [${input.shape.join(", ")}] must hold ${length} elements`,
    );
  }
  return readFloats(input, context);
}

// out[i] = sum over k of matrix[i, k] * vector[k]
function multiplyRows(
  matrix: FloatArray,
  matrixStart: number,
  vector: FloatArray,
  vectorStart: number,
  out: Float64Array,
  rows: number,
  columns: number,
): void {
  for (let i = 0; i < rows; i++) {
    let total = 0;
    const row = matrixStart + i * columns;
    for (let k = 0; k < columns; k++) total += matrix[row + k]! * vector[vectorStart + k]!;
    out[i] = total;
  }
}

function makeRnnCell({ hidden, r, inputBias, stateBias, activations, clip }: CellParameters): Cell {
  const activate = activations[0]!;
  const recurrence = new Float64Array(hidden);
  return (gates, h) => {
    multiplyRows(r, 0, h, 0, recurrence, hidden, hidden);
    for (let i = 0; i < hidden; i++) {
      h[i] = activate(clip(gates[i]! + recurrence[i]! + inputBias[i]! + stateBias[i]!));
    }
  };
}

// Gates in the order update z, reset r, hidden h.
function makeGruCell(parameters: CellParameters): Cell {
  const { hidden, r, inputBias, stateBias, activations, clip, context } = parameters;
  const [f, g] = activations as [Activation, Activation];
  const linearBeforeReset = intAttribute(context.node, "linear_before_reset", 0) !== 0;
  const recurrence = new Float64Array(3 * hidden);
  const scaled = new Float64Array(hidden);
  const reset = new Float64Array(hidden);
  const candidate = new Float64Array(hidden);
  return (gates, h) => {
    multiplyRows(r, 0, h, 0, recurrence, 3 * hidden, hidden);
    for (let i = 0; i < hidden; i++) {
      const k = hidden + i;
      reset[i] = f(clip(gates[k]! + recurrence[k]! + inputBias[k]! + stateBias[k]!));
      scaled[i] = reset[i]! * h[i]!;
    }
    if (!linearBeforeReset) {
      multiplyRows(r, 2 * hidden * hidden, scaled, 0, candidate, hidden, hidden);
    }
    for (let i = 0; i < hidden; i++) {
      const k = 2 * hidden + i;
      const fromState = linearBeforeReset
        ? reset[i]! * (recurrence[k]! + stateBias[k]!)
        : candidate[i]! + stateBias[k]!;
      const proposal = g(clip(gates[k]! + fromState + inputBias[k]!));
      const update = f(clip(gates[i]! + recurrence[i]! + inputBias[i]! + stateBias[i]!));
      h[i] = (1 - update) * proposal + update * h[i]!;
    }
  };
}

// Gates in the order input i, output o, forget f, cell c; peepholes i, o, f.
function makeLstmCell(parameters: CellParameters): Cell {
  const { hidden, r, inputBias, stateBias, activations, clip, context } = parameters;
  const [f, g, h] = activations as [Activation, Activation, Activation];
  const coupled = intAttribute(context.node, "input_forget", 0) !== 0;
  const recurrence = new Float64Array(4 * hidden);
  const p = parameters.peepholes ?? new Float64Array(3 * hidden);
  return (gates, state, cell) => {
    multiplyRows(r, 0, state, 0, recurrence, 4 * hidden, hidden);
    for (let k = 0; k < 4 * hidden; k++) {
      gates[k] = gates[k]! + recurrence[k]! + inputBias[k]! + stateBias[k]!;
    }
    for (let i = 0; i < hidden; i++) {
      const old = cell[i]!;
      const input = f(clip(gates[i]! + p[i]! * old));
      const forget = coupled
        ? 1 - input
        : f(clip(gates[2 * hidden + i]! + p[2 * hidden + i]! * old));
      const next = forget * old + input * g(clip(gates[3 * hidden + i]!));
      const output = f(clip(gates[hidden + i]! + p[hidden + i]! * next));
      cell[i] = next;
      state[i] = output * h(next);
    }
  };
}
