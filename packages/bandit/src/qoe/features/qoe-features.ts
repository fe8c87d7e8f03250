import type { DeviceProfile, ModelVariant } from "@edgewright/core";
import type { UserType } from "../utility/user-types.js";
import { deviceFeatureNames, encodeDevice, type LatencyProbe } from "./encode-device.js";
import { encodeModel, modelFeatureNames, type OnDevice } from "./encode-model.js";
import { encodeUser, userFeatureNames } from "./encode-user.js";

/** How a choice is described to a bandit: by features of the context and features of every arm in it. */
export interface QoeFeatures {
  /** Names of the features of the context, in order. */
  readonly contextNames: readonly string[];
  /** Names of the features of an arm, in order. */
  readonly armNames: readonly string[];
  /** Features of who asks, on which device. */
  context(user: UserType, profile: DeviceProfile): Float64Array;
  /** Features of a variant there; `onDevice` is what is known or predicted of it. */
  arm(variant: ModelVariant, onDevice: OnDevice): Float64Array;
}

/** Options of {@link qoeFeatures}. */
export interface QoeFeaturesOptions {
  /**
   * Whether the context tells of the device too ({@link encodeDevice}), more than the times of the models on it do.
   * @default false
   */
  readonly device?: boolean;
  /** Models whose times describe the device there. @default none */
  readonly probes?: readonly LatencyProbe[];
}

/**
 * The features of a choice, in the style of Lu et al.: the context is the user ({@link encodeUser}) and, if wanted, the
 * device; an arm is a model as it is on that device ({@link encodeModel}).
 *
 * @example
 * import { qoeFeatures } from "@edgewright/bandit/qoe";
 *
 * console.log(qoeFeatures().contextNames[0]); // weight of latencyMs
 */
export function qoeFeatures(options: QoeFeaturesOptions = {}): QoeFeatures {
  const { probes = [], device = false } = options;
  return {
    contextNames: [...userFeatureNames(), ...(device ? deviceFeatureNames({ probes }) : [])],
    armNames: modelFeatureNames(),
    context: (user, profile) =>
      Float64Array.from([
        ...encodeUser(user),
        ...(device ? encodeDevice(profile, { probes }) : []),
      ]),
    arm: encodeModel,
  };
}
