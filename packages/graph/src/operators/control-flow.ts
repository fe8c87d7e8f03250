import { sizeOf, type Tensor, tensor, throwIfAborted } from "@edgewright/core";
import type { Graph } from "../model/model.js";
import {
  invalidNode,
  limitExceeded,
  type OperatorContext,
  type OperatorEntry,
  shapeError,
} from "./host-operator.js";
import { graphAttribute, intAttribute, intsAttribute } from "./node-attributes.js";
import { allocate, normalizeAxis, readScalar, requireInput } from "./operator-inputs.js";

/** `If`, `Loop` and `Scan`: operators whose attributes are graphs. */
export function controlFlowOperators(): OperatorEntry[] {
  return [
    { opType: "If", since: 1, run: runIf },
    { opType: "Loop", since: 1, run: runLoop },
    { opType: "Scan", since: 8, run: runBatchedScan },
    { opType: "Scan", since: 9, run: runScan },
  ];
}

function runIf(
  inputs: readonly (Tensor | null)[],
  context: OperatorContext,
): readonly (Tensor | null)[] {
  const condition = readScalar(requireInput(inputs, 0, context), "the condition", context);
  return context.runGraph(
    graphAttribute(context.node, condition ? "then_branch" : "else_branch"),
    [],
  );
}

function runLoop(
  inputs: readonly (Tensor | null)[],
  context: OperatorContext,
): readonly (Tensor | null)[] {
  const body = graphAttribute(context.node, "body");
  const tripCount = inputs[0] ? readScalar(inputs[0], "the trip count", context) : Infinity;
  let condition = inputs[1] ? readScalar(inputs[1], "the condition", context) !== 0 : true;
  let state = inputs.slice(2);
  const stateCount = state.length;
  checkBody(body, 2 + stateCount, 1 + stateCount, context);
  const scanned = new Collector(body.outputs.length - 1 - stateCount, context);
  const counter = context.iterations ?? { count: 0 };
  let iteration = 0;
  for (; condition && iteration < tripCount; iteration++) {
    countIteration(counter, context);
    const results = context.runGraph(body, [
      tensor("i64", [], [BigInt(iteration)]),
      tensor("bool", [], [1]),
      ...state,
    ]);
    condition = readScalar(results[0]!, "the body's condition", context) !== 0;
    state = results.slice(1, 1 + stateCount);
    scanned.add(results.slice(1 + stateCount));
  }
  return [...state, ...scanned.finish(body, 1 + stateCount)];
}

function runScan(
  inputs: readonly (Tensor | null)[],
  context: OperatorContext,
): readonly (Tensor | null)[] {
  const scanCount = intAttribute(context.node, "num_scan_inputs", 0);
  const stateCount = inputs.length - scanCount;
  const all = inputs.map((_, i) => requireInput(inputs, i, context));
  const outputCount = graphAttribute(context.node, "body").outputs.length - stateCount;
  return scan(all.slice(0, stateCount), all.slice(stateCount), context, {
    inputAxes: intsAttribute(context.node, "scan_input_axes") ?? new Array(scanCount).fill(0),
    inputReversed:
      intsAttribute(context.node, "scan_input_directions") ?? new Array(scanCount).fill(0),
    outputAxes: intsAttribute(context.node, "scan_output_axes") ?? new Array(outputCount).fill(0),
    outputReversed:
      intsAttribute(context.node, "scan_output_directions") ?? new Array(outputCount).fill(0),
  });
}

// Version 8 has a batch axis in front of everything, and optional lengths per batch.
function runBatchedScan(
  inputs: readonly (Tensor | null)[],
  context: OperatorContext,
): readonly (Tensor | null)[] {
  const scanCount = intAttribute(context.node, "num_scan_inputs", 0);
  const values = inputs.slice(1).map((_, i) => requireInput(inputs, i + 1, context));
  const stateCount = values.length - scanCount;
  const batch = values[0]?.shape[0] ?? 0;
  const lengths = inputs[0];
  const outputCount = graphAttribute(context.node, "body").outputs.length - stateCount;
  const perBatch: (readonly Tensor[])[] = [];
  for (let b = 0; b < batch; b++) {
    const items = values.map((value) => sliceAlong(value, 0, b, context));
    const scanInputs = items.slice(stateCount);
    const length = lengths ? Number(lengths.data[b]) : undefined;
    perBatch.push(
      scan(items.slice(0, stateCount), scanInputs, context, {
        inputAxes: new Array(scanCount).fill(0),
        inputReversed: intsAttribute(context.node, "directions") ?? new Array(scanCount).fill(0),
        outputAxes: new Array(outputCount).fill(0),
        outputReversed: new Array(outputCount).fill(0),
        length,
      }),
    );
  }
  const count = perBatch[0]?.length ?? 0;
  return Array.from({ length: count }, (_, i) =>
    stackAlong(
      perBatch.map((results) => results[i]!),
      0,
      context,
    ),
  );
}

interface ScanAxes {
  inputAxes: readonly number[];
  /** 1: from the last element to the first. */
  inputReversed: readonly number[];
  outputAxes: readonly number[];
  outputReversed: readonly number[];
  length?: number | undefined;
}

