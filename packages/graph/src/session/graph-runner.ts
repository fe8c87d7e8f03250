import { type Tensor, ValidationError } from "@edgewright/core";
import type { Kernels } from "@edgewright/kernels";
import type { Graph, Node, ValueInfo } from "../model/model.js";
import { evaluateNode } from "../operators/interpreter.js";
import { capturedValues } from "../optimize/graph-editor.js";
import { optimizeSpecialized } from "../optimize/optimize-graph.js";
import { buildProgram } from "../planning/build-program.js";
import type { KeptMemory } from "../planning/kept-memory.js";
import type { Program } from "../planning/program.js";
import {
  type ConcreteInput,
  type SpecializedGraph,
  specializeGraph,
} from "../planning/specialize.js";
import {
  copyTensor,
  noSuchOutput,
  runProgram,
  viewOf,
  writeInput,
  ZERO_SAMPLES,
} from "./run-program.js";
import type { UnnumberedStep } from "./step.js";
import { zeroShare } from "./zero-share.js";

/** What all runners of a session share. */
export interface RunnerSettings {
  readonly opsets: ReadonlyMap<string, number>;
  readonly kernels: Kernels;
  readonly weights: KeptMemory;
  isWeight(constant: Tensor): boolean;
  readonly optimize: boolean;
  readonly maxShapes: number;
  readonly maxTensorBytes: number | undefined;
  readonly maxIterations: number | undefined;
}

/** A node whose output shape only shows when it has run, and what comes behind it. */
interface Continuation {
  readonly node: Node;
  readonly runner: GraphRunner;
  readonly constants: ReadonlyMap<string, Tensor>;
}

interface Specialization {
  readonly program: Program;
  readonly continuation: Continuation | undefined;
}

/** Runs a graph, with a program for every combination of input shapes that it meets. */
export class GraphRunner {
  readonly #graph: Graph;
  readonly #settings: RunnerSettings;
  /** Inputs whose value, not only whose shape, a program is made for. */
  readonly #controls: ReadonlySet<string>;
  /** By input shapes, the least recently used first. */
  readonly #programs = new Map<string, Specialization>();

  constructor(graph: Graph, settings: RunnerSettings, controls: ReadonlySet<string> = new Set()) {
    this.#graph = graph;
    this.#settings = settings;
    this.#controls = controls;
  }

