import { EdgewrightError } from "@edgewright/core";
import type { Kernels } from "@edgewright/kernels";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import type { MlpShape } from "./mlp.js";

/** What the neural policies have in common. */
export interface NeuralOptions {
  /** Features of a context. @default 0 */
  readonly contextDimension?: number;
  /** Features of an arm; the network looks at them beside those of the context. @default 0 */
  readonly armDimension?: number;
  /**
   * Outputs of the network, one for each slot of an arm: for arms without features. At 0 one output serves all
   * arms, which then differ by their features alone, and arms may come and go as they like. @default 0
   */
  readonly heads?: number;
  /** Widths of the hidden layers, even numbers. @default [32] */
  readonly hidden?: readonly number[];
  /** Seed of the initial weights. @default 0 */
  readonly seed?: number;
  /** Of Adam. @default 0.01 */
  readonly learningRate?: number;
  /** Share of a weight that is added to its gradient. @default 0 */
  readonly weightDecay?: number;
  /** Examples of a training step. @default 32 */
  readonly batchSize?: number;
  /** The network is trained after every so many rewards. @default 10 */
  readonly retrainEvery?: number;
  /** Steps of a training: what bounds its time. @default 40 */
  readonly trainingSteps?: number;
  /** Most recent examples that the network is trained on: what bounds the memory. @default 2000 */
  readonly replayCapacity?: number;
  /**
   * Precision of the prior, which stands on the diagonal before anything is learnt: how widely untried directions are
   * explored is in inverse proportion to its root. @default 0.03
   */
  readonly ridge?: number;
  /**
   * Kernels with the training extension, which several policies may share; whoever loads them disposes of them.
   * The relaxed build rounds differently from machine to machine. @default the baseline build, loaded and disposed of
   * by the policy
   */
  readonly kernels?: Kernels;
}

/** Of {@link NeuralOptions}. */
export const DEFAULT_RIDGE = 0.03;

/** Options with their defaults, checked. */
export interface NeuralSettings extends Required<Omit<NeuralOptions, "kernels" | "hidden">> {
  readonly shape: MlpShape;
}

/** @throws EdgewrightError `invalid-argument` for options out of range */
export function resolveNeuralOptions(where: string, options: NeuralOptions): NeuralSettings {
  const {
    contextDimension = 0,
    armDimension = 0,
    heads = 0,
    hidden = [32],
    seed = 0,
    learningRate = 0.01,
    weightDecay = 0,
    batchSize = 32,
    retrainEvery = 10,
    trainingSteps = 40,
    replayCapacity = 2000,
    ridge = DEFAULT_RIDGE,
  } = options;
  const wholes = { contextDimension, armDimension, heads, trainingSteps, seed };
  for (const [name, value] of Object.entries(wholes)) requireWhole(where, name, value, 0);
  for (const [name, value] of Object.entries({ batchSize, retrainEvery, replayCapacity })) {
    requireWhole(where, name, value, 1);
  }
  if (contextDimension + armDimension === 0) {
    throw refusal(
      where,
      "features of contexts or arms (contextDimension, armDimension) were expected, got neither",
    );
  }
  if (heads > 0 && armDimension > 0) {
    throw refusal(
      where,
      `features of arms, or heads for arms without features, were expected, got armDimension ${armDimension} and ${heads} heads`,
    );
  }
  if (
    hidden.length === 0 ||
    !hidden.every((width) => Number.isInteger(width) && width >= 2 && width % 2 === 0)
  ) {
    throw refusal(where, `one or more even widths of hidden layers were expected, got [${hidden}]`);
  }
  requireAbove(where, "ridge", ridge);
  requireAbove(where, "learningRate", learningRate);
  requireAtLeastZero(where, "weightDecay", weightDecay);
  const shape = { inputs: contextDimension + armDimension, hidden, outputs: Math.max(1, heads) };
  return {
    ...{ contextDimension, armDimension, heads, seed, learningRate, weightDecay, batchSize },
    ...{ retrainEvery, trainingSteps, replayCapacity, ridge, shape },
  };
}

/** The given kernels, or ones of the policy's own. */
export async function kernelsFor(
  options: NeuralOptions,
): Promise<{ kernels: Kernels; own: boolean }> {
  if (options.kernels !== undefined) return { kernels: options.kernels, own: false };
  // The same bits on every machine.
  return { kernels: await loadTrainingKernels({ variant: "baseline" }), own: true };
}

/** @throws EdgewrightError `invalid-argument` unless the value is finite and above 0 */
export function requireAbove(where: string, name: string, value: number): void {
  if (value > 0 && value < Infinity) return;
  throw refusal(where, `a finite ${name} above 0 was expected, got ${value}`);
}

/** @throws EdgewrightError `invalid-argument` unless the value is finite and not below 0 */
export function requireAtLeastZero(where: string, name: string, value: number): void {
  if (value >= 0 && value < Infinity) return;
  throw refusal(where, `a finite ${name} from 0 was expected, got ${value}`);
}

/** @throws EdgewrightError `invalid-argument` unless the value is whole and at least so much */
export function requireWhole(where: string, name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw refusal(where, `a whole ${name} from ${least} was expected, got ${value}`);
}

function refusal(where: string, message: string): EdgewrightError {
  return new EdgewrightError("invalid-argument", `${where}: ${message}`);
}
