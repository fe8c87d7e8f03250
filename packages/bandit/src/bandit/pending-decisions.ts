import type { FeedbackRefusal } from "./feedback-error.js";

/** A decision that waits for its reward: all that learning from it needs. */
export interface PendingDecision {
  /** Running number of the decision, from 0. */
  readonly number: number;
  readonly id: string;
  readonly slot: number;
  readonly context: Float64Array;
  readonly armFeatures: Float64Array;
  readonly propensity: number;
  /** When it was made, by the bandit's clock; its running number where there is none. */
  readonly time: number;
  /** What every constraint wants back with the reward. */
  readonly notes: readonly number[];
}

/** Why a decision no longer waits. */
export type Fate = Exclude<FeedbackRefusal, "unknown">;

/**
 * The last `capacity` decisions by their running numbers: those that wait, and what became of the others.
 *
 * A ring: finding one by number needs no hashing, and memory is bounded without counting.
 */
export interface PendingDecisions {
  /** Decisions ever made; the running number of the next. */
  readonly decided: number;
  /** Decisions that wait. */
  readonly waiting: number;
  /** Number of the oldest decision that the ring still knows. */
  readonly firstKnown: number;
  /** What is known of decision `number`, which was made; older ones than the ring holds have expired. */
  at(number: number): PendingDecision | Fate;
  /** The waiting decision that the next one will push out. */
  crowdedOut(): PendingDecision | undefined;
  /** Takes the next decision, one that waits or, when a snapshot is read, one that does not. */
  add(decision: PendingDecision | Fate): void;
  /** Ends the wait of decision `number`. */
  settle(number: number, fate: Fate): void;
  /** Number of the oldest waiting decision; `decided` when none waits. */
  oldestWaiting(): number;
}

/** An empty ring that goes on counting from `start`. */
export function createPendingDecisions(capacity: number, start = 0): PendingDecisions {
  const ring: (PendingDecision | Fate)[] = [];
  let decided = start;
  let waiting = 0;
  let oldest = start; // none before it waits
  const firstKnown = (): number => Math.max(start, decided - capacity);
  return {
    get decided() {
      return decided;
    },
    get waiting() {
      return waiting;
    },
    get firstKnown() {
      return firstKnown();
    },
    at: (number) => (number < firstKnown() ? "expired" : ring[number % capacity]!),
    crowdedOut() {
      const entry = ring[decided % capacity]; // none while the ring fills
      return typeof entry === "string" ? undefined : entry;
    },
    add(decision) {
      ring[decided++ % capacity] = decision;
      if (typeof decision !== "string") waiting++;
    },
    settle(number, fate) {
      ring[number % capacity] = fate;
      waiting--;
    },
    oldestWaiting() {
      oldest = Math.max(oldest, firstKnown());
      while (oldest < decided && typeof ring[oldest % capacity] === "string") oldest++;
      return oldest;
    },
  };
}
