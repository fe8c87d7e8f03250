import { EdgewrightError } from "@edgewright/core";

/**
 * How sure a light model is of its answer, as a number from 0 to 1:
 * - `margin`: probability of the best class less that of the second best (BvSB, the measure of MultiTASC);
 * - `top1`: probability of the best class;
 * - `entropy`: 1 less the entropy of the classes over the largest possible, so that here, too, more is surer.
 */
export type CertaintyMeasure = "margin" | "top1" | "entropy";

/** Options of {@link measureCertainty} and {@link forwards}. */
export interface CertaintyOptions {
  /** @default "margin" */
  readonly measure?: CertaintyMeasure;
  /** What the numbers are: `logits` are turned into probabilities by softmax first. @default "probabilities" */
  readonly scale?: "probabilities" | "logits";
}

/**
 * How sure a classifier is of its answer, from 0 to 1, from its probabilities or logits.
 *
 * @example
 * measureCertainty([0.6, 0.3, 0.1]); // 0.3
 *
 * @throws EdgewrightError `invalid-argument` with fewer than two classes; `invalid-data` where a number is not finite
 */
export function measureCertainty(
  scores: ArrayLike<number>,
  { measure = "margin", scale = "probabilities" }: CertaintyOptions = {},
): number {
  if (!(scores.length >= 2)) {
    throw new EdgewrightError(
      "invalid-argument",
      `measureCertainty: scores of two classes at least were expected, got ${scores.length}`,
    );
  }
  const certainty =
    measure === "entropy" ? fromEntropy(scores, scale) : fromBest(scores, measure, scale);
  if (!Number.isFinite(certainty)) {
    throw new EdgewrightError(
      "invalid-data",
      "measureCertainty: the scores hold a number that is not finite; check the model's input",
    );
  }
  return Math.min(1, Math.max(0, certainty));
}

/**
 * Whether a cascade asks the heavy model: the light model's certainty lies below the threshold. A larger threshold
 * never forwards less; 0 forwards nothing.
 *
 * @example
 * forwards([0.6, 0.3, 0.1], 0.35); // true: the margin is 0.3
 * forwards([2, 0.1, -1], 0.35, { scale: "logits" }); // false
 *
 * @param threshold from 0 to 1
 * @throws EdgewrightError as {@link measureCertainty}
 */
export function forwards(
  scores: ArrayLike<number>,
  threshold: number,
  options: CertaintyOptions = {},
): boolean {
  return measureCertainty(scores, options) < threshold;
}

type Scale = "probabilities" | "logits";

function fromBest(scores: ArrayLike<number>, measure: "margin" | "top1", scale: Scale): number {
  let best = Number.NEGATIVE_INFINITY;
  let second = Number.NEGATIVE_INFINITY;
  let sum = 0; // NaN once any score is: a comparison alone would step over it
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!;
    sum += score;
    if (score > best) {
      second = best;
      best = score;
    } else if (score > second) second = score;
  }
  if (!Number.isFinite(sum)) return Number.NaN;
  if (scale === "probabilities") return measure === "top1" ? best : best - second;
  let total = 0;
  for (let i = 0; i < scores.length; i++) total += Math.exp(scores[i]! - best);
  return measure === "top1" ? 1 / total : (1 - Math.exp(second - best)) / total;
}

function fromEntropy(scores: ArrayLike<number>, scale: Scale): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < scores.length; i++) largest = Math.max(largest, scores[i]!);
  let total = 0;
  let weighted = 0; // of p log p before the division by the total
  for (let i = 0; i < scores.length; i++) {
    const weight = scale === "logits" ? Math.exp(scores[i]! - largest) : scores[i]!;
    total += weight;
    if (weight !== 0) weighted += weight * Math.log(weight);
  }
  const entropy = Math.log(total) - weighted / total;
  return 1 - entropy / Math.log(scores.length);
}
