import type { Kernels, Plan } from "@edgewright/kernels";
import type { ParameterUpdate } from "@edgewright/kernels/training";
import type { PartialParameter } from "../engine/lower-program.js";
import type { Parameter } from "../engine/parameter.js";
import { elementsOf } from "../engine/value.js";

/** Options that every optimiser has. */
export interface OptimizerOptions {
  /**
   * Parameters that weight decay applies to: often all but biases and normalisations,
   * `({ shape }) => shape.length > 1`.
   *
   * @default all, as in PyTorch
   */
  readonly decays?: (parameter: Parameter) => boolean;
  /** Multiplies the learning rate for a parameter. @default 1 for all */
  readonly learningRateFactor?: (parameter: Parameter) => number;
}

/** A parameter with its gradient and the tensors that the optimiser keeps for it, by address. */
export interface OptimizedParameter extends ParameterUpdate {
  /** In the order of {@link OptimizerSpec.states}. */
  readonly states: readonly number[];
}

/** An update of all parameters, planned on some kernels. */
export interface UpdatePlan extends Plan {
  /** What the next run is to use; `step` counts from 1. */
  set(settings: { learningRate: number; gradientScale: number; step: number }): void;
  /** Takes the place of the kernels' jobs, for updates that the host has a part in. @default the jobs are run */
  run?(): void;
}

/** How parameters are updated: what `sgd`, `adam` and `adamW` return. */
export interface OptimizerSpec {
  readonly name: string;
  /** Used where a step gives none. */
  readonly learningRate: number;
  /** What is kept for each parameter, in floats as many as its gradient has: `["mean", "square"]`. */
  readonly states: readonly string[];
  /** Weight decay and factor of the learning rate of a parameter. */
  settingsOf(parameter: Parameter): Pick<ParameterUpdate, "weightDecay" | "learningRateFactor">;
  /** Plans the kernels; gradients are held between `clipValue` and its negative. */
  plan(
    kernels: Kernels,
    parameters: readonly OptimizedParameter[],
    clipValue: number | undefined,
  ): UpdatePlan;
}

/**
 * Bytes of the state that an optimiser keeps for these parameters, from shapes alone; only the trained channels
 * of a partial parameter have one.
 *
 * @example
 * ```ts
 * const weight = createParameter({ name: "w", shape: [4, 2], data: new Float32Array(8) });
 * optimizerBytes(adam(), [weight]); // 64: two floats for each of 8
 * optimizerBytes(sgd({ learningRate: 0.1 }), [weight]); // 0
 * ```
 */
export function optimizerBytes(
  spec: OptimizerSpec,
  trainable: readonly (Parameter | PartialParameter)[],
): number {
  // A parameter that is named twice has one gradient and one state.
  const chosen = new Map(
    trainable.map((one) => ("parameter" in one ? [one.parameter, one.channels] : [one, undefined])),
  );
  return [...chosen].reduce(
    (bytes, [{ shape }, channels]) =>
      bytes + 4 * spec.states.length * trainedElements(shape, channels),
    0,
  );
}

/** Elements of a parameter's gradient. */
export function trainedElements(
  shape: readonly number[],
  channels: readonly number[] | undefined,
): number {
  return channels === undefined
    ? elementsOf(shape)
    : (elementsOf(shape) / shape.at(-1)!) * channels.length;
}

/** The settings that {@link OptimizerOptions} give a parameter. */
export function parameterSettings(
  { decays, learningRateFactor }: OptimizerOptions,
  weightDecay: number,
  parameter: Parameter,
): Pick<ParameterUpdate, "weightDecay" | "learningRateFactor"> {
  return {
    weightDecay: (decays?.(parameter) ?? true) ? weightDecay : 0,
    learningRateFactor: learningRateFactor?.(parameter) ?? 1,
  };
}
