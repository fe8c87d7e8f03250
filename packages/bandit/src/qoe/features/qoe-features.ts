import type { DeviceProfile, ModelVariant } from "@edgewright/core";
import type { UserType } from "../utility/user-types.js";
import { deviceFeatureNames, encodeDevice, type LatencyProbe } from "./encode-device.js";
import { encodeModel, modelFeatureNames, type OnDevice } from "./encode-model.js";
import { encodeUser, userFeatureNames } from "./encode-user.js";

/** How a choice is described to a bandit: as features of the context and features of every arm in it. */
export interface QoeFeatures {
  /** Names of the features of the context, in order. */
  readonly contextNames: readonly string[];
  /** Names of the features of an arm, in order. */
  readonly armNames: readonly string[];
  /** Features of who asks, on which device. */
  context(user: UserType, profile: DeviceProfile): Float64Array;
  /** Features of a variant there; `onDevice` is what is known or predicted of it. */
  arm(user: UserType, variant: ModelVariant, onDevice: OnDevice): Float64Array;
}

/** Options of {@link separateFeatures}. */
export interface SeparateFeaturesOptions {
  /** Models whose times describe a device. @default none */
  readonly probes?: readonly LatencyProbe[];
  /** Whether the context says more of the device than the arms' times on it do. @default true */
  readonly device?: boolean;
}

/**
 * The features of Lu et al., in their style: the context is the user and the device, an arm is the model on it. For
 * policies that join the two themselves, such as {@link sharedLinUcb} with `joint: "interactions"`, or that learn
 * to, such as networks.
 */
export function separateFeatures(options: SeparateFeaturesOptions = {}): QoeFeatures {
  const { probes = [], device = true } = options;
  return {
    contextNames: [...userFeatureNames(), ...(device ? deviceFeatureNames({ probes }) : [])],
    armNames: modelFeatureNames(),
    context: (user, profile) =>
      Float64Array.from([
        ...encodeUser(user),
        ...(device ? encodeDevice(profile, { probes }) : []),
      ]),
    arm: (_user, variant, onDevice) => encodeModel(variant, onDevice),
  };
}
