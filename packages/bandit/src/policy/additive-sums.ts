import type { Example } from "./policy.js";

/**
 * What a policy knows, as sums over the examples it has seen: sums of two devices added together are those of one
 * device that saw both. One vector belongs to all arms, one to every arm; either may be empty.
 */
export interface AdditiveSums {
  /** Says which sums can be added: the policy's name and all that shapes them, such as the dimension. */
  readonly kind: string;
  /** Elements of the vector that all arms share. */
  readonly sharedLength: number;
  /** Elements of the vector of one arm. */
  readonly armLength: number;
  /** A copy of the shared sums, without what the policy started from (its prior or ridge). */
  readShared(): Float64Array;
  /** A copy of an arm's sums, without what the policy started from. */
  readArm(slot: number): Float64Array;
  /** Replaces the shared sums, as if the policy had seen exactly their examples. */
  writeShared(sums: Float64Array): void;
  /** Replaces an arm's sums, as if the policy had seen exactly their examples. */
  writeArm(slot: number, sums: Float64Array): void;
  /** Adds what one example contributes to sums that are kept elsewhere; the policy itself stays as it is. */
  addExample(example: Example, shared: Float64Array, arm: Float64Array): void;
}
