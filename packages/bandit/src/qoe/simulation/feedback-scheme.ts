import { EdgewrightError } from "@edgewright/core";

/** When ratings come. */
export type FeedbackScheme =
  /** Every choice is rated at once. */
  | { readonly kind: "full" }
  /** Rated at once, when the player asks (see {@link QoeChoice.asked}). */
  | { readonly kind: "solicited" }
  /** Rated after some more rounds, any number from 0 to twice the mean being as likely. */
  | { readonly kind: "delayed"; readonly meanRounds: number }
  /** Rated at once with this probability, otherwise never. */
  | { readonly kind: "sparse"; readonly share: number }
  /**
   * Whoever asks does so this many times in a row, and then gives one rating for their mean (see
   * `updateAggregate` of a bandit).
   */
  | { readonly kind: "aggregated"; readonly size: number };

/** Refuses a scheme whose numbers make no sense. */
export function checkFeedbackScheme(scheme: FeedbackScheme, where: string): void {
  if (scheme.kind === "delayed") {
    refuseUnless(scheme.meanRounds >= 0 && scheme.meanRounds < Infinity, "meanRounds from 0");
  } else if (scheme.kind === "sparse") {
    refuseUnless(scheme.share >= 0 && scheme.share <= 1, "a share from 0 to 1");
  } else if (scheme.kind === "aggregated") {
    refuseUnless(Number.isSafeInteger(scheme.size) && scheme.size > 0, "a whole size above 0");
  }
  function refuseUnless(fine: boolean, expected: string): void {
    if (fine) return;
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: feedback ${scheme.kind}: ${expected} was expected, got ${JSON.stringify(scheme)}`,
    );
  }
}
