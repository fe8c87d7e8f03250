import { type LoweredProgram, lowerProgram, type ProgramRequest } from "./lower-program.js";
import { type MemoryPlan, planMemory } from "./memory-plan.js";
import type { OperationNode } from "./tape.js";
import { ownerOf, type Value } from "./value.js";

/** Something from the forward pass that waits for the backward pass. */
export interface KeptValue {
  /** "input" or "output" of the operation, or the label of what it saved: "mask". */
  readonly what: string;
  readonly shape: readonly number[];
  readonly type: Value["type"];
  /** 0 where an earlier operation keeps the same memory already. */
  readonly bytes: number;
  /** The operation that keeps the same memory. */
  readonly sharedWith?: string;
  /** The backward steps that read it: "weight gradient". */
  readonly for: readonly string[];
}

/** What one operation keeps for its backward pass. */
export interface NodeAccount {
  readonly name: string;
  readonly operation: string;
  readonly keeps: readonly KeptValue[];
  readonly bytes: number;
}

/** Memory while one step runs. */
export interface StepAccount {
  readonly name: string;
  readonly phase: "forward" | "backward";
  /** Values alive, the step's own results included. */
  readonly liveBytes: number;
  readonly workspaceBytes: number;
}

/**
 * What a program takes, known from shapes before anything runs. Counted in bytes of dense values;
 * `blockBytes` adds what alignment and gaps between values cost.
 */
export interface MemoryAccount {
  /** Operations that keep something for the backward pass, in the order of the forward pass. */
  readonly nodes: readonly NodeAccount[];
  /** All that waits for the backward pass when the forward pass has ended. */
  readonly keptBytes: number;
  readonly steps: readonly StepAccount[];
  /** The largest sum of values alive and workspace, gradients included. */
  readonly peakBytes: number;
  /** Where the peak is. */
  readonly peakStep: string;
  /** Parameters on the tape, trained or not, and constants. */
  readonly parameterBytes: number;
  readonly constantBytes: number;
  /** Gradients of parameters at the end of a run. */
  readonly gradientBytes: number;
  /** One block of memory that holds every value that is no parameter or constant. */
  readonly blockBytes: number;
}

/**
 * The memory that a program would take, from shapes alone: no WebAssembly is loaded, nothing is computed.
 *
 * @throws what {@link createProgram} throws for the same request.
 *
 * @example
 * ```ts
 * const account = predictMemory({ tape, loss });
 * for (const { name, bytes } of account.nodes) console.log(name, bytes);
 * console.log("peak", account.peakBytes, "in", account.peakStep);
 * ```
 */
export function predictMemory(request: ProgramRequest): MemoryAccount {
  const program = lowerProgram(request);
  return accountOf(program, planMemory(program));
}

/** The account of a planned program. */
export function accountOf(program: LoweredProgram, plan: MemoryPlan): MemoryAccount {
  const nodes = nodeAccounts(program, plan);
  const steps = program.steps.map(({ spec, phase, node }, i): StepAccount => {
    const alive = plan.lifetimes.filter(({ from, to }) => from <= i && i <= to);
    return {
      name: stepName(spec.name, node),
      phase,
      liveBytes: sum(alive.map(({ bytes }) => bytes)),
      workspaceBytes: spec.workspaceBytes ?? 0,
    };
  });
  const total = (step: StepAccount): number => step.liveBytes + step.workspaceBytes;
  // A program of views alone has no steps.
  const none: StepAccount = { name: "", phase: "forward", liveBytes: 0, workspaceBytes: 0 };
  const peak = steps.reduce(
    (best, step) => (total(step) > total(best) ? step : best),
    steps[0] ?? none,
  );
  const stored = [...program.storage].map(([value, { kind }]) => ({ kind, bytes: value.bytes }));
  const bytesIn = (kind: string): number =>
    sum(stored.filter((one) => one.kind === kind).map((one) => one.bytes));
  const gradients = new Set(
    [...program.gradientOf].flatMap(([of, value]) => ("tape" in of ? [] : [ownerOf(value)])),
  );
  return {
    nodes,
    keptBytes: sum(nodes.map(({ bytes }) => bytes)),
    steps,
    peakBytes: total(peak),
    peakStep: peak.name,
    parameterBytes: bytesIn("parameter"),
    constantBytes: bytesIn("constant"),
    gradientBytes: sum([...gradients].map(({ bytes }) => bytes)),
    blockBytes: plan.buffers.bytes,
  };
}

/** A step with the operation that it belongs to: "conv2d: weight gradient". */
export function stepName(name: string, node: OperationNode | undefined): string {
  return node === undefined || node.operation.name === name
    ? (node?.name ?? name)
    : `${node.name}: ${name}`;
}

function nodeAccounts(program: LoweredProgram, plan: MemoryPlan): NodeAccount[] {
  const { steps, forwardSteps, valueFor } = program;
  // By lifetime: a value computed in the place of another shares its memory.
  const bornForward = (value: Value): number | undefined => {
    const home = plan.home.get(ownerOf(value));
    return home !== undefined && plan.lifetimes[home]!.from < forwardSteps ? home : undefined;
  };
  const readers = new Map<OperationNode, Map<number, { value: Value; steps: string[] }>>();
  for (const { spec, node } of steps.slice(forwardSteps)) {
    if (node === undefined) continue;
    for (const value of spec.reads) {
      const home = bornForward(value);
      if (home === undefined || !writtenForward(program, value)) continue;
      const kept = readers.get(node) ?? new Map<number, { value: Value; steps: string[] }>();
      readers.set(node, kept);
      const entry = kept.get(home) ?? { value, steps: [] };
      kept.set(home, entry);
      if (!entry.steps.includes(spec.name)) entry.steps.push(spec.name);
    }
  }
  const keeper = new Map<number, string>();
  const accounts: NodeAccount[] = [];
  for (const node of program.request.tape.nodes) {
    const kept = node.kind === "operation" ? readers.get(node) : undefined;
    if (node.kind !== "operation" || kept === undefined) continue;
    const keeps = [...kept].map(([home, { value, steps: names }]): KeptValue => {
      const owner = ownerOf(value);
      const sharedWith = keeper.get(home);
      keeper.set(home, sharedWith ?? node.name);
      const isInput = node.inputs.some((input) => ownerOf(valueFor.get(input)!) === owner);
      const isOutput = ownerOf(valueFor.get(node.variable)!) === owner;
      return {
        what: isInput ? "input" : isOutput ? "output" : owner.label,
        shape: value.shape,
        type: value.type,
        bytes: sharedWith === undefined ? owner.bytes : 0,
        ...(sharedWith !== undefined && { sharedWith }),
        for: names,
      };
    });
    const bytes = sum(keeps.map((one) => one.bytes));
    accounts.push({ name: node.name, operation: node.operation.name, keeps, bytes });
  }
  return accounts;
}

/** Whether the numbers of a value come from the forward pass (and not from a gradient in their place). */
function writtenForward(program: LoweredProgram, value: Value): boolean {
  const owner = ownerOf(value);
  if (program.storage.get(owner)!.kind === "feed") return true;
  return program.steps
    .slice(0, program.forwardSteps)
    .some(({ spec }) => spec.writes.some((written) => ownerOf(written) === owner));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
