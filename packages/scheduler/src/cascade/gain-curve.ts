import type { CalibrationCurve } from "./calibration.js";
import { readCalibration } from "./calibration.js";

/** What the next forwarded sample is worth, from a calibration curve. */
export interface GainCurve {
  /**
   * The threshold up to which a forwarded sample gains at least this much accuracy: falls from 1 or where gains end,
   * at price 0, to 0 as the price rises.
   */
  thresholdAt(price: number): number;
  /** Share of samples that a threshold forwards. */
  rateAt(threshold: number): number;
  /** A price at which nothing is forwarded. */
  readonly highestPrice: number;
}

/**
 * The marginal gain of forwarding, dA/dr along a calibration curve, made to fall with the threshold by the upper
 * concave hull of (r, A): measured curves are noisy, and a stretch of little gain before one of more is better taken
 * as a whole.
 */
export function createGainCurve(curve: CalibrationCurve): GainCurve {
  const hull = upperHull(curve);
  // The gain of each edge of the hull, at the middle of its thresholds; in between by straight lines.
  const places: number[] = [0];
  const gains: number[] = [1];
  for (let k = 1; k < hull.length; k++) {
    const left = hull[k - 1]!;
    const right = hull[k]!;
    const gain = (right.accuracy - left.accuracy) / (right.rate - left.rate);
    if (!(gain > 0)) break; // beyond, the heavy model does not know better
    if (k === 1) gains[0] = Math.max(1, gain);
    places.push((left.threshold + right.threshold) / 2);
    gains.push(gain);
    const last = hull[k + 1];
    const goesOn = last !== undefined && last.accuracy > right.accuracy;
    if (!goesOn) {
      places.push(right.threshold);
      gains.push(0);
    }
  }
  const highestPrice = gains[0]!;
  return {
    highestPrice,
    thresholdAt(price) {
      if (price >= highestPrice) return 0;
      const after = gains.findIndex((gain) => gain <= price);
      if (after < 0) return places.at(-1)!;
      const share = (gains[after - 1]! - price) / (gains[after - 1]! - gains[after]!);
      return places[after - 1]! + share * (places[after]! - places[after - 1]!);
    },
    rateAt: (threshold) => readCalibration(curve, threshold).forwardingRate,
  };
}

interface Corner {
  readonly threshold: number;
  readonly rate: number;
  readonly accuracy: number;
}

function upperHull({ thresholds, forwardingRates, accuracies }: CalibrationCurve): Corner[] {
  const hull: Corner[] = [];
  for (let i = 0; i < thresholds.length; i++) {
    const next: Corner = {
      threshold: thresholds[i]!,
      rate: forwardingRates[i]!,
      accuracy: accuracies[i]!,
    };
    const last = hull.at(-1);
    if (last && !(next.rate > last.rate)) continue; // forwards nobody new
    while (hull.length >= 2 && !bendsDown(hull.at(-2)!, hull.at(-1)!, next)) hull.pop();
    hull.push(next);
  }
  return hull;
}

function bendsDown(a: Corner, b: Corner, c: Corner): boolean {
  return (
    (b.accuracy - a.accuracy) * (c.rate - b.rate) > (c.accuracy - b.accuracy) * (b.rate - a.rate)
  );
}
