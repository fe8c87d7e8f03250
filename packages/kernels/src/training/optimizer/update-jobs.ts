import { EdgewrightError, ShapeError } from "@edgewright/core";
import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, floatBits, type JobSpec, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";

/** A parameter that an optimiser changes, with its gradient. */
export interface ParameterUpdate {
  /** Address of the parameter. */
  readonly parameter: number;
  /** Address of its gradient, which is only read. */
  readonly gradient: number;
  /** Floats of the parameter. */
  readonly count: number;
  /**
   * Changes only some columns of a parameter [count / cols, cols]. Gradient and state are then compact,
   * [count / cols, indices.length].
   *
   * @default all of it
   */
  readonly columns?: { readonly indices: readonly number[]; readonly cols: number };
  /** Factor of the parameter that is added to the gradient (or, decoupled, taken off). @default 0 */
  readonly weightDecay?: number;
  /** Multiplies the learning rate for this parameter. @default 1 */
  readonly learningRateFactor?: number;
}

/** What may change from step to step in every optimiser. */
export interface StepSettings {
  readonly learningRate?: number;
  /** Multiplies every gradient first: the share of accumulated batches, clipping by norm. */
  readonly gradientScale?: number;
}

/** Floats of the gradient and of each state of a parameter. */
function updatedCount({ count, columns }: ParameterUpdate): number {
  return columns === undefined ? count : (count / columns.cols) * columns.indices.length;
}

const ROW = 1024; // floats of a unit where all of a parameter is changed
const GRAIN = 8192; // floats worth a thread's while

/** One job a parameter; all of them read the same `settings` floats, which come with the plan. */
export function planUpdates(
  kernels: Kernels,
  where: string,
  kernel: string,
  updates: readonly (ParameterUpdate & { readonly states: readonly number[] })[],
  settingsCount: number,
): { readonly plan: Plan; readonly settings: () => Float32Array } {
  for (const update of updates) checkUpdate(where, update);
  const { arena } = kernels;
  const block = arena.allocate(settingsCount * 4);
  const tables = updates.map(({ columns }) =>
    columns === undefined ? undefined : arena.upload(Int32Array.from(columns.indices)),
  );
  const jobs = updates.map((update, i): JobSpec => {
    const { parameter, gradient, columns, weightDecay = 0, learningRateFactor = 1 } = update;
    const width = columns === undefined ? ROW : columns.indices.length;
    const stride = columns === undefined ? ROW : columns.cols;
    const total = updatedCount(update);
    return {
      kernel,
      params: [
        ...[parameter, gradient, block.ptr, total, width, stride, tables[i]?.ptr ?? 0],
        ...[floatBits(weightDecay), floatBits(learningRateFactor), ...update.states],
      ],
      units: width === 0 ? 0 : Math.ceil(total / width),
      grain: Math.max(1, Math.ceil(GRAIN / Math.max(1, width))),
    };
  });
  const owned = [block, ...tables.filter((table) => table !== undefined)];
  const plan = createPlan(arena, jobs, owned);
  return { plan, settings: () => arena.f32(block.ptr, settingsCount) };
}

function checkUpdate(where: string, update: ParameterUpdate): void {
  const { count, columns, weightDecay = 0, learningRateFactor = 1 } = update;
  checkCounts(where, { count }, 0);
  requireRange(where, "weightDecay", weightDecay, 0, Number.MAX_VALUE);
  const most = Number.MAX_VALUE;
  requireRange(where, "learningRateFactor", learningRateFactor, -most, most);
  if (columns === undefined) return;
  const { indices, cols } = columns;
  checkCounts(where, { cols }, 1);
  if (count % cols !== 0) {
    throw new ShapeError(`${where}: ${count} floats are no rows of ${cols} columns`);
  }
  const wrong = indices.find((index) => !Number.isInteger(index) || index < 0 || index >= cols);
  if (wrong !== undefined || new Set(indices).size !== indices.length) {
    throw new ShapeError(
      `${where}: expected different columns from 0 to ${cols - 1}, got [${indices.join(", ")}]`,
    );
  }
}

/** Refuses a setting outside of [least, most]. */
export function requireRange(
  where: string,
  name: string,
  value: number,
  least: number,
  most: number,
): void {
  if (value >= least && value <= most) return;
  const range = most === Number.MAX_VALUE ? `of ${least} or more` : `from ${least} to ${most}`;
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: expected ${name} ${range}, got ${value}`,
  );
}
