import type { Rng } from "@edgewright/core";
import { QOE_METRICS, type QoeMetric } from "./qoe-metrics.js";
import { type MetricUtility, USER_TYPES, type UserType } from "./user-types.js";

/** Options of {@link drawUser}. */
export interface DrawUserOptions {
  /** Kinds of user that there are, all equally frequent. @default every one of {@link USER_TYPES} */
  readonly types?: readonly UserType[];
  /** Standard deviation of the logarithm of a user's weights about those of the type. @default 0.3 */
  readonly weightSpread?: number;
  /** Standard deviation of the logarithm of a user's midpoints (of the error 1 - accuracy) about those of the type. @default 0.2 */
  readonly midpointSpread?: number;
}

/**
 * Draws a person: one of the types, with weights and midpoints of their own about those of the type. Weights add up
 * to 1.
 *
 * @example
 * import { createRng } from "@edgewright/core";
 * import { drawUser } from "@edgewright/bandit/qoe";
 *
 * const rng = createRng(1);
 * const users = Array.from({ length: 20 }, () => drawUser(rng));
 */
export function drawUser(rng: Rng, options: DrawUserOptions = {}): UserType {
  const { types = Object.values(USER_TYPES), weightSpread = 0.3, midpointSpread = 0.2 } = options;
  const type = types[rng.integer(0, types.length)]!;
  const utilities: Partial<Record<QoeMetric, MetricUtility>> = {};
  let total = 0;
  for (const metric of QOE_METRICS) {
    const typical = type.utilities[metric];
    if (!typical) continue;
    const weight = typical.weight * Math.exp(rng.normal(0, weightSpread));
    const factor = Math.exp(rng.normal(0, midpointSpread));
    const midpoint =
      metric === "accuracy" ? 1 - (1 - typical.midpoint) * factor : typical.midpoint * factor;
    // An error beyond 1 would be an accuracy below 0, which nobody has for a midpoint.
    utilities[metric] = { weight, midpoint: Math.max(midpoint, 0.01), slope: typical.slope };
    total += weight;
  }
  for (const metric of QOE_METRICS) {
    const utility = utilities[metric];
    if (utility) utilities[metric] = { ...utility, weight: utility.weight / total };
  }
  return { name: type.name, utilities };
}
