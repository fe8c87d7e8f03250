import type { Rng } from "@edgewright/core";

/** How users say what they think: a score from 0 to 1, or a thumb, which is 1 or 0. */
export type RatingForm = "score" | "thumb";

/** Options of {@link drawRating}. */
export interface DrawRatingOptions {
  /** `"thumb"`: up with the probability of the quality of experience. @default "score" */
  readonly form?: RatingForm;
  /** Standard deviation of scores about the quality of experience. @default 0.05 */
  readonly noise?: number;
  /**
   * Whether scores are kept from 0 to 1. Their mean then falls a little short of the quality of experience near
   * the ends; which model is best stays the same.
   * @default true
   */
  readonly clip?: boolean;
}

/** Draws what a user says of an expected quality of experience: with noise, or as a thumb. */
export function drawRating(qoe: number, rng: Rng, options: DrawRatingOptions = {}): number {
  const { form = "score", noise = 0.05, clip = true } = options;
  if (form === "thumb") return rng.uniform() < qoe ? 1 : 0;
  const score = qoe + noise * rng.normal();
  return clip ? Math.min(1, Math.max(0, score)) : score;
}
