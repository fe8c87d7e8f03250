// Replays one list of arrivals through the executor under a policy, in real time or on the clock of the process.
import type { CompletedTask, Policy, SimulatedRequest } from "@edgewright/scheduler";
import {
  createExecutor,
  type ModelProfile,
  type PredictionErrors,
  type RestPredictorKind,
} from "@edgewright/scheduler/live";
import type { LiveModel } from "./live-models.js";

/** What requests and the executor go by. */
export interface ReplayClock {
  /** Milliseconds. */
  now(): number;
  /** Nothing runs: lets time pass until `until` or for a while. */
  idle(until: number): Promise<void>;
}

/** Options of {@link replay}. */
export interface ReplayOptions {
  readonly models: readonly LiveModel[];
  readonly profiles: Readonly<Record<string, ModelProfile>>;
  /** Time alone of every model's samples, in seconds. */
  readonly isolated: Readonly<Record<string, readonly number[]>>;
  /** The same for every policy: times in seconds from the start. */
  readonly requests: readonly SimulatedRequest[];
  readonly policy: Policy;
  readonly predictor?: RestPredictorKind;
  readonly clock: ReplayClock;
  readonly signal: AbortSignal;
}

/** What came of it. */
export interface Replayed {
  readonly completed: readonly CompletedTask[];
  /** Time of every layer of every request as it ran, in seconds. */
  readonly layers: readonly (readonly number[])[];
  readonly errors: PredictionErrors;
}

/** Wall time. */
export function wallClock(): ReplayClock {
  return {
    now: () => performance.now(),
    idle: (until) => wait(Math.min(until - performance.now(), 20)),
  };
}

/**
 * CPU time of this process while something runs, and no time at all while nothing does: what other processes take
 * from the machine does not count.
 */
export function cpuClock(): ReplayClock {
  let skipped = 0;
  const cpu = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
  return {
    now: () => cpu() + skipped,
    async idle(until) {
      skipped += Math.max(0, until - (cpu() + skipped));
    },
  };
}

/** Submits every request at its time and waits for all of them. */
export async function replay(options: ReplayOptions): Promise<Replayed> {
  const { models, profiles, isolated, requests, policy, predictor, clock, signal } = options;
  const samples = new Map(models.map((model) => [model.name, model.samples]));
  const layers: number[][] = requests.map(() => []);
  const executor = createExecutor({
    policy,
    onEvent(event) {
      if (event.type === "layer") layers[event.id]!.push(event.end - event.start);
    },
    models: Object.fromEntries(
      models.map(({ name, session }) => [name, { session, profile: profiles[name]! }]),
    ),
    maxQueue: requests.length + 1,
    now: clock.now,
    signal,
    ...(predictor === undefined ? {} : { predictor }),
  });
  const origin = clock.now();
  const now = () => (clock.now() - origin) / 1000;
  const completed: CompletedTask[] = [];
  const results: Promise<void>[] = [];
  let next = 0;
  while (next < requests.length) {
    signal.throwIfAborted();
    while (next < requests.length && requests[next]!.arrival <= now()) {
      const request = requests[next++]!;
      const { arrival, deadline = Number.POSITIVE_INFINITY, model, sample = 0 } = request;
      const inputs = samples.get(model)![sample]!;
      // A layer was running when it came: its time counts from when it should have come.
      const late = now() - arrival;
      const submitted = executor.submit(model, inputs, {
        deadlineMs: Math.max(0, (deadline - arrival - late) * 1000),
      });
      results.push(
        submitted.then(({ completed: task }) => {
          const times = { arrival: task.arrival - late, isolated: isolated[model]![sample]! };
          const due = times.arrival + (deadline - arrival);
          completed.push({ ...task, ...times, deadline: due });
        }),
      );
    }
    if (next >= requests.length) break;
    if (executor.size === 0) await clock.idle(origin + requests[next]!.arrival * 1000);
    await turn();
  }
  await Promise.all(results);
  const errors = executor.predictionErrors;
  executor.dispose();
  return { completed, layers, errors };
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
