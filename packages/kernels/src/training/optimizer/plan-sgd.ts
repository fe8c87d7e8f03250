import type { Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { requireTraining } from "../load-training-kernels.js";
import {
  type ParameterUpdate,
  planUpdates,
  requireRange,
  type StepSettings,
} from "./update-jobs.js";

/** A parameter for {@link planSgd}. */
export interface SgdUpdate extends ParameterUpdate {
  /** Address of the velocity, floats as the gradient, zeros at first. @default 0: none, for momentum 0 */
  readonly velocity?: number;
}

/** Steps of stochastic gradient descent for {@link planSgd}. */
export interface SgdSpec {
  readonly parameters: readonly SgdUpdate[];
  readonly learningRate: number;
  /** Share of the velocity that stays. @default 0 */
  readonly momentum?: number;
  /** Nesterov's momentum. @default false */
  readonly nesterov?: boolean;
  /** Gradients are held between its negative and itself, after their scaling. @default infinity */
  readonly clipValue?: number;
}

/** A step over all parameters, whose settings can change between runs. */
export interface SgdPlan extends Plan {
  /** Takes effect at the next run; what is left out stays. */
  set(settings: StepSettings): void;
}

const SETTINGS = 5; // learning rate, gradient scale, clip, momentum, nesterov

/**
 * Plans a step of stochastic gradient descent over any number of parameters, as PyTorch's `SGD` with
 * dampening 0: d = clip(scale g) + decay w; v = momentum v + d; w -= rate v (or d + momentum v after
 * Nesterov). Without a velocity w -= rate d.
 *
 * @throws ShapeError for columns that do not fit a parameter.
 * @throws EdgewrightError `invalid-argument` for settings out of range, and `unsupported` for kernels without
 * the training extension.
 *
 * @example
 * ```ts
 * const kernels = await loadTrainingKernels();
 * const { arena } = kernels;
 * const [w, g, v] = [[1, 2], [0.5, -0.5], [0, 0]].map((x) => arena.upload(new Float32Array(x)));
 * const plan = planSgd(kernels, {
 *   parameters: [{ parameter: w.ptr, gradient: g.ptr, velocity: v.ptr, count: 2 }],
 *   learningRate: 0.1,
 *   momentum: 0.9,
 * });
 * kernels.run(plan);
 * console.log(arena.f32(w.ptr, 2)); // 0.95, 2.05
 * plan.set({ learningRate: 0.05 });
 * ```
 */
export function planSgd(kernels: Kernels, spec: SgdSpec): SgdPlan {
  const { parameters, learningRate, momentum = 0, nesterov = false } = spec;
  const { clipValue = Number.POSITIVE_INFINITY } = spec;
  requireTraining("planSgd", kernels);
  requireRange("planSgd", "momentum", momentum, 0, 1);
  requireRange("planSgd", "clipValue", clipValue, 0, Number.POSITIVE_INFINITY);
  requireRange("planSgd", "learningRate", learningRate, 0, Number.MAX_VALUE);
  const updates = parameters.map((update) => ({ ...update, states: [update.velocity ?? 0, 0] }));
  const { plan, settings } = planUpdates(kernels, "planSgd", "sgd_f32", updates, SETTINGS);
  settings().set([learningRate, 1, clipValue, momentum, nesterov ? 1 : 0]);
  return {
    ...plan,
    set(next) {
      const words = settings();
      if (next.learningRate !== undefined) words[0] = next.learningRate;
      if (next.gradientScale !== undefined) words[1] = next.gradientScale;
    },
  };
}
