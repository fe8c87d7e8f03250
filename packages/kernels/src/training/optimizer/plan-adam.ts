import type { Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { requireTraining } from "../load-training-kernels.js";
import {
  type ParameterUpdate,
  planUpdates,
  requireRange,
  type StepSettings,
} from "./update-jobs.js";

/** A parameter for {@link planAdam}. */
export interface AdamUpdate extends ParameterUpdate {
  /** Address of the running mean of the gradient, floats as the gradient, zeros at first. */
  readonly mean: number;
  /** Address of the running mean of its square, floats as the gradient, zeros at first. */
  readonly square: number;
}

/** Steps of Adam for {@link planAdam}. */
export interface AdamSpec {
  readonly parameters: readonly AdamUpdate[];
  readonly learningRate: number;
  /** Shares of the two running means that stay. @default [0.9, 0.999] */
  readonly betas?: readonly [number, number];
  /** Added to the root of the second mean. @default 1e-8 */
  readonly epsilon?: number;
  /** AdamW: the decay shrinks the parameter and does not pass through the means. @default false */
  readonly decoupled?: boolean;
  /** Gradients are held between its negative and itself, after their scaling. @default infinity */
  readonly clipValue?: number;
}

/** A step over all parameters, whose settings can change between runs. */
export interface AdamPlan extends Plan {
  /** Takes effect at the next run; what is left out stays. `step` counts from 1 and corrects the bias. */
  set(settings: StepSettings & { readonly step?: number }): void;
}

const SETTINGS = 10; // rate, scale, clip, 1 - b1, b2, 1 - b2, step size, root, epsilon, decoupled

/**
 * Plans a step of Adam (Kingma and Ba 2014, arXiv:1412.6980, algorithm 1) or AdamW (Loshchilov and Hutter 2017,
 * arXiv:1711.05101, algorithm 2) over any number of parameters, as PyTorch computes them: with
 * d = clip(scale g) + decay w, m += (1 - b1) (d - m) and v = b2 v + (1 - b2) d^2,
 * w -= rate / (1 - b1^t) m / (sqrt(v / (1 - b2^t)) + epsilon). AdamW takes rate decay w off w first and leaves
 * the decay out of d.
 *
 * The bias correction is of step 1 until `set({ step })` says otherwise.
 *
 * @throws ShapeError for columns that do not fit a parameter.
 * @throws EdgewrightError `invalid-argument` for settings out of range, and `unsupported` for kernels without
 * the training extension.
 */
export function planAdam(kernels: Kernels, spec: AdamSpec): AdamPlan {
  const { parameters, betas = [0.9, 0.999], epsilon = 1e-8, decoupled = false } = spec;
  const { clipValue = Number.POSITIVE_INFINITY } = spec;
  const [beta1, beta2] = betas;
  requireTraining("planAdam", kernels);
  requireRange("planAdam", "the first of betas", beta1, 0, 1 - 2 ** -24);
  requireRange("planAdam", "the second of betas", beta2, 0, 1 - 2 ** -24);
  requireRange("planAdam", "epsilon", epsilon, 0, Number.MAX_VALUE);
  requireRange("planAdam", "clipValue", clipValue, 0, Number.POSITIVE_INFINITY);
  requireRange("planAdam", "learningRate", spec.learningRate, 0, Number.MAX_VALUE);
  const updates = parameters.map((update) => ({ ...update, states: [update.mean, update.square] }));
  const { plan, settings } = planUpdates(kernels, "planAdam", "adam_f32", updates, SETTINGS);
  let { learningRate } = spec;
  let step = 1;
  const set: AdamPlan["set"] = (next) => {
    learningRate = next.learningRate ?? learningRate;
    step = next.step ?? step;
    const words = settings();
    words[0] = learningRate;
    if (next.gradientScale !== undefined) words[1] = next.gradientScale;
    words[6] = learningRate / (1 - beta1 ** step);
    words[7] = 1 / Math.sqrt(1 - beta2 ** step);
  };
  settings().set([0, 1, clipValue, 1 - beta1, beta2, 1 - beta2, 0, 0, epsilon, decoupled ? 1 : 0]);
  set({});
  return { ...plan, set };
}
