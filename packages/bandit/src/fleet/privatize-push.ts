import { UnsupportedError } from "@edgewright/core";
import { type PrivatizeOptions, privatizeSums } from "../linear/privatize-sums.js";
import type { NamedSums, SumsShape } from "./named-sums.js";

/**
 * A function that adds noise to sums before they leave the device, with zeros for arms that they lack; without
 * privacy, one that leaves them as they are.
 *
 * @throws UnsupportedError when an example has a part in more than one vector; what {@link privatizeSums} throws
 */
export function createPrivatizer(
  { sharedLength, armLength }: SumsShape,
  privacy: PrivatizeOptions | undefined,
): (sums: NamedSums, arms: readonly string[]) => NamedSums {
  if (!privacy) return (sums) => sums;
  if (sharedLength > 0 && armLength > 0) {
    throw new UnsupportedError(
      "createFleetMember: privacy was asked for a policy whose examples enter two vectors of sums; use a disjoint or a shared linear policy",
    );
  }
  // Noise for nothing: options and lengths that do not fit are refused now and not at the first push.
  privatizeSums(new Float64Array(Math.max(sharedLength, armLength)), privacy);
  return ({ shared, arms }, names) => {
    const every = new Set([...names, ...arms.keys()]);
    const add = (vector: Float64Array): Float64Array =>
      vector.length === 0 ? vector : privatizeSums(vector, privacy);
    const nothing = new Float64Array(armLength);
    return {
      shared: add(shared),
      arms: new Map([...every].map((arm) => [arm, add(arms.get(arm) ?? nothing)])),
    };
  };
}
