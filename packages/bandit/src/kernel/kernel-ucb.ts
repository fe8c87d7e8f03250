import { EdgewrightError, ValidationError } from "@edgewright/core";
import { requireOption } from "../linear/linear-options.js";
import { indexOfBest, putAllOn } from "../policy/choose-best.js";
import type { Policy } from "../policy/policy.js";
import { type Kernel, productKernel, rbfKernel } from "./kernels.js";
import { SparseGaussianProcess } from "./sparse-gaussian-process.js";

/** Options of {@link kernelUcb}. */
export interface KernelUcbOptions {
  /** Features of a context. */
  readonly contextDimension: number;
  /**
   * Features of an arm. At 0 every arm has a regression of its own over contexts; otherwise one regression over the
   * features of context and arm serves all. @default 0
   */
  readonly armDimension?: number;
  /**
   * How alike two points are; a point is a context, followed by the features of the arm if there are any.
   *
   * @default `rbfKernel()` over contexts, times `rbfKernel()` over features of arms
   */
  readonly kernel?: Kernel;
  /** Standard deviations of the mean that are added to it. @default 1 */
  readonly alpha?: number;
  /** Variance of a reward around its mean, above 0: lambda. @default 0.1 */
  readonly noise?: number;
  /**
   * Points that each regression keeps at most: time of an operation grows with its square. Where they are too few for
   * the length scale, widths between them stay open, and exploring does not end. @default 100
   */
  readonly capacity?: number;
  /**
   * Share of its prior variance, from 0 to 1, that the dictionary must leave open for a point to join it: larger keeps
   * fewer points. At 0 all points join until the dictionary is full. @default 0.01
   */
  readonly novelty?: number;
}

/** Features, rewards and weights larger than this would overflow once they are multiplied with each other. */
const LARGEST = 1e75;

/**
 * KernelUCB: chooses the arm with the largest mean + alpha deviation of a Gaussian process, which finds rewards of any
 * smooth shape (Valko et al.: Finite-Time Analysis of Kernelised Contextual Bandits; UAI 2013, algorithm 1; GP-UCB of
 * Srinivas et al., ICML 2010): sigma^2 = k(z, z) - k' (K + noise I)^-1 k.
 *
 * Memory and time are bounded by a dictionary of points, in the style of BKB (Calandriello et al., COLT 2019); as long
 * as every point seen has joined it, results are those of the exact algorithm. Scale features so that one kernel suits
 * all of them, and rewards to about 1.
 *
 * @throws EdgewrightError when an option is out of its range
 *
 * @example
 * ```ts
 * // How well a model suits a device: alike for devices alike and models alike.
 * const kernel = productKernel({
 *   first: rbfKernel({ lengthScale: 0.5 }),
 *   split: 1,
 *   second: rbfKernel({ lengthScale: 0.3 }),
 * });
 * const policy = kernelUcb({ contextDimension: 1, armDimension: 1, kernel });
 * const arms = new Map([["small", [0]], ["medium", [0.5]], ["large", [1]]]);
 * const bandit = createBandit({ policy, arms, seed: 1 });
 * const { id } = bandit.decide([0.4]);
 * bandit.update(id, 0.9);
 * ```
 */
