import { type BufferPlan, planBuffers } from "@edgewright/graph";
import type { LoweredProgram } from "./lower-program.js";
import { ownerOf, type Value } from "./value.js";

/** A value in the pool, from the step that writes it to the last that reads it. */
interface Lifetime {
  /** The values that lie here, one after the other: later ones were computed in the place of earlier ones. */
  readonly values: readonly Value[];
  readonly bytes: number;
  /** -1 for what a run is fed. */
  readonly from: number;
  /** The number of steps for what is read after the run. */
  readonly to: number;
}

/** Which memory the pool of a program needs, and when. */
export interface MemoryPlan {
  readonly lifetimes: readonly Lifetime[];
  /** The lifetime that an owner of memory lies in. */
  readonly home: ReadonlyMap<Value, number>;
  /** Where each lifetime, and then the workspace of each step, lies in one block. */
  readonly buffers: BufferPlan;
}

/** Plans the pool: who lives when, what can be computed in place, and where it lies. */
export function planMemory(program: LoweredProgram): MemoryPlan {
  const { steps, storage } = program;
  const pooled = program.owners.filter((owner) => {
    const { kind } = storage.get(owner)!;
    return kind === "pool" || kind === "feed";
  });
  const index = new Map(pooled.map((owner, i) => [owner, i]));
  const from = pooled.map((owner) =>
    storage.get(owner)!.kind === "feed" ? -1 : Number.POSITIVE_INFINITY,
  );
  const to = pooled.map(() => -1);
  const touch = (value: Value, step: number): void => {
    const i = index.get(ownerOf(value));
    if (i === undefined) return;
    from[i] = Math.min(from[i]!, step);
    to[i] = Math.max(to[i]!, step);
  };
  steps.forEach(({ spec }, i) => {
    for (const value of [...spec.reads, ...spec.writes]) touch(value, i);
  });
  for (const value of keptToTheEnd(program)) {
    const i = index.get(ownerOf(value));
    if (i !== undefined) to[i] = steps.length;
  }

  // Each owner starts alone; a step that may compute in place joins its result to what it reads.
  const lifetimeOf = pooled.map((_, i) => i);
  const members = pooled.map((owner) => [owner]);
  const end = [...to];
  steps.forEach(({ spec }, i) => {
    if (spec.inPlace === undefined) return;
    const read = index.get(ownerOf(spec.inPlace.read));
    const write = index.get(ownerOf(spec.inPlace.write));
    if (read === undefined || write === undefined || read === write) return;
    const target = lifetimeOf[read]!;
    const fits = pooled[target]!.bytes === pooled[write]!.bytes && from[write] === i;
    if (!fits || end[target] !== i || lifetimeOf[write] !== write) return;
    lifetimeOf[write] = target;
    members[target]!.push(pooled[write]!);
    end[target] = end[write]!;
  });

  const lifetimes: Lifetime[] = [];
  const home = new Map<Value, number>();
  pooled.forEach((owner, i) => {
    if (lifetimeOf[i] !== i || to[i]! < from[i]!) return;
    for (const value of members[i]!) home.set(value, lifetimes.length);
    lifetimes.push({ values: members[i]!, bytes: owner.bytes, from: from[i]!, to: end[i]! });
  });
  const workspaces = steps.map(({ spec }, i) => ({
    bytes: spec.workspaceBytes ?? 0,
    from: i,
    to: i,
  }));
  return { lifetimes, home, buffers: planBuffers([...lifetimes, ...workspaces]) };
}

/** What is read after a run: the loss, the outputs and the gradients. */
export function keptToTheEnd(program: LoweredProgram): readonly Value[] {
  const { request, valueFor, gradientOf } = program;
  const { loss, outputs = [] } = request;
  const variables = loss === undefined ? outputs : [loss, ...outputs];
  return [...variables.map((variable) => valueFor.get(variable)!), ...gradientOf.values()];
}
