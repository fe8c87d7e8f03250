import { createRng, EdgewrightError } from "@edgewright/core";
import type { ModelTable } from "./model-table.js";

/** A request to the simulator. */
export interface SimulatedRequest {
  /** In seconds. */
  readonly arrival: number;
  /** Name of a {@link ModelTable}. */
  readonly model: string;
  /** Which of the table's samples it brings. @default 0 */
  readonly sample?: number;
  /** Above 0; more is more urgent. @default 1 */
  readonly priority?: number;
  /** When it must have ended, in seconds on the clock of `arrival`. @default Infinity */
  readonly deadline?: number;
}

/** Options of {@link createRequests}. */
export interface CreateRequestsOptions {
  readonly models: readonly ModelTable[];
  /** Times in seconds, from {@link poissonArrivals} and its like. */
  readonly arrivals: readonly number[];
  readonly seed: number;
  /** Drawn from evenly. @default [1, 3, 9] */
  readonly priorities?: readonly number[];
  /**
   * Time from arrival to deadline, as a multiple of the mean time alone of the model's architecture. `Infinity` for
   * no deadlines. @default 10
   */
  readonly sloMultiplier?: number;
}

/**
 * A workload: every arrival gets a model, a priority and a sample, evenly drawn, and a deadline in proportion to
 * the mean time of its model, as in the experiments of Sparse-DySta.
 *
 * @example
 * const arrivals = poissonArrivals({ rate: 40, count: 1000, seed: 1 });
 * const requests = createRequests({ models, arrivals, seed: 2, sloMultiplier: 10 });
 */
export function createRequests(options: CreateRequestsOptions): SimulatedRequest[] {
  const { models, arrivals, seed, priorities = [1, 3, 9], sloMultiplier = 10 } = options;
  if (models.length === 0 || priorities.length === 0) {
    throw new EdgewrightError(
      "invalid-argument",
      `createRequests: at least one model and one priority are needed, got ${models.length} and ${priorities.length}`,
    );
  }
  if (!(sloMultiplier > 0)) {
    throw new EdgewrightError(
      "invalid-argument",
      `createRequests: sloMultiplier must be above 0, got ${sloMultiplier}`,
    );
  }
  const rng = createRng(seed);
  const allowances = meanIsolatedTimes(models);
  return arrivals.map((arrival) => {
    const model = models[rng.integer(0, models.length)]!;
    const priority = priorities[rng.integer(0, priorities.length)]!;
    const sample = rng.integer(0, model.samples);
    // A model that takes no time would make no number of it.
    const allowance =
      sloMultiplier === Infinity ? Infinity : allowances.get(model.architecture)! * sloMultiplier;
    const deadline = arrival + allowance;
    return { arrival, model: model.name, priority, sample, deadline };
  });
}

/** Mean time alone over all samples of all patterns of each architecture, in seconds, by its name. */
export function meanIsolatedTimes(models: readonly ModelTable[]): Map<string, number> {
  const totals = new Map<string, { seconds: number; samples: number }>();
  for (const { architecture, meanIsolated, samples } of models) {
    const total = totals.get(architecture) ?? { seconds: 0, samples: 0 };
    total.seconds += meanIsolated * samples;
    total.samples += samples;
    totals.set(architecture, total);
  }
  return new Map([...totals].map(([name, { seconds, samples }]) => [name, seconds / samples]));
}
