import { requireOption } from "./linear-options.js";

/** Makes features of a context and an arm together. */
export interface JointFeatures {
  /** How many there are. */
  readonly dimension: number;
  /** Writes all of them to `out`, [dimension]. */
  write(context: Float64Array, armFeatures: Float64Array, out: Float64Array): void;
}

/**
 * `"concatenate"`: the context's features, then the arm's. `"interactions"`: after those, the products of every
 * feature of the context with every one of the arm, [d; m; vec(d x m)].
 */
export type Joint = "concatenate" | "interactions" | JointFeatures;

/** Resolves an option `joint`; `where` is the function to name in an error. */
export function chooseJointFeatures(
  where: string,
  joint: Joint,
  contextDimension: number,
  armDimension: number,
): JointFeatures {
  const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
  const whole = "a whole number from 0";
  requireOption(isCount(contextDimension), where, "contextDimension", whole, contextDimension);
  requireOption(isCount(armDimension), where, "armDimension", whole, armDimension);
  if (typeof joint === "object") return joint;
  const known = joint === "concatenate" || joint === "interactions";
  requireOption(known, where, "joint", `"concatenate", "interactions" or an object`, joint);
  const both = contextDimension + armDimension;
  if (joint === "concatenate") {
    return {
      dimension: both,
      write(context, armFeatures, out) {
        out.set(context);
        out.set(armFeatures, contextDimension);
      },
    };
  }
  return {
    dimension: both + contextDimension * armDimension,
    write(context, armFeatures, out) {
      out.set(context);
      out.set(armFeatures, contextDimension);
      let at = both;
      for (let i = 0; i < contextDimension; i++) {
        for (let j = 0; j < armDimension; j++) out[at++] = context[i]! * armFeatures[j]!;
      }
    },
  };
}
