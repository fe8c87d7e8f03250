import type { ExplorationRule } from "./exploration-rule.js";
import { chooseJointFeatures, type Joint } from "./joint-features.js";
import { checkLinearOptions, type LinearOptions } from "./linear-options.js";
import type { LinearPolicy } from "./linear-policy.js";
import { SharedLinear } from "./shared-linear.js";

/** What the policies with one model for all arms look at. */
export interface SharedLinearOptions {
  /** Features of a context. */
  readonly contextDimension: number;
  /** Features of an arm. */
  readonly armDimension: number;
  /**
   * What the model is linear in; no constant is added. With `"concatenate"` a context moves all arms' estimates
   * alike, so that which arm is best depends on the arms alone: choose by context with `"interactions"`.
   *
   * @default "interactions"
   */
  readonly joint?: Joint;
}

/** Makes a policy with one model for all arms; `where` is the function to name in an error. */
export function createSharedLinear(
  where: string,
  options: SharedLinearOptions & LinearOptions,
  rule: ExplorationRule,
  scores: "all" | "needed",
): LinearPolicy {
  const { contextDimension, armDimension, joint = "interactions" } = options;
  const features = chooseJointFeatures(where, joint, contextDimension, armDimension);
  const checked = checkLinearOptions(where, features.dimension, options);
  const name = typeof joint === "string" ? joint : "own features";
  const shape = { contextDimension, armDimension, features, joint: name };
  return new SharedLinear(shape, checked, rule, scores);
}