export function kernelUcb(options: KernelUcbOptions): Policy {
  const where = "kernelUcb";
  const { contextDimension, armDimension = 0, alpha = 1, noise = 0.1, capacity = 100 } = options;
  const { novelty = 0.01 } = options;
  for (const [name, value] of Object.entries({ contextDimension, armDimension })) {
    const whole = Number.isSafeInteger(value) && value >= 0;
    requireOption(whole, where, name, "a whole number from 0", value);
  }
  const dimension = contextDimension + armDimension;
  requireOption(
    dimension > 0,
    where,
    "contextDimension",
    "above 0, or armDimension,",
    contextDimension,
  );
  requireOption(alpha >= 0 && alpha < Infinity, where, "alpha", "a finite number from 0", alpha);
  requireOption(noise > 0 && noise < Infinity, where, "noise", "a finite number above 0", noise);
  const fits = Number.isSafeInteger(capacity) && capacity >= 1 && capacity <= 5000;
  requireOption(fits, where, "capacity", "a whole number from 1 to 5000", capacity);
  requireOption(novelty >= 0 && novelty <= 1, where, "novelty", "from 0 to 1", novelty);
  const { kernel = defaultKernel(contextDimension, armDimension) } = options;

  const settings = { kernel, dimension, noise, capacity, novelty };
  const kind = `kernel-ucb, ${kernel.name}, dimensions ${contextDimension} and ${armDimension}, noise ${noise}, capacity ${capacity}, novelty ${novelty}`;
  const joint = armDimension > 0;
  const shared = new SparseGaussianProcess(joint ? settings : { ...settings, capacity: 0 });
  let own = new Map<number, SparseGaussianProcess>();
  const point = new Float64Array(dimension);

  return {
    name: "kernel-ucb",
    contextDimension,
    armDimension,
    rewards: "real",
    addArm(slot, like) {
      if (joint) return;
      const process = new SparseGaussianProcess(settings);
      if (like !== undefined) process.copyFrom(own.get(like)!);
      own.set(slot, process);
    },
    removeArm(slot) {
      own.delete(slot);
    },
    evaluate({ slots, context, armFeatures }, _rng, out) {
      const { means, widths, scores, probabilities } = out;
      const count = slots.length;
      point.set(context);
      for (let i = 0; i < count; i++) {
        for (let k = 0; k < armDimension; k++) {
          point[contextDimension + k] = armFeatures[i * armDimension + k]!;
        }
        const process = joint ? shared : own.get(slots[i]!)!;
        process.predict(point);
        means[i] = process.mean;
        widths[i] = Math.sqrt(process.variance);
        scores[i] = means[i]! + alpha * widths[i]!;
      }
      putAllOn(indexOfBest(scores, count), probabilities, count);
    },
    learn({ slot, context, armFeatures, reward, weight }) {
      point.set(context);
      point.set(armFeatures, contextDimension);
      const bears = (value: number): boolean => Math.abs(value) <= LARGEST;
      if (!point.every(bears) || !bears(reward) || !bears(weight)) {
        throw new EdgewrightError(
          "invalid-argument",
          `kernel-ucb: rewards, weights and features of at most ${LARGEST} in size were expected; scale them`,
        );
      }
      (joint ? shared : own.get(slot)!).add(point, reward, weight);
    },
    state: () => ({
      kind,
      ...(joint
        ? { shared: shared.state() }
        : { arms: [...own].map(([slot, process]) => ({ slot, ...process.state() })) }),
    }),
    restore(state) {
      const given = (state ?? {}) as { kind?: unknown; shared?: unknown; arms?: unknown };
      if (given.kind !== kind || (!joint && !Array.isArray(given.arms))) {
        throw new ValidationError(
          `kernel-ucb.restore: the state of a policy "${kind}" was expected, got "${given.kind}"; restore with the options it was saved with`,
        );
      }
      if (joint) {
        const restored = new SparseGaussianProcess(settings);
        restored.restore(given.shared, "kernel-ucb.restore: shared");
        shared.copyFrom(restored);
        return;
      }
      const restored = new Map<number, SparseGaussianProcess>();
      for (const entry of given.arms as ({ slot?: unknown } | null)[]) {
        const slot = entry?.slot;
        if (!Number.isSafeInteger(slot) || (slot as number) < 0 || restored.has(slot as number)) {
          throw new ValidationError(
            `kernel-ucb.restore: a slot of its own was expected for every arm, got ${slot}; the snapshot is damaged`,
          );
        }
        const process = new SparseGaussianProcess(settings);
        process.restore(entry, `kernel-ucb.restore: arm in slot ${slot}`);
        restored.set(slot as number, process);
      }
      own = restored;
    },
  };
}

function defaultKernel(contextDimension: number, armDimension: number): Kernel {
  if (contextDimension === 0 || armDimension === 0) return rbfKernel();
  return productKernel({ first: rbfKernel(), split: contextDimension, second: rbfKernel() });
}
