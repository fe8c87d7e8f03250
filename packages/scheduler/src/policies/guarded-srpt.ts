import { EdgewrightError } from "@edgewright/core";
import { createGuardedQueue } from "./guarded-queue.js";
import type { Policy } from "./policy.js";

/** Options of {@link guardedSrpt}. */
export interface GuardedSrptOptions {
  /**
   * Part of the time that a request was given, from its arrival to its deadline, that is kept in hand for errors of
   * prediction and for what is still to arrive. @default 0.015
   */
  reserve?: number;
  /** What the remaining time of a request that cannot be in time any more is multiplied by. @default 1.25 */
  hopelessWeight?: number;
  /**
   * While some requests cannot be in time, the most that it may cost the others to save one that still can: their
   * delay over their own time alone, summed, as a part of the deadline of the saved one over its time alone.
   * @default 0.3
   */
  price?: number;
  /** Accelerators that share the queue. @default 1 */
  accelerators?: number;
}

/**
 * Shortest predicted remaining time first, guarded by deadlines: better than Dysta at overload, and without the tail
 * that it leaves where deadlines are loose. Ours, not a published policy.
 *
 * Before every layer the largest set of requests that can still be in time is found (Moore and Hodgson, Management
 * Science 15, 1968, on predicted remaining times, earliest deadline first). A request may overtake those of the set
 * with earlier deadlines (one that is outside the set: all of them) when their slack, less a reserve, bears its
 * remaining time; of all that may run, the one with the least remaining time does. Where no other may, the earliest
 * deadline of the set runs, unless others pay too much for it (`price`).
 *
 * With exact predictions and nothing more to arrive, no deadline is missed that the earliest-deadline-first order
 * would keep. A decision costs O(n log n) for n waiting tasks.
 *
 * @example
 * const { metrics } = simulate({ policy: guardedSrpt(), models, requests });
 *
 * @throws EdgewrightError `invalid-argument` for options out of range
 */
export function guardedSrpt(options: GuardedSrptOptions = {}): Policy {
  const { reserve = 0.015, hopelessWeight = 1.25, price = 0.3, accelerators = 1 } = options;
  check("reserve", reserve, reserve >= 0 && reserve < 1, "from 0 to below 1");
  check("hopelessWeight", hopelessWeight, hopelessWeight > 0, "above 0");
  check("price", price, price >= 0, "from 0");
  check(
    "accelerators",
    accelerators,
    Number.isInteger(accelerators) && accelerators >= 1,
    "from 1",
  );
  return {
    name: "guarded-srpt",
    averages: "pattern",
    watchesSparsity: true,
    createQueue: () => createGuardedQueue({ reserve, hopelessWeight, price, accelerators }),
  };
}

function check(name: string, value: number, isRight: boolean, expected: string): void {
  if (isRight) return;
  throw new EdgewrightError(
    "invalid-argument",
    `guardedSrpt: "${name}" ${expected} was expected, got ${value}`,
  );
}