  /** Programs made and kept. */
  get programs(): readonly Program[] {
    return [...this.#programs.values()].flatMap(({ program, continuation }) => [
      program,
      ...(continuation?.runner.programs ?? []),
    ]);
  }

  /** Runs the graph layer by layer; returns its outputs in memory of their own. */
  *run(
    feeds: ReadonlyMap<string, Tensor>,
    wanted: readonly string[],
    signal: AbortSignal | undefined,
  ): Generator<UnnumberedStep, Map<string, Tensor>> {
    const { kernels, opsets, maxIterations, maxTensorBytes } = this.#settings;
    const { program, continuation } = this.#specialize(feeds, signal);
    for (const [name, place] of program.inputs) writeInput(kernels, place, feeds.get(name)!);
    const iterations = { count: 0 };
    const limits = { signal, maxIterations, iterations, maxOutputBytes: maxTensorBytes };
    yield* runProgram(program, kernels, opsets, limits);
    if (continuation === undefined) return this.#outputs(program, feeds, wanted);

    const { node, runner, constants } = continuation;
    const values = new Map<string, Tensor>(constants);
    for (const [name, result] of program.results) values.set(name, viewOf(kernels, result));
    const inputs = node.inputs.map((name) => (name === "" ? null : values.get(name)!));
    const computed = evaluateNode(node, opsets, inputs, { ...limits, scope: values });
    for (const [i, name] of node.outputs.entries()) {
      if (name !== "" && computed[i]) values.set(name, computed[i]);
    }
    const outputNames = node.outputs.filter((name) => name !== "");
    yield {
      name: node.name,
      opType: node.opType,
      engine: "host",
      macs: 0,
      outputNames,
      read: (output = 0) => copyTensor(values.get(outputNames[output]!)!),
      zeroShare: (samples = ZERO_SAMPLES, output = 0) => {
        const value = values.get(outputNames[output] ?? "");
        if (value === undefined) throw noSuchOutput(node.name, output, outputNames.length);
        return zeroShare(value.data, samples);
      },
    };
    return yield* runner.run(values, wanted, signal);
  }

  dispose(): void {
    for (const specialization of this.#programs.values()) disposeOf(specialization);
    this.#programs.clear();
  }

  #outputs(
    program: Program,
    feeds: ReadonlyMap<string, Tensor>,
    wanted: readonly string[],
  ): Map<string, Tensor> {
    const outputs = new Map<string, Tensor>();
    for (const name of wanted) {
      const result = program.results.get(name) ?? feeds.get(name)!;
      outputs.set(name, copyTensor(viewOf(this.#settings.kernels, result)));
    }
    return outputs;
  }

  #specialize(feeds: ReadonlyMap<string, Tensor>, signal: AbortSignal | undefined): Specialization {
    const inputs = new Map<string, ConcreteInput>();
    let key = "";
    for (const { name } of this.#graph.inputs) {
      const feed = feeds.get(name);
      if (feed === undefined) {
        // Only in the continuation: a node names more outputs than its operator has.
        throw new ValidationError(`Session.run: nothing computes the value "${name}"`, {
          where: name,
        });
      }
      const { dtype, shape, data } = feed;
      const controls = this.#controls.has(name);
      key += `${dtype}[${shape}]${controls ? data.join() : ""};`;
      const constant = controls ? { constant: copyTensor(feed) } : {};
      inputs.set(name, { dtype, shape, ...constant });
    }
    const known = this.#programs.get(key);
    if (known !== undefined) {
      this.#programs.delete(key);
      this.#programs.set(key, known);
      return known;
    }
    const made = this.#compile(inputs, signal);
    while (this.#programs.size >= this.#settings.maxShapes) {
      const [oldest, specialization] = this.#programs.entries().next().value!;
      this.#programs.delete(oldest);
      disposeOf(specialization);
    }
    this.#programs.set(key, made);
    return made;
  }

  #compile(
    inputs: ReadonlyMap<string, ConcreteInput>,
    signal: AbortSignal | undefined,
  ): Specialization {
    const { opsets, kernels, weights, isWeight, maxTensorBytes, optimize } = this.#settings;
    const outputs = this.#graph.outputs.map(({ name }) => name);
    const specialized = specializeGraph(this.#graph, inputs, { opsets, maxTensorBytes, signal });
    const [barrier, ...behind] = specialized.rest;
    const results = barrier ? neededBy(specialized.rest, outputs, specialized) : outputs;
    const graph = optimize ? optimizeSpecialized(specialized, results, opsets) : specialized;
    const program = buildProgram({
      graph,
      inputs: this.#graph.inputs.map(({ name }) => name),
      results: results.filter((name) => graph.values.has(name) || graph.constants.has(name)),
      opsets,
      kernels,
      weights,
      isWeight,
    });
    if (barrier === undefined) return { program, continuation: undefined };
    const constants = new Map<string, Tensor>();
    for (const name of results) {
      const constant = specialized.constants.get(name);
      if (constant !== undefined) constants.set(name, constant);
    }
    const needed = neededBy(behind, outputs, specialized);
    const info = (name: string): ValueInfo => ({ name, dtype: null, shape: null });
    const rest: Graph = {
      name: this.#graph.name,
      inputs: [
        ...needed.filter((name) => specialized.values.has(name)),
        ...barrier.outputs.filter((name) => name !== ""),
      ].map(info),
      outputs: this.#graph.outputs,
      initializers: new Map(
        needed.flatMap((name) => {
          const constant = specialized.constants.get(name);
          return constant === undefined ? [] : [[name, constant] as const];
        }),
      ),
      nodes: behind,
      valueInfo: new Map(),
    };
    const runner = new GraphRunner(rest, this.#settings);
    return { program, continuation: { node: barrier, runner, constants } };
  }
}

/** Values that nodes and the graph's outputs take from what is known so far. */
function neededBy(
  nodes: readonly Node[],
  outputs: readonly string[],
  { values, constants }: SpecializedGraph,
): string[] {
  const needed = new Set<string>(outputs);
  for (const node of nodes) {
    for (const name of [...node.inputs, ...capturedValues(node)]) needed.add(name);
  }
  return [...needed].filter((name) => values.has(name) || constants.has(name));
}

function disposeOf({ program, continuation }: Specialization): void {
  for (const owned of program.owned) owned.dispose();
  continuation?.runner.dispose();
}
