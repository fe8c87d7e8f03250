import { bytesPerElement, sizeOf, type Tensor } from "@edgewright/core";
import { type Kernels, type Plan, planTranspose } from "@edgewright/kernels";
import type { Kept, LoweredValue, Lowering, LoweringRequest } from "../lowering/lowering.js";
import { lowerNode } from "../lowering/rules.js";
import type { Node } from "../model/model.js";
import { capturedValues } from "../optimize/graph-editor.js";
import { INTERNAL_DOMAIN } from "../optimize/internal-nodes.js";
import { planBuffers } from "./buffer-plan.js";
import { type ConcreteValue, valueBytes } from "./concrete-value.js";
import { KeptMemory } from "./kept-memory.js";
import { type Layout, layoutsCoincide, memoryOrder, memoryShape } from "./layout.js";
import { type Location, MemoryMap } from "./memory-map.js";
import type { PlacedValue, Program, ProgramStep } from "./program.js";
import type { SpecializedGraph } from "./specialize.js";

/** What {@link buildProgram} builds from. */
export interface BuildRequest {
  readonly graph: SpecializedGraph;
  readonly inputs: readonly string[];
  /** Values that must be there at the end. */
  readonly results: readonly string[];
  readonly opsets: ReadonlyMap<string, number>;
  readonly kernels: Kernels;
  /** Memory of the model's weights, shared by all its programs. */
  readonly weights: KeptMemory;
  /** Whether a constant is one of the model's weights, not a by-product of these shapes. */
  isWeight(constant: Tensor): boolean;
}

/** A layout change that must run before a step. */
interface Conversion {
  readonly value: ConcreteValue;
  readonly from: Layout;
  readonly source: Location;
  readonly target: Location;
}

/** A step before addresses are known. */
interface DraftStep {
  readonly node: Node;
  readonly lowering: Lowering | null;
  readonly conversions: readonly Conversion[];
  readonly inputs: readonly (Location | null)[];
  readonly outputs: readonly { name: string; layout: Layout; location: Location }[];
  readonly captured: readonly { name: string; location: Location }[];
  readonly workspace: Location | undefined;
}

/** Decides how every node runs and where every value lies. */
export function buildProgram(request: BuildRequest): Program {
  return new ProgramBuilder(request).build();
}

class ProgramBuilder {
  readonly #request: BuildRequest;
  readonly #memory = new MemoryMap();
  readonly #own = new KeptMemory();
  readonly #lastUse = new Map<string, number>();
  readonly #drafts: DraftStep[] = [];

  constructor(request: BuildRequest) {
    this.#request = request;
    request.graph.nodes.forEach((node, i) => {
      for (const name of [...node.inputs, ...capturedValues(node)]) this.#lastUse.set(name, i);
    });
    for (const name of request.results) this.#lastUse.set(name, Number.POSITIVE_INFINITY);
  }

