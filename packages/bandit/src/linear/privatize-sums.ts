import { type Rng, ShapeError } from "@edgewright/core";
import { requireOption } from "./linear-options.js";
import { triangleLength } from "./packed-triangle.js";
import { ridgeSumsLength } from "./ridge-sums.js";

/** Options of {@link privatizeSums}. */
export interface PrivatizeOptions {
  /** Privacy loss of all uploads together, above 0. */
  readonly epsilon: number;
  /** Probability with which the loss may be larger, above 0 and below 1; well below 1 / examples. */
  readonly delta: number;
  /** Largest length sqrt(x' x) that the features of any example have. */
  readonly featureBound: number;
  /** Largest size that the reward of any example has. */
  readonly rewardBound: number;
  /** Largest weight that any example has. @default 1 */
  readonly weightBound?: number;
  /** How often sums with a given example in them will be uploaded: the budget is for all of these. @default 1 */
  readonly uploads?: number;
  /**
   * Makes the noise. Whoever can repeat it can take the noise off: seed it with a secret, and with another one after
   * every restart, for two uploads with the same noise tell the difference of their sums exactly.
   */
  readonly rng: Rng;
}

/**
 * Adds noise to the sums of a linear policy before they leave the device, so that they are (epsilon, delta)
 * differentially private: symmetric Gaussian noise on the sum of outer products and Gaussian noise on the sum of
 * features times rewards, in the style of Shariff and Sheffet (Differentially Private Contextual Linear Bandits;
 * NeurIPS 2018, section 4.2), for one upload instead of their tree of partial sums.
 *
 * What holds: whoever sees the uploads learns little about whether any one example was among a device's, however much
 * else they know. Each of the four parts (x x', r x, counts, r^2) is changed by one example by at most its bound; in
 * units of these bounds an example has length 2, the noise has variance 2 uploads / rho with rho-zCDP for
 * rho = (sqrt(epsilon + ln(1 / delta)) - sqrt(ln(1 / delta)))^2, and that gives (epsilon, delta) (Bun, Steinke:
 * Concentrated Differential Privacy; TCC 2016, propositions 1.3 and 1.6).
 *
 * What does not: the bounds must hold for every example BEFORE it is learnt; sums do not show whether they do (see
 * {@link clipToLength}). The unit is one example, not one person: for a person with n examples the loss is up to n
 * times as much. Every upload of sums that hold the example counts: a device that uploads daily the sums of all it has
 * ever seen must count its days as `uploads`. The arms of a disjoint policy together count as one upload, for each
 * example is in one of them. Which arm an example chose is not hidden by sums that are only
 * uploaded when they are not empty. Float64 noise has gaps that a determined attacker might use (Mironov 2012).
 *
 * Noisy sums need not be positive definite: the policy that takes them in adds as much ridge as that needs. Sums of
 * many devices gain in accuracy, for their noise grows like the square root of their number.
 *
 * @param sums of a policy with a linear model (`readArm` of a disjoint, `readShared` of a shared one); left as they are
 *
 * @example
 * const policy = linUcb({ dimension: 2 });
 * policy.addArm(0);
 * const bounds = { featureBound: 1, rewardBound: 1 };
 * const sums = policy.sums!.readArm(0);
 * const noisy = privatizeSums(sums, { epsilon: 1, delta: 1e-6, ...bounds, rng: createRng(123) });
 *
 * @throws EdgewrightError when an option is out of its range; ShapeError when the sums are not of a linear model
 */
export function privatizeSums(sums: Float64Array, options: PrivatizeOptions): Float64Array {
  const { epsilon, delta, featureBound, rewardBound, weightBound = 1, uploads = 1, rng } = options;
  const where = "privatizeSums";
  for (const [name, value] of Object.entries({ epsilon, featureBound, rewardBound, weightBound })) {
    requireOption(value > 0 && value < Infinity, where, name, "a number above 0", value);
  }
  requireOption(delta > 0 && delta < 1, where, "delta", "a number above 0 and below 1", delta);
  const whole = Number.isSafeInteger(uploads) && uploads >= 1;
  requireOption(whole, where, "uploads", "a whole number from 1", uploads);
  const dimension = dimensionOf(sums.length);
  const logarithm = Math.log(1 / delta);
  const rho = (Math.sqrt(epsilon + logarithm) - Math.sqrt(logarithm)) ** 2;
  const deviation = weightBound * Math.sqrt((2 * uploads) / rho);
  const triangle = triangleLength(dimension);
  return sums.map((sum, i) => {
    const part = i - triangle;
    const bound =
      part < 0
        ? featureBound ** 2
        : part < dimension
          ? featureBound * rewardBound
          : part === dimension
            ? 1
            : rewardBound ** 2;
    return sum + rng.normal(0, bound * deviation);
  });
}

/**
 * Scales features down to at most a length, the same direction kept; shorter ones come back as they are. What
 * {@link privatizeSums} wants of contexts before they are learnt.
 *
 * @throws EdgewrightError when `length` is no finite number from 0
 */
export function clipToLength(features: ArrayLike<number>, length: number): Float64Array {
  const finite = length >= 0 && length < Infinity;
  requireOption(finite, "clipToLength", "length", "a finite number from 0", length);
  const clipped = Float64Array.from(features);
  const present = Math.sqrt(clipped.reduce((sum, value) => sum + value * value, 0));
  if (!(present > length)) return clipped;
  // A last bit less than the quotient, so that rounding does not put the length above the bound again.
  const factor = (length / present) * (1 - 2 ** -50);
  return clipped.map((value) => value * factor);
}

// Solves d (d + 1) / 2 + d + 2 = length.
function dimensionOf(length: number): number {
  const dimension = Math.round((Math.sqrt(8 * length - 7) - 3) / 2);
  if (dimension >= 1 && ridgeSumsLength(dimension) === length) return dimension;
  throw new ShapeError(
    `privatizeSums: the sums of a linear model were expected, such as ${ridgeSumsLength(2)} numbers for two features, got ${length}`,
  );
}
