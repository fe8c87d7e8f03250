import { ValidationError } from "@edgewright/core";
import type { Arena } from "../../runtime/arena.js";
import type { Plan } from "../../runtime/job.js";

/** A plan that reads indices from memory. */
export interface IndexedPlan extends Plan {
  /**
   * Whether every index so far was in range; kernels read nothing outside of memory for one that is not,
   * and give zeros in its place.
   *
   * @param where names the function in the message; by default the one that made the plan
   * @throws ValidationError when one was not, once.
   */
  checkIndices(where?: string): void;
}

/**
 * Checks that indices are below a limit, on the host.
 *
 * @param where names the function in the message
 * @throws ValidationError with the first that is not, and its place.
 */
export function checkIndexRange(where: string, indices: Int32Array, limit: number): void {
  const at = indices.findIndex((index) => index < 0 || index >= limit);
  if (at >= 0) {
    throw new ValidationError(
      `${where}: expected indices from 0 to ${limit - 1}, got ${indices[at]} at ${at}`,
    );
  }
}

/** Where the indices of a plan lie, and the word that its kernel sets when one is out of range. */
export interface IndexFlag {
  readonly where: string;
  /** Word of the first job's arguments. */
  readonly word: number;
  /** Address of the indices. */
  readonly indices: number;
  readonly count: number;
  readonly limit: number;
}

/** Adds {@link IndexedPlan.checkIndices} to a plan whose first job raises a flag among its arguments. */
export function withIndexCheck(arena: Arena, plan: Plan, flag: IndexFlag): IndexedPlan {
  const [job] = plan.jobs;
  return {
    ...plan,
    checkIndices(where = flag.where) {
      if (job === undefined) return;
      const word = arena.i32(job.params + 4 * flag.word, 1);
      if (word[0] === 0) return;
      word[0] = 0;
      checkIndexRange(where, arena.i32(flag.indices, flag.count), flag.limit);
      throw new ValidationError(
        `${where}: expected indices from 0 to ${flag.limit - 1}, got another before they were overwritten`,
      );
    },
  };
}