  build(): Program {
    const owned: { dispose(): void }[] = [this.#own];
    try {
      return this.#build(owned);
    } catch (error) {
      for (const one of owned) one.dispose();
      throw error;
    }
  }

  /** @param plans receives what must be given back with the program */
  #build(plans: { dispose(): void }[]): Program {
    const { graph, inputs, results, kernels } = this.#request;
    for (const name of inputs) {
      const value = graph.values.get(name);
      if (value === undefined) continue;
      this.#memory.place(name, "row-major", this.#memory.create(valueBytes(value), -1));
    }
    for (const [i, node] of graph.nodes.entries()) this.#draft(node, i);
    const end = graph.nodes.length;
    const epilogue: Conversion[] = [];
    for (const name of results) {
      if (graph.constants.has(name)) continue;
      const location = this.#inLayout(name, "row-major", end, epilogue);
      this.#memory.touch(location, end);
    }
    const { offsets, bytes } = planBuffers(this.#memory.requests);
    const block = kernels.arena.allocate(bytes);
    plans.push(block);
    const address = (location: Location): number =>
      "address" in location
        ? location.address
        : block.ptr + offsets[location.buffer]! + location.offset;

    const convert = (conversion: Conversion): Plan => {
      const plan = planConversion(kernels, conversion, address);
      plans.push(plan);
      return plan;
    };
    const steps: ProgramStep[] = [];
    for (const draft of this.#drafts) {
      const before = draft.conversions.map(convert);
      const step = this.#finishStep(draft, before, address);
      if (step === undefined) continue;
      if (step.action.kind === "kernel") {
        for (const plan of step.action.plans) if (!before.includes(plan)) plans.push(plan);
      }
      steps.push(step);
    }
    const placed = (name: string): PlacedValue | Tensor =>
      graph.constants.get(name) ??
      this.#placed(name, "row-major", address(this.#memory.find(name, "row-major")!));
    const requests = this.#memory.requests;
    return {
      inputs: new Map(
        inputs
          .filter((name) => graph.values.has(name))
          .map((name) => [name, placed(name) as PlacedValue]),
      ),
      steps,
      epilogue: epilogue.map(convert),
      results: new Map(results.map((name) => [name, placed(name)])),
      activationBytes: bytes,
      workspaceBytes: 0,
      unsharedBytes: requests.reduce((sum, { bytes: own }) => sum + own, 0),
      owned: plans,
    };
  }

  #draft(node: Node, step: number): void {
    const { graph } = this.#request;
    const outputs = node.outputs.map((name) => graph.values.get(name));
    if (node.outputs.every((name, i) => name === "" || sizeOf(outputs[i]!.shape) === 0)) {
      // Nothing to compute, but the names must lie somewhere.
      for (const name of node.outputs) {
        if (name !== "") this.#memory.place(name, "row-major", this.#memory.create(0, step));
      }
      return;
    }
    const empty = [...node.inputs].some((name) => {
      const shape = graph.values.get(name)?.shape;
      return shape !== undefined && sizeOf(shape) === 0;
    });
    const lowering = empty ? null : this.#lower(node);
    const layouts: readonly (Layout | null)[] =
      lowering?.inputs ?? node.inputs.map((name) => (name === "" ? null : "row-major"));
    const conversions: Conversion[] = [];
    const inputs = node.inputs.map((name, i): Location | null => {
      const layout = layouts[i] ?? null;
      if (layout === null || name === "") return null;
      if (lowering === null && graph.constants.has(name)) return null;
      const location = this.#inLayout(name, layout, step, conversions);
      this.#memory.touch(location, step);
      return location;
    });
    const captured = capturedValues(node)
      .filter((name) => graph.values.has(name))
      .map((name) => {
        const location = this.#inLayout(name, "row-major", step, conversions);
        this.#memory.touch(location, step);
        return { name, location };
      });
    let workspace: Location | undefined;
    if (lowering?.workspaceBytes) workspace = this.#memory.create(lowering.workspaceBytes, step);
    const placedOutputs = node.outputs.flatMap((name, i) => {
      if (name === "") return [];
      const layout = lowering?.outputs[i] ?? "row-major";
      const bytes = valueBytes(outputs[i]!);
      const location =
        (i === 0 ? this.#reuse(node, lowering, inputs, bytes, step) : undefined) ??
        this.#memory.create(bytes, step);
      this.#memory.touch(location, step);
      this.#memory.place(name, layout, location);
      if (layout === "channels-last" && layoutsCoincide(outputs[i]!.shape)) {
        this.#memory.place(name, "row-major", location);
      }
      return [{ name, layout, location }];
    });
    this.#drafts.push({
      node,
      lowering,
      conversions,
      inputs,
      outputs: placedOutputs,
      captured,
      workspace,
    });
  }

  /** Memory of an input that the first output shares or takes over. */
  #reuse(
    node: Node,
    lowering: Lowering | null,
    inputs: readonly (Location | null)[],
    bytes: number,
    step: number,
  ): Location | undefined {
    if (lowering?.alias !== undefined) {
      const { input, offset } = lowering.alias;
      const source = inputs[input]!;
      return "buffer" in source
        ? { buffer: source.buffer, offset: source.offset + offset }
        : { address: source.address + offset };
    }
    for (const position of lowering?.inPlace ?? []) {
      const source = inputs[position];
      if (!source || !("buffer" in source) || source.offset !== 0) continue;
      if (this.#memory.bytes(source) !== bytes) continue;
      // Another input of the node may be a view of the same memory.
      if (inputs.some((other, i) => i !== position && other && sameBuffer(other, source))) continue;
      const tenants = [...this.#memory.tenants(source)];
      if (tenants.every((name) => (this.#lastUse.get(name) ?? -1) <= step)) {
        void node;
        return source;
      }
    }
    return undefined;
  }

  #lower(node: Node): Lowering | null {
    const { graph, kernels, opsets, isWeight, weights } = this.#request;
    const view = (name: string): LoweredValue | undefined => {
      if (name === "") return undefined;
      const constant = graph.constants.get(name);
      const { dtype, shape } = constant ?? graph.values.get(name)!;
      return {
        dtype,
        shape,
        constant,
        has: (layout) =>
          constant !== undefined ||
          layoutsCoincide(shape) ||
          this.#memory.find(name, layout) !== undefined,
      };
    };
    const store = (constant: Tensor): KeptMemory => (isWeight(constant) ? weights : this.#own);
    const request: LoweringRequest = {
      node,
      opset: opsets.get(node.domain === INTERNAL_DOMAIN ? "" : node.domain) ?? 1,
      inputs: node.inputs.map(view),
      outputs: node.outputs.filter((name) => name !== "").map((name) => view(name)!),
      kernels,
      keep: <T extends Kept>(constant: Tensor, key: string, make: () => T): T =>
        store(constant).keep(constant, key, make),
      upload: (constant) => store(constant).upload(kernels.arena, constant),
    };
    if (node.outputs.includes("")) return null;
    return lowerNode(request);
  }

  /** Where a value lies in a layout, after a conversion if need be. */
  #inLayout(name: string, layout: Layout, step: number, conversions: Conversion[]): Location {
    const { graph, kernels, isWeight, weights } = this.#request;
    const known = this.#memory.find(name, layout);
    if (known !== undefined) return known;
    const constant = graph.constants.get(name);
    if (constant !== undefined) {
      const store = isWeight(constant) ? weights : this.#own;
      if (layout === "row-major" || layoutsCoincide(constant.shape)) {
        return { address: store.upload(kernels.arena, constant) };
      }
      const kept = store.keep(constant, layout, () =>
        kernels.arena.upload(toChannelsLast(constant)),
      );
      return { address: kept.ptr };
    }
    const value = graph.values.get(name)!;
    const other = this.#memory.findAny(name)!;
    if (layoutsCoincide(value.shape)) {
      this.#memory.place(name, layout, other.location);
      return other.location;
    }
    const target = this.#memory.create(valueBytes(value), step);
    this.#memory.touch(other.location, step);
    conversions.push({ value, from: other.layout, source: other.location, target });
    this.#memory.place(name, layout, target);
    return target;
  }

  #placed(name: string, layout: Layout, address: number): PlacedValue {
    const { dtype, shape } = this.#request.graph.values.get(name)!;
    return { name, dtype, shape, layout, address };
  }

  #finishStep(
    draft: DraftStep,
    conversions: readonly Plan[],
    address: (location: Location) => number,
  ): ProgramStep | undefined {
    const { node, lowering } = draft;
    const { constants } = this.#request.graph;
    const outputs = draft.outputs.map(({ name, layout, location }) =>
      this.#placed(name, layout, address(location)),
    );
    const common = { name: node.name, opType: node.opType, macs: lowering?.macs ?? 0, outputs };
    if (lowering !== null) {
      const made = lowering.plan({
        inputs: draft.inputs.map((location) => (location === null ? 0 : address(location))),
        outputs: outputs.map((output) => output.address),
        workspace: draft.workspace === undefined ? 0 : address(draft.workspace),
      });
      const plans = [...conversions, ...("jobs" in made ? [made] : made)];
      if (plans.length === 0) return undefined;
      return { ...common, action: { kind: "kernel", plans } };
    }
    const inputs = node.inputs.map((name, i) => {
      if (name === "") return null;
      return constants.get(name) ?? this.#placed(name, "row-major", address(draft.inputs[i]!));
    });
    const captured = new Map<string, PlacedValue | Tensor>();
    for (const name of capturedValues(node)) {
      const constant = constants.get(name);
      if (constant !== undefined) captured.set(name, constant);
    }
    for (const { name, location } of draft.captured) {
      captured.set(name, this.#placed(name, "row-major", address(location)));
    }
    return { ...common, action: { kind: "host", node, plans: conversions, inputs, captured } };
  }
}

function sameBuffer(a: Location, b: Location): boolean {
  return "buffer" in a && "buffer" in b && a.buffer === b.buffer;
}

function planConversion(
  kernels: Kernels,
  { value, from, source, target }: Conversion,
  address: (location: Location) => number,
): Plan {
  const rank = value.shape.length;
  const to: Layout = from === "row-major" ? "channels-last" : "row-major";
  const order = memoryOrder(rank, from);
  return planTranspose(kernels, {
    x: address(source),
    y: address(target),
    shape: memoryShape(value.shape, from),
    perm: memoryOrder(rank, to).map((axis) => order.indexOf(axis)),
    bytes: bytesPerElement(value.dtype) as 1 | 2 | 4 | 8,
  });
}

/** Elements of a constant with the channels innermost. */
function toChannelsLast({ shape, data }: Tensor): ArrayBufferView {
  const [n, c] = [shape[0]!, shape[1]!];
  const pixels = sizeOf(shape.slice(2));
  const result = data.slice() as Float32Array;
  for (let image = 0; image < n; image++) {
    const base = image * c * pixels;
    for (let channel = 0; channel < c; channel++) {
      for (let pixel = 0; pixel < pixels; pixel++) {
        result[base + pixel * c + channel] = data[base + channel * pixels + pixel] as number;
      }
    }
  }
  return result;
}
