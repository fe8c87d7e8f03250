import { QOE_METRICS } from "../utility/qoe-metrics.js";
import { encodeModel, modelFeatureNames } from "./encode-model.js";
import { encodeUser, userFeatureNames } from "./encode-user.js";
import type { QoeFeatures } from "./qoe-features.js";

/**
 * Features that join user and model metric by metric: how far the model is on the scale of a metric, times how much
 * that metric matters to the user, and nothing else of the many products that {@link separateFeatures} with
 * interactions would have. There are no features of the context: everything is in those of the arms.
 *
 * That a user judges every metric by itself is an assumption; where it holds, a linear policy learns from far fewer
 * ratings, and its decisions cost a tenth.
 */
export function jointFeatures(): QoeFeatures {
  const modelNames = modelFeatureNames();
  const userNames = userFeatureNames();
  // Which features of the model belong to a metric.
  const groups = QOE_METRICS.map((metric) =>
    modelNames.flatMap((name, i) => (name.startsWith(metric) ? [i] : [])),
  );
  const armNames = [
    ...modelNames,
    ...groups.flatMap((group, k) =>
      [0, 1].flatMap((part) => group.map((i) => `${userNames[2 * k + part]} x ${modelNames[i]}`)),
    ),
  ];
  return {
    contextNames: [],
    armNames,
    context: () => new Float64Array(0),
    arm: (user, variant, onDevice) => {
      const model = encodeModel(variant, onDevice);
      const person = encodeUser(user);
      const out = new Float64Array(armNames.length);
      out.set(model);
      let offset = model.length;
      groups.forEach((group, k) => {
        for (let part = 0; part < 2; part++) {
          for (const i of group) out[offset++] = person[2 * k + part]! * model[i]!;
        }
      });
      return out;
    },
  };
}
