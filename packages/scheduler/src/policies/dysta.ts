import { EdgewrightError } from "@edgewright/core";
import type { Task } from "../tasks/task.js";
import { createDystaQueue } from "./dysta-queue.js";
import type { DystaScore } from "./dysta-score.js";
import type { Policy } from "./policy.js";

/** Options of {@link dysta}, {@link dystaNaive} and {@link dystaOracle}. */
export interface DystaOptions {
  /** Weight of slack and waiting beside the remaining time. @default 0.01 */
  beta?: number;
}

/**
 * Dysta: before every layer runs the task with the smallest score R + beta (U + P), where R is the remaining time
 * that the averages of its sparsity pattern and the sparsity of its layers so far predict, U = max(0, deadline - now - R)
 * its slack, and P its waiting since it ran last, over its time alone and over the number of tasks (Fan, Venieris,
 * Kouris, Lane: Sparse-DySta; MICRO 2023). A task without a deadline has no slack term.
 *
 * A decision costs O(c + log n) as a rule, for c classes of tasks that have not begun (model and time to deadline
 * alike).
 *
 * @example
 * const { metrics } = simulate({ policy: dysta(), models, requests });
 */
export function dysta(options: DystaOptions = {}): Policy {
  return createDysta("dysta", "pattern", true, options);
}

/** Dysta's static level alone: averages over all patterns of a model, and no eye on sparsity. */
export function dystaNaive(options: DystaOptions = {}): Policy {
  return createDysta("dysta-naive", "model", false, options);
}

/** Dysta with the truth in the place of predictions: a bound, for simulators only. */
export function dystaOracle(options: DystaOptions = {}): Policy {
  return createDysta("dysta-oracle", "pattern", false, options);
}

/** The parts of the score, from predictions or from the truth. */
export function dystaScore({ beta = 0.01 }: DystaOptions, truth: boolean): DystaScore {
  if (!(beta >= 0 && beta < Infinity)) {
    throw new EdgewrightError(
      "invalid-argument",
      `dysta: beta must be a number from 0, got ${beta}`,
    );
  }
  const predicted = ({ ratio, remaining }: Task): number => ratio * remaining;
  if (!truth) return { beta, remainingOf: predicted, isolatedOf: ({ isolated }) => isolated };
  return {
    beta,
    remainingOf: (task) => task.trueRemaining ?? predicted(task),
    isolatedOf: (task) => task.trueIsolated ?? task.isolated,
  };
}

function createDysta(
  name: string,
  averages: Policy["averages"],
  watchesSparsity: boolean,
  options: DystaOptions,
): Policy {
  const truth = name === "dysta-oracle"; // which differs from request to request
  const rule = dystaScore(options, truth);
  return { name, averages, watchesSparsity, createQueue: () => createDystaQueue(rule, !truth) };
}
