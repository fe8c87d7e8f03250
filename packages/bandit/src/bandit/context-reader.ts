import { ShapeError } from "@edgewright/core";
import type { BanditState } from "./bandit-state.js";
import { readNumbers } from "./read-numbers.js";
import { createVectorPool } from "./vector-pool.js";

/** Turns contexts into checked features, which nobody else holds. */
export type ContextReader<Context> = (context: Context | undefined, caller: string) => Float64Array;

/** A reader for a bandit's policy and encoder. */
export function createContextReader<Arm extends string, Context>(
  state: BanditState<Arm, Context>,
): ContextReader<Context> {
  const { features, policy } = state;
  // A policy that does not look at contexts gets none; the log keeps them, of whatever length.
  const dimension = policy.contextDimension || undefined;
  const none = new Float64Array(0);
  const allocate = createVectorPool();
  return (context, caller) => {
    if (context === undefined && !(features && dimension)) {
      if (!dimension) return none;
      throw new ShapeError(`${caller}: ${dimension} context features were expected, got none`);
    }
    const given = features ? features(context as Context) : (context as ArrayLike<number>);
    return readNumbers(given, dimension, caller, "context features", allocate);
  };
}
