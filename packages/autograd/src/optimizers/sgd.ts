import { planSgd } from "@edgewright/kernels/training";
import { type OptimizerOptions, type OptimizerSpec, parameterSettings } from "./optimizer-spec.js";

/** Options of {@link sgd}. */
export interface SgdOptions extends OptimizerOptions {
  readonly learningRate: number;
  /** Share of the velocity that stays; above 0 a float is kept for each one trained. @default 0 */
  readonly momentum?: number;
  /** Looks ahead along the velocity (Nesterov). @default false */
  readonly nesterov?: boolean;
  /** Share of a parameter that is added to its gradient. @default 0 */
  readonly weightDecay?: number;
}

/**
 * Stochastic gradient descent, as PyTorch's `SGD` with dampening 0: v = momentum v + g + weightDecay w;
 * w -= learningRate v.
 *
 * @example
 * ```ts
 * const optimizer = createOptimizer(program, sgd({ learningRate: 0.1, momentum: 0.9 }));
 * ```
 */
export function sgd(options: SgdOptions): OptimizerSpec {
  const { learningRate, momentum = 0, nesterov = false, weightDecay = 0 } = options;
  return {
    name: "sgd",
    learningRate,
    states: momentum === 0 ? [] : ["velocity"],
    settingsOf: (parameter) => parameterSettings(options, weightDecay, parameter),
    plan(kernels, parameters, clipValue) {
      const plan = planSgd(kernels, {
        parameters: parameters.map((one) => ({ ...one, velocity: one.states[0] ?? 0 })),
        ...{ learningRate, momentum, nesterov },
        ...(clipValue !== undefined && { clipValue }),
      });
      return plan;
    },
  };
}
