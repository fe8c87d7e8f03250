import { planAdam } from "@edgewright/kernels/training";
import { type OptimizerOptions, type OptimizerSpec, parameterSettings } from "./optimizer-spec.js";

/** Options of {@link adam} and {@link adamW}. */
export interface AdamOptions extends OptimizerOptions {
  /** @default 0.001 */
  readonly learningRate?: number;
  /** Share of the mean gradient that stays. @default 0.9 */
  readonly beta1?: number;
  /** Share of the mean squared gradient that stays. @default 0.999 */
  readonly beta2?: number;
  /** Added to the root of the mean square. @default 1e-8 */
  readonly epsilon?: number;
  /** Of the gradient in `adam`, of the parameter itself in `adamW`. @default 0; 0.01 for adamW */
  readonly weightDecay?: number;
}

/**
 * Adam (Kingma and Ba 2014, arXiv:1412.6980), as PyTorch computes it: steps of the learning rate times the mean
 * gradient over the root of its mean square. Keeps two floats for each one trained.
 *
 * @example
 * ```ts
 * const optimizer = createOptimizer(program, adam({ learningRate: 0.002 }));
 * ```
 */
export function adam(options: AdamOptions = {}): OptimizerSpec {
  return adamSpec("adam", options, options.weightDecay ?? 0);
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2017, arXiv:1711.05101): a parameter loses
 * learningRate times weightDecay of itself at every step. Keeps two floats for each one trained.
 *
 * @example
 * ```ts
 * const noBias = ({ shape }: Parameter) => shape.length > 1;
 * const optimizer = createOptimizer(program, adamW({ weightDecay: 0.05, decays: noBias }));
 * ```
 */
export function adamW(options: AdamOptions = {}): OptimizerSpec {
  return adamSpec("adamW", options, options.weightDecay ?? 0.01);
}

function adamSpec(
  name: "adam" | "adamW",
  options: AdamOptions,
  weightDecay: number,
): OptimizerSpec {
  const { learningRate = 0.001, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  return {
    name,
    learningRate,
    states: ["mean", "square"],
    settingsOf: (parameter) => parameterSettings(options, weightDecay, parameter),
    plan: (kernels, parameters, clipValue) =>
      planAdam(kernels, {
        parameters: parameters.map((one) => ({
          ...one,
          mean: one.states[0]!,
          square: one.states[1]!,
        })),
        ...{ learningRate, betas: [beta1, beta2], epsilon, decoupled: name === "adamW" },
        ...(clipValue !== undefined && { clipValue }),
      }),
  };
}
