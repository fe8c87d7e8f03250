import { nextTurn } from "@edgewright/core";
import type { Lane } from "./live-request.js";

interface Waiter {
  readonly lane: Lane | undefined;
  resolve(): void;
  reject(error: unknown): void;
}

/** Those who wait for room in an executor, in order; no more of them are let go on than there is room for. */
export class RoomWaiters {
  readonly #waiters: Waiter[] = [];
  /** Places given to somebody who has not had the time to take them. */
  readonly #granted: Waiter[] = [];
  readonly #room: (lane: Lane | undefined) => number;

  /** @param room how many requests would be let in, of a model or of all */
  constructor(room: (lane: Lane | undefined) => number) {
    this.#room = room;
  }

  /** Waits for room for a request of a model, or of any. */
  wait(lane: Lane | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ lane, resolve, reject });
      this.admit();
    });
  }

  /** Lets go on whom there is room for now. */
  admit(): void {
    let left = this.#room(undefined) - this.#granted.length;
    for (let i = 0; i < this.#waiters.length && left > 0; ) {
      const waiter = this.#waiters[i]!;
      const { lane } = waiter;
      const granted = this.#granted.filter((other) => other.lane === lane).length;
      if (lane !== undefined && this.#room(lane) <= granted) {
        i++;
        continue;
      }
      this.#waiters.splice(i, 1);
      this.#grant(waiter);
      left--;
    }
  }

  /** Turns all away. */
  rejectAll(error: unknown): void {
    for (const { reject } of this.#waiters.splice(0)) reject(error);
  }

  // Its promise's reactions run before the next turn of the event loop: by then it has taken its place or never will.
  #grant(waiter: Waiter): void {
    this.#granted.push(waiter);
    waiter.resolve();
    void nextTurn().then(() => {
      this.#granted.splice(this.#granted.indexOf(waiter), 1);
      this.admit();
    });
  }
}