function scan(
  initialState: readonly Tensor[],
  scanInputs: readonly Tensor[],
  context: OperatorContext,
  options: ScanAxes,
): readonly Tensor[] {
  const body = graphAttribute(context.node, "body");
  const stateCount = initialState.length;
  checkBody(body, stateCount + scanInputs.length, stateCount, context);
  const first = scanInputs[0];
  if (first === undefined) throw invalidNode(context, "has no scan input");
  const axes = scanInputs.map((input, i) =>
    normalizeAxis(options.inputAxes[i] ?? 0, input.shape.length, context),
  );
  const length = options.length ?? first.shape[axes[0]!]!;
  for (const [i, input] of scanInputs.entries()) {
    if (input.shape[axes[i]!]! < length) {
      throw shapeError(context, `scan inputs have lengths ${length} and ${input.shape[axes[i]!]}`);
    }
  }
  let state: readonly Tensor[] = initialState;
  const scanned = new Collector(body.outputs.length - stateCount, context);
  const counter = context.iterations ?? { count: 0 };
  for (let step = 0; step < length; step++) {
    countIteration(counter, context);
    const items = scanInputs.map((input, i) =>
      sliceAlong(input, axes[i]!, options.inputReversed[i] ? length - 1 - step : step, context),
    );
    const results = context.runGraph(body, [...state, ...items]);
    state = results.slice(0, stateCount);
    scanned.add(results.slice(stateCount));
  }
  return [...state, ...scanned.finish(body, stateCount, options)];
}

// All loops of a run count together: nested ones would otherwise multiply their limits.
function countIteration(counter: { count: number }, context: OperatorContext): void {
  throwIfAborted(context.signal, context.node.name);
  const limit = context.maxIterations ?? DEFAULT_MAX_ITERATIONS;
  if (++counter.count > limit) {
    throw limitExceeded(
      context,
      `still running after ${limit} iterations; raise maxIterations if that is meant`,
    );
  }
}

/** Seconds of a small body, and far beyond the steps of any published recurrent model. */
const DEFAULT_MAX_ITERATIONS = 2 ** 20;

/** Gathers what each iteration emits, and stacks it at the end. */
class Collector {
  private readonly items: Tensor[][];
  private readonly context: OperatorContext;
  private bytes = 0;

  constructor(count: number, context: OperatorContext) {
    this.items = Array.from({ length: Math.max(count, 0) }, () => []);
    this.context = context;
  }

  add(results: readonly Tensor[]): void {
    for (const [i, list] of this.items.entries()) {
      const result = results[i]!;
      list.push(result);
      this.bytes += result.data.byteLength;
    }
    const limit = (this.context.maxOutputBytes ?? 2 ** 31) * Math.max(1, this.items.length);
    if (this.bytes > limit) {
      throw limitExceeded(this.context, `its iterations gave more than ${limit} bytes`);
    }
  }

  finish(body: Graph, firstOutput: number, axes?: ScanAxes): Tensor[] {
    return this.items.map((list, i) => {
      if (list.length === 0) {
        const info = body.outputs[firstOutput + i]!;
        const inner = (info.shape ?? []).map((dim) => (typeof dim === "number" ? dim : 0));
        return allocate(info.dtype ?? "f32", [0, ...inner], this.context);
      }
      if (axes?.outputReversed[i]) list.reverse();
      const rank = list[0]!.shape.length + 1;
      return stackAlong(
        list,
        normalizeAxis(axes?.outputAxes[i] ?? 0, rank, this.context),
        this.context,
      );
    });
  }
}

function checkBody(
  body: Graph,
  inputCount: number,
  leastOutputs: number,
  context: OperatorContext,
): void {
  if (body.inputs.length !== inputCount || body.outputs.length < leastOutputs) {
    throw invalidNode(
      context,
      `its body takes ${body.inputs.length} and gives ${body.outputs.length} values, ` +
        `expected ${inputCount} and at least ${leastOutputs}`,
    );
  }
}

function sliceAlong(input: Tensor, axis: number, index: number, context: OperatorContext): Tensor {
  const shape = input.shape.filter((_, i) => i !== axis);
  const inner = sizeOf(input.shape.slice(axis + 1));
  const outer = sizeOf(input.shape.slice(0, axis));
  const length = input.shape[axis]!;
  if (index < 0 || index >= length) {
    throw shapeError(context, `step ${index} is outside an axis of ${length}`);
  }
  const result = allocate(input.dtype, shape, context);
  for (let o = 0; o < outer; o++) {
    const from = (o * length + index) * inner;
    result.data.set(input.data.subarray(from, from + inner) as never, o * inner);
  }
  return result;
}

function stackAlong(items: readonly Tensor[], axis: number, context: OperatorContext): Tensor {
  const first = items[0]!;
  const inner = sizeOf(first.shape.slice(axis));
  const outer = sizeOf(first.shape.slice(0, axis));
  const shape = [...first.shape.slice(0, axis), items.length, ...first.shape.slice(axis)];
  const result = allocate(first.dtype, shape, context);
  for (const [i, item] of items.entries()) {
    if (item.dtype !== first.dtype || item.shape.join() !== first.shape.join()) {
      throw shapeError(
        context,
        `iterations give ${first.dtype} [${first.shape.join(", ")}] and ${item.dtype} [${item.shape.join(", ")}]`,
      );
    }
    for (let o = 0; o < outer; o++) {
      result.data.set(
        item.data.subarray(o * inner, (o + 1) * inner) as never,
        (o * items.length + i) * inner,
      );
    }
  }
  return result;
}
