import {
  arrayConstructor,
  EdgewrightError,
  sizeOf,
  type Tensor,
  type TensorData,
} from "@edgewright/core";
import type { Kernels } from "@edgewright/kernels";
import { evaluateNode, type InterpretOptions } from "../operators/interpreter.js";
import { memoryOrder } from "../planning/layout.js";
import type { PlacedValue, Program, ProgramStep } from "../planning/program.js";
import type { UnnumberedStep } from "./step.js";
import { zeroShare } from "./zero-share.js";

/** Runs the steps of a program whose inputs are in place. */
export function* runProgram(
  program: Program,
  kernels: Kernels,
  opsets: ReadonlyMap<string, number>,
  options: InterpretOptions,
): Generator<UnnumberedStep, void> {
  for (const step of program.steps) {
    const { action } = step;
    for (const plan of action.plans) kernels.run(plan);
    if (action.kind === "host") runHostStep(step, kernels, opsets, options);
    yield faceOf(step, kernels);
  }
  for (const plan of program.epilogue) kernels.run(plan);
}

/** Elements that a share of zeros is taken from unless the caller says: 1.6 % of standard error at most. */
export const ZERO_SAMPLES = 1024;

const faces = /*@__PURE__*/ new WeakMap<ProgramStep, UnnumberedStep>();

// Made once a step, not once a run.
function faceOf(step: ProgramStep, kernels: Kernels): UnnumberedStep {
  const known = faces.get(step);
  if (known !== undefined) return known;
  const { name, opType, macs, outputs, action } = step;
  const face: UnnumberedStep = {
    name,
    opType,
    macs,
    engine: action.kind,
    outputNames: outputs.map((output) => output.name),
    read: (output = 0) => readPlaced(kernels, outputs[output]!),
    zeroShare: (samples = ZERO_SAMPLES, output = 0) => {
      const value = outputs[output];
      if (value === undefined) throw noSuchOutput(name, output, outputs.length);
      return zeroShare(viewOf(kernels, value).data, samples);
    },
  };
  faces.set(step, face);
  return face;
}

/** What is thrown at a position that a step has no output at. */
export function noSuchOutput(name: string, output: number, count: number): EdgewrightError {
  return new EdgewrightError(
    "invalid-argument",
    `Step: expected the position of an output of "${name}", got output ${output} of ${count}`,
    { where: name },
  );
}

function runHostStep(
  step: ProgramStep,
  kernels: Kernels,
  opsets: ReadonlyMap<string, number>,
  options: InterpretOptions,
): void {
  if (step.action.kind !== "host") return;
  const { node, inputs, captured } = step.action;
  const scope = new Map<string, Tensor>();
  for (const [name, value] of captured) scope.set(name, viewOf(kernels, value));
  const results = evaluateNode(
    node,
    opsets,
    inputs.map((input) => (input === null ? null : viewOf(kernels, input))),
    { ...options, scope },
  );
  for (const output of step.outputs) {
    const result = results[node.outputs.indexOf(output.name)];
    if (
      !result ||
      result.dtype !== output.dtype ||
      result.shape.length !== output.shape.length ||
      result.shape.some((dim, axis) => dim !== output.shape[axis])
    ) {
      throw new EdgewrightError(
        "shape-mismatch",
        `${node.opType} "${node.name}": planned ${output.dtype} [${output.shape.join(", ")}] for ` +
          `"${output.name}", got ${result ? `${result.dtype} [${result.shape.join(", ")}]` : "nothing"}`,
        { where: node.name },
      );
    }
    writeInput(kernels, output, result);
  }
}

/** Copies a tensor to its place. */
export function writeInput(kernels: Kernels, place: PlacedValue, tensor: Tensor): void {
  const { data } = tensor;
  kernels.arena
    .u8(place.address, data.byteLength)
    .set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

/** A value as a tensor over the memory that it lies in: valid until memory grows or is written again. */
export function viewOf(kernels: Kernels, value: PlacedValue | Tensor): Tensor {
  if ("data" in value) return value;
  const { dtype, shape, address } = value;
  const Elements = arrayConstructor(dtype);
  const data: TensorData = new Elements(kernels.arena.memory.buffer, address, sizeOf(shape));
  return { dtype, shape, data } as Tensor;
}

/** A tensor with data of its own. */
export function copyTensor(tensor: Tensor): Tensor {
  const { dtype, shape, data } = tensor;
  return { dtype, shape: [...shape], data: data.slice() as never };
}

function readPlaced(kernels: Kernels, value: PlacedValue): Tensor {
  const copy = copyTensor(viewOf(kernels, value));
  if (value.layout === "row-major") return copy;
  const source = copy.data;
  const data = source.slice();
  const { shape } = value;
  const order = memoryOrder(shape.length, value.layout);
  // Distance in memory between neighbours along each axis.
  const steps = new Array<number>(shape.length);
  let step = 1;
  for (const axis of [...order].reverse()) {
    steps[axis] = step;
    step *= shape[axis]!;
  }
  const position = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let to = 0; to < data.length; to++) {
    data[to] = source[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++position[axis]! < shape[axis]!) break;
      from -= steps[axis]! * shape[axis]!;
      position[axis] = 0;
    }
  }
  return { ...copy, data: data as never };
}
