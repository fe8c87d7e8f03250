import type { Kernels, Plan } from "@edgewright/kernels";
import type { LoweredProgram } from "./lower-program.js";
import { keptToTheEnd, type MemoryPlan } from "./memory-plan.js";
import type { HostPlan } from "./operation.js";
import { ownerOf, type Value } from "./value.js";

/** What a run tells after each step. */
export interface StepEvent {
  /** "conv2d: weight gradient". */
  readonly name: string;
  readonly phase: "forward" | "backward";
  /** Milliseconds, when a clock was given. */
  readonly milliseconds: number | undefined;
  /** Bytes of values alive during the step, counted from what was written and is still needed. */
  readonly liveBytes: number;
}

/** Options of {@link Program.run}. */
export interface RunProgramOptions {
  /** Called after each step. @default none */
  readonly onStep?: (event: StepEvent) => void;
  /** A clock in milliseconds, for `onStep`: `() => performance.now()`. @default none: steps are not timed */
  readonly now?: () => number;
  /**
   * Overwrites every value with NaN as soon as the memory plan says that it is needed no more: a run that
   * gives the same result proves the account. Slow; for tests. @default false
   */
  readonly scrub?: boolean;
}

/** A step with its plan. */
export interface BoundStep {
  readonly plan: Plan | HostPlan;
  readonly name: string;
  readonly phase: "forward" | "backward";
}

/** What a run goes over. */
export interface ObservedProgram {
  readonly kernels: Kernels;
  readonly program: LoweredProgram;
  readonly memory: MemoryPlan;
  readonly steps: readonly BoundStep[];
  at(value: Value): number;
}

/** Runs one step, on the kernels or on the host. */
export function runStep(kernels: Kernels, plan: Plan | HostPlan): void {
  if ("jobs" in plan) kernels.run(plan);
  else plan.run();
}

/**
 * Runs every step and keeps books of its own: a value is alive from its first writing until nothing later
 * reads it, counted by uses instead of by the plan's lifetimes.
 */
export function runObserved(observed: ObservedProgram, options: RunProgramOptions): void {
  const { kernels, program, memory, steps } = observed;
  const { onStep, now, scrub = false } = options;
  const uses = countUses(program, memory);
  const alive = new Map<number, Value>();
  const homeOf = (value: Value): number | undefined => memory.home.get(ownerOf(value));
  const enter = (value: Value): void => {
    const home = homeOf(value);
    if (home !== undefined) alive.set(home, ownerOf(value));
  };
  const leaveUnused = (): void => {
    for (const [home, value] of alive) {
      if (uses.get(home) !== 0) continue;
      alive.delete(home);
      if (scrub) kernels.arena.u8(observed.at(value), value.bytes).fill(0xff); // NaN as a float
    }
  };
  for (const [owner, { kind }] of program.storage) if (kind === "feed") enter(owner);
  leaveUnused();
  steps.forEach(({ plan, name, phase }, i) => {
    const { reads, writes } = program.steps[i]!.spec;
    for (const value of writes) enter(value);
    const liveBytes = [...alive.values()].reduce((sum, value) => sum + value.bytes, 0);
    const started = now?.();
    runStep(kernels, plan);
    const milliseconds = started === undefined ? undefined : now!() - started;
    onStep?.({ name, phase, milliseconds, liveBytes });
    for (const value of [...reads, ...writes]) {
      const home = homeOf(value);
      if (home !== undefined) uses.set(home, uses.get(home)! - 1);
    }
    leaveUnused();
  });
}

/** How often the steps of a run touch each lifetime; what is read after the run once more. */
function countUses(program: LoweredProgram, memory: MemoryPlan): Map<number, number> {
  const uses = new Map(memory.lifetimes.map((_, home) => [home, 0]));
  const count = (value: Value): void => {
    const home = memory.home.get(ownerOf(value));
    if (home !== undefined) uses.set(home, uses.get(home)! + 1);
  };
  for (const { spec } of program.steps) {
    for (const value of [...spec.reads, ...spec.writes]) count(value);
  }
  for (const value of keptToTheEnd(program)) count(value);
  return uses;
}
