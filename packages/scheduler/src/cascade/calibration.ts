import { EdgewrightError } from "@edgewright/core";

/** A sample of a held-out set as both models of a cascade see it. */
export interface CascadeOutcome {
  /** The light model's certainty, from 0 to 1; see {@link measureCertainty}. */
  readonly certainty: number;
  /** Whether the light model is right. */
  readonly lightCorrect: boolean;
  /** Whether the heavy model is right. */
  readonly heavyCorrect: boolean;
}

/** What each threshold does, on a held-out set: made by {@link calibrateThresholds}; plain data. */
export interface CalibrationCurve {
  /** Ascending, from 0 to 1. */
  readonly thresholds: readonly number[];
  /** Share of samples forwarded at each threshold, r(c); never falls. */
  readonly forwardingRates: readonly number[];
  /** Share of samples answered right by the cascade at each threshold, A(c). */
  readonly accuracies: readonly number[];
}

/** Options of {@link calibrateThresholds}. */
export interface CalibrateThresholdsOptions {
  /** Thresholds to try: this many steps from 0 to 1. @default 100 */
  readonly steps?: number;
}

/**
 * Forwarding rate r(c) and accuracy A(c) of a cascade of two models for thresholds c from 0 to 1, on samples with
 * known answers that neither model was trained on. A sample is forwarded where its certainty is below c.
 *
 * @example
 * const curve = calibrateThresholds([
 *   { certainty: 0.1, lightCorrect: false, heavyCorrect: true },
 *   { certainty: 0.9, lightCorrect: true, heavyCorrect: true },
 * ]);
 * thresholdForRate(curve, 0.5); // 0.9: forwards the first, keeps the second
 *
 * @throws EdgewrightError `invalid-argument` without samples, or with a certainty outside 0 to 1
 */
export function calibrateThresholds(
  outcomes: readonly CascadeOutcome[],
  { steps = 100 }: CalibrateThresholdsOptions = {},
): CalibrationCurve {
  if (outcomes.length === 0 || !(Number.isInteger(steps) && steps >= 1)) {
    throw new EdgewrightError(
      "invalid-argument",
      `calibrateThresholds: samples and a whole number of steps from 1 were expected, got ${outcomes.length} and ${steps}`,
    );
  }
  // Samples by the first threshold that forwards them.
  const forwardedAt = new Float64Array(steps + 2);
  const gainAt = new Float64Array(steps + 2);
  let correct = 0;
  for (const { certainty, lightCorrect, heavyCorrect } of outcomes) {
    if (!(certainty >= 0 && certainty <= 1)) {
      throw new EdgewrightError(
        "invalid-argument",
        `calibrateThresholds: certainties from 0 to 1 were expected, got ${certainty}`,
      );
    }
    let first = Math.floor(certainty * steps);
    while (first <= steps && !(certainty < first / steps)) first++;
    forwardedAt[first]! += 1;
    gainAt[first]! += Number(heavyCorrect) - Number(lightCorrect);
    correct += Number(lightCorrect);
  }
  const thresholds: number[] = [];
  const forwardingRates: number[] = [];
  const accuracies: number[] = [];
  let forwarded = 0;
  for (let step = 0; step <= steps; step++) {
    forwarded += forwardedAt[step]!;
    correct += gainAt[step]!;
    thresholds.push(step / steps);
    forwardingRates.push(forwarded / outcomes.length);
    accuracies.push(correct / outcomes.length);
  }
  return { thresholds, forwardingRates, accuracies };
}

/**
 * The largest threshold of the curve that forwards at most this share of the samples.
 *
 * @param rate from 0 to 1
 */
export function thresholdForRate(curve: CalibrationCurve, rate: number): number {
  let best = 0;
  for (let i = 0; i < curve.thresholds.length; i++) {
    if (curve.forwardingRates[i]! <= rate) best = curve.thresholds[i]!;
  }
  return best;
}

/**
 * The smallest threshold of the curve whose cascade reaches an accuracy, and so the one that asks the server least;
 * undefined where none does.
 *
 * @param accuracy from 0 to 1
 */
export function thresholdForAccuracy(
  curve: CalibrationCurve,
  accuracy: number,
): number | undefined {
  const at = curve.accuracies.findIndex((one) => one >= accuracy);
  return at < 0 ? undefined : curve.thresholds[at];
}

/**
 * Forwarding rate and accuracy at any threshold, between those of the curve by straight lines.
 *
 * @param threshold from 0 to 1
 */
export function readCalibration(
  curve: CalibrationCurve,
  threshold: number,
): { readonly forwardingRate: number; readonly accuracy: number } {
  const { thresholds, forwardingRates, accuracies } = curve;
  const after = thresholds.findIndex((one) => one >= threshold);
  const right = after < 0 ? thresholds.length - 1 : after;
  const left = Math.max(0, right - 1);
  const span = thresholds[right]! - thresholds[left]!;
  const share = span > 0 ? Math.min(1, (threshold - thresholds[left]!) / span) : 1;
  const between = (values: readonly number[]): number =>
    values[left]! + share * (values[right]! - values[left]!);
  return { forwardingRate: between(forwardingRates), accuracy: between(accuracies) };
}
