import { setTimeout as sleep } from "node:timers/promises";
import { createRng, quantile, throwIfAborted } from "@edgewright/core";
import {
  type CompletedTask,
  createRunTimeManager,
  drawTimeline,
  guardedSrpt,
  type ManagerEvent,
  type Signal,
} from "@edgewright/scheduler";
import { createExecutor } from "@edgewright/scheduler/live";
import type { ModelPlan } from "./plan-models.js";
import type { ServedPhase, ServedRequests } from "./served-requests.js";
import { type ProfiledModel, READ_LINES, SORT_PICTURES, type TaskModel } from "./task-models.js";

/** How much work comes, as a share of what this machine can do with the first design. */
const PHASES = [
  { name: "as planned", seconds: 2, lines: 0.3, albums: 0.3 },
  { name: "a rush of pictures", seconds: 2, lines: 0.3, albums: 1.5 },
  { name: "as planned again", seconds: 2, lines: 0.3, albums: 0.3 },
] as const;

/** Requests that wait when the processor counts as in trouble, and when it does not any more. */
const LIMITS = { enter: 10, exit: 2, dwellMs: 300 };

interface Arrival {
  readonly phase: number;
  /** Milliseconds since the requests began. */
  readonly at: number;
  readonly task: string;
  readonly sample: number;
}

interface Answer {
  readonly phase: number;
  readonly completed: CompletedTask;
  /** Of the model that sorted the album. */
  readonly accuracy: number | undefined;
}

/**
 * Serves lines of text and albums of pictures, which come at random, with real models on one thread: the executor
 * interleaves them layer by layer, and the run-time manager changes to a lighter design while too many wait.
 */
export async function serveRequests(
  profiled: readonly ProfiledModel[],
  plan: ModelPlan,
  signal: AbortSignal,
  onProgress: (phase: string) => void,
): Promise<ServedRequests> {
  const arrivals = drawArrivals(profiled, plan);
  const policy = guardedSrpt();
  using executor = createExecutor({
    ...{ policy, signal, keepSegments: true, maxQueue: 4096 },
    models: Object.fromEntries(
      profiled.map(({ model, profile }) => [model.name, { session: model, profile }]),
    ),
  });
  const origin = performance.now();
  const now = (): number => performance.now() - origin;
  const waiting: Signal = {
    ...{ name: "requests waiting", troubles: ["cpu"], limits: LIMITS },
    read: () => executor.size,
  };
  const manager = await createRunTimeManager<TaskModel>({
    ...{ designSet: plan.set, signals: [waiting], intervalMs: 50, now, signal },
    load: ({ model }) => profiled.find((one) => one.model.name === model)!.model.load(),
    unload: (model) => model.unload(),
  });
  try {
    const began = now();
    const deadlines = deadlinesOf(profiled, plan);
    const answers: Promise<Answer>[] = [];
    for (const { phase, at, task, sample } of arrivals) {
      onProgress(PHASES[phase]!.name);
      const early = began + at - now();
      if (early > 0) await sleep(early);
      throwIfAborted(signal, "schedule models");
      answers.push(
        manager.use(task, async (model) => {
          const feeds = model.samples[sample % model.samples.length]!;
          const { completed } = await executor.submit(model.name, feeds, {
            deadlineMs: deadlines[task]!,
          });
          return {
            phase,
            completed,
            accuracy: task === SORT_PICTURES ? model.accuracy : undefined,
          };
        }),
      );
    }
    const answered = await Promise.all(answers);
    const tasks = answered.map(({ completed }) => completed);
    // The executor's clock began a moment before the manager's.
    const first = Math.min(...tasks.map(({ arrival }) => arrival)) - arrivals[0]!.at / 1000;
    const from = first + PHASES[0].seconds - 0.1;
    return {
      ...{ objectives: plan.objectives, designs: plan.designs, policy: policy.name },
      phases: PHASES.map(({ name }, phase) =>
        summarise(
          name,
          answered.filter((answer) => answer.phase === phase),
        ),
      ),
      events: manager.events.map((event): ManagerEvent => ({ ...event, at: event.at - began })),
      timeline: drawTimeline(tasks, {
        ...{ from, to: from + 0.8, maxRows: 36 },
        title: "The models that ran, layer by layer, as the rush began",
      }),
    };
  } finally {
    await manager.dispose();
  }
}

/** Poisson arrivals of both tasks, in order of time; the same on every run, in shares of this machine's speed. */
function drawArrivals(profiled: readonly ProfiledModel[], plan: ModelPlan): Arrival[] {
  const rng = createRng(7);
  const arrivals: Arrival[] = [];
  let begin = 0;
  PHASES.forEach(({ seconds, lines, albums }, phase) => {
    const end = begin + 1000 * seconds;
    for (const [task, load] of [
      [READ_LINES, lines],
      [SORT_PICTURES, albums],
    ] as const) {
      const rate = load / meanMsOf(task, profiled, plan);
      for (let at = begin + rng.exponential(rate); at < end; at += rng.exponential(rate)) {
        arrivals.push({ phase, at, task, sample: arrivals.length });
      }
    }
    begin = end;
  });
  return arrivals.sort((a, b) => a.at - b.at);
}

/** Every request has ten times what it takes alone with the first design. */
function deadlinesOf(profiled: readonly ProfiledModel[], plan: ModelPlan): Record<string, number> {
  return Object.fromEntries(
    [READ_LINES, SORT_PICTURES].map((task) => [task, 10 * meanMsOf(task, profiled, plan)]),
  );
}

function meanMsOf(task: string, profiled: readonly ProfiledModel[], { set }: ModelPlan): number {
  const first = set.designs[set.roles.d0]!.assignments.find((one) => one.task === task)!;
  return profiled.find(({ model }) => model.name === first.model)!.meanMs;
}

function summarise(name: string, answers: readonly Answer[]): ServedPhase {
  const late = answers.filter(({ completed }) => completed.finish > completed.deadline);
  const times = answers.map(({ completed }) => 1000 * (completed.finish - completed.arrival));
  const accuracies = answers.flatMap(({ accuracy }) => (accuracy === undefined ? [] : [accuracy]));
  return {
    ...{ name, requests: answers.length, violations: late.length },
    p95Ms: times.length === 0 ? 0 : quantile(times, 0.95),
    accuracy: accuracies.reduce((sum, one) => sum + one, 0) / Math.max(1, accuracies.length),
  };
}
