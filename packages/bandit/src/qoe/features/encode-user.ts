import { QOE_METRICS, type QoeMetric } from "../utility/qoe-metrics.js";
import { checkUser } from "../utility/qoe-utility.js";
import type { UserType } from "../utility/user-types.js";

// About where the usual users' midpoints lie: a midpoint is told by its distance.
const USUAL: Readonly<Record<QoeMetric, number>> = {
  latencyMs: 60,
  energyMj: 120,
  accuracy: 0.7,
  bytes: 30e6,
};

/**
 * Features of a user, as a page of settings could ask for them: for every metric its share of the weights, and that
 * share times how far the midpoint is from a usual one (in factors of e; of the error 1 - accuracy for accuracies).
 * A metric that does not matter has two zeros. Slopes are not told: nobody could say theirs.
 */
export function encodeUser(user: UserType): Float64Array {
  checkUser(user, "encodeUser");
  const total = Object.values(user.utilities).reduce((sum, { weight }) => sum + weight, 0);
  const out = new Float64Array(2 * QOE_METRICS.length);
  QOE_METRICS.forEach((metric, i) => {
    const utility = user.utilities[metric];
    if (!utility) return;
    const usual = USUAL[metric];
    const distance =
      metric === "accuracy"
        ? Math.log((1 - usual) / Math.max(1 - utility.midpoint, 1e-3))
        : Math.log(utility.midpoint / usual);
    out[2 * i] = utility.weight / total;
    out[2 * i + 1] = (utility.weight / total) * distance;
  });
  return out;
}

/** Names of the features of {@link encodeUser}, in their order. */
export function userFeatureNames(): string[] {
  return QOE_METRICS.flatMap((metric) => [`weight of ${metric}`, `midpoint of ${metric}`]);
}
