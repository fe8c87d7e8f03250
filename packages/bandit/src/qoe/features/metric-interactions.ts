import type { JointFeatures } from "../../linear/joint-features.js";
import { QOE_METRICS } from "../utility/qoe-metrics.js";
import { modelFeatureNames } from "./encode-model.js";

/**
 * Joins user and model metric by metric, for `sharedLinUcb` and its like over {@link qoeFeatures}: the model's
 * features, then for every metric the model's place on its scale, times how much that metric matters to the user, and
 * times where the user's midpoint is. Of all products that `"interactions"` would have, a third.
 *
 * That a user judges every metric by itself is an assumption; where it holds, a linear policy learns the same from
 * fewer ratings, and decides several times as fast. Features of the device beside those of the user are passed over: the device
 * is in the times and energies of the models on it.
 *
 * @example
 * import { createBandit, sharedLinUcb } from "@edgewright/bandit";
 * import { metricInteractions, qoeFeatures } from "@edgewright/bandit/qoe";
 *
 * const { contextNames, armNames } = qoeFeatures();
 * const policy = sharedLinUcb({
 *   contextDimension: contextNames.length,
 *   armDimension: armNames.length,
 *   joint: metricInteractions(),
 * });
 */
export function metricInteractions(): JointFeatures {
  const names = modelFeatureNames();
  // Which features of the model belong to a metric.
  const groups = QOE_METRICS.map((metric) =>
    names.flatMap((name, i) => (name.startsWith(metric) ? [i] : [])),
  );
  return {
    dimension: names.length + 2 * groups.reduce((sum, group) => sum + group.length, 0),
    write(context, armFeatures, out) {
      out.set(armFeatures);
      let at = armFeatures.length;
      groups.forEach((group, k) => {
        for (let part = 2 * k; part < 2 * k + 2; part++) {
          for (const i of group) out[at++] = context[part]! * armFeatures[i]!;
        }
      });
    },
  };
}
