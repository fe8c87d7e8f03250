import type { Task } from "../tasks/task.js";
import type { PolicyName } from "./create-policy.js";
import { scoreDysta } from "./dysta-score.js";
import { reachesLevelAt } from "./prema-queue.js";

/** The rule of a policy said plainly: which of the tasks that wait, in order of admission, runs now. */
type PlainRule = (waiting: readonly Task[], now: number) => Task;

/** The policies that have a plain rule here. */
export type PlainName = Exclude<PolicyName, "guarded-srpt">;

/** Obvious implementations of every policy's rule, each for one run. */
export function plainRules(): Record<PlainName, () => PlainRule> {
  const predicted = ({ ratio, remaining }: Task) => ratio * remaining;
  const truth = (task: Task) => task.trueRemaining ?? predicted(task);
  const isolatedOf = ({ isolated }: Task) => isolated;
  return {
    fcfs: () => least(({ arrival }) => arrival),
    sjf: () => least(({ remaining }) => remaining),
    "sjf-sparse": () => least(predicted),
    edf: () => least(({ deadline }) => deadline),
    "least-laxity": () => least((task) => task.deadline - predicted(task)),
    prema: plainPrema,
    "prema-sparse": plainPrema,
    planaria: () => plainPlanaria,
    sdrm3: () =>
      least((task, now) => {
        const slack = task.deadline - now;
        const urgency = slack > 0 ? Math.min(1, task.remaining / slack) : 1;
        return -(urgency + 1 * ((now - task.lastRun) / task.nextLatency));
      }),
    "weighted-fair": plainWeightedFair,
    dysta: () =>
      leastOf((task, now, count) =>
        scoreDysta({ beta: 0.01, remainingOf: predicted, isolatedOf }, task, now, count),
      ),
    "dysta-naive": () =>
      leastOf((task, now, count) => {
        const left = predicted(task);
        const slack = task.deadline === Infinity ? 0 : Math.max(0, task.deadline - now - left);
        return left + 0.01 * (slack + (now - task.lastRun) / task.isolated / count);
      }),
    "dysta-oracle": () =>
      leastOf((task, now, count) => {
        const left = truth(task);
        const slack = task.deadline === Infinity ? 0 : Math.max(0, task.deadline - now - left);
        const isolated = task.trueIsolated ?? task.isolated;
        return left + 0.01 * (slack + (now - task.lastRun) / isolated / count);
      }),
  };
}

function least(score: (task: Task, now: number) => number): PlainRule {
  return leastOf(score);
}

function leastOf(score: (task: Task, now: number, count: number) => number): PlainRule {
  return (waiting, now) => {
    let best = waiting[0]!;
    for (const task of waiting) {
      if (score(task, now, waiting.length) < score(best, now, waiting.length)) best = task;
    }
    return best;
  };
}

function plainPlanaria(waiting: readonly Task[], now: number): Task {
  const early = waiting.filter(({ deadline }) => deadline > now);
  const score = ({ priority, deadline }: Task) => priority / (deadline - now);
  const order = (a: Task, b: Task) => a.deadline - b.deadline || 0;
  const ties = (a: Task, b: Task) => b.priority - a.priority || order(a, b) || a.id - b.id;
  if (early.length === 0) return [...waiting].sort(ties)[0]!;
  return early.sort((a, b) => score(b) - score(a) || order(a, b) || ties(a, b))[0]!;
}

// Tokens as they were when the task came to wait, plus what it earned since.
function plainPrema(): PlainRule {
  const tokens = new Map<number, number>();
  return (waiting, now) => {
    const rate = ({ priority, ratio, isolated }: Task) => priority / (ratio * isolated);
    const level = (task: Task) => {
      const had = tokens.get(task.id) ?? task.priority;
      const reached = [9, 3, 1].find(
        (one) => reachesLevelAt(had, rate(task), one, task.lastRun) <= now,
      );
      return reached ?? 0;
    };
    const highest = Math.max(...waiting.map(level));
    const candidates = waiting.filter((task) => level(task) === highest);
    const taken = least(({ ratio, remaining }) => ratio * remaining)(candidates, now);
    const had = tokens.get(taken.id) ?? taken.priority;
    tokens.set(taken.id, had + rate(taken) * (now - taken.lastRun));
    return taken;
  };
}

function plainWeightedFair(): PlainRule {
  const times = new Map<number, number>();
  let current = 0;
  return (waiting) => {
    // A task first seen now came since the last decision, and starts where that one was served.
    for (const { id } of waiting) if (!times.has(id)) times.set(id, current);
    const timeOf = ({ id }: Task) => times.get(id)!;
    const taken = least(timeOf)(waiting, 0);
    current = Math.max(current, timeOf(taken));
    times.set(taken.id, timeOf(taken) + taken.nextLatency / taken.priority);
    return taken;
  };
}
