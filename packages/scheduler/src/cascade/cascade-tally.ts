import type { CascadeCounts, CascadeShares } from "./simulated-cascade.js";

/** How a sample ended. */
export type SampleEnd = "local" | "slow-local" | "served" | "undelivered";

/** Counts samples and right answers. */
export class CascadeTally {
  #local = 0;
  #slowLocal = 0;
  #served = 0;
  #late = 0;
  #undelivered = 0;
  #correct = 0;
  #correctInTime = 0;

  /** Counts a sample at the time its answer came or was due. */
  count(end: SampleEnd, correct: number): void {
    if (end === "local") this.#local++;
    else if (end === "slow-local") this.#slowLocal++;
    else if (end === "served") this.#served++;
    else this.#undelivered++;
    this.#correct += correct;
    this.#correctInTime += correct;
  }

  /** The server's answer of a sample that was counted as undelivered has come after all. */
  countLate(correctBefore: number, correct: number): void {
    this.#undelivered--;
    this.#late++;
    this.#correct += correct - correctBefore;
  }

  get samples(): number {
    return this.#local + this.#slowLocal + this.#served + this.#late + this.#undelivered;
  }

  get inTime(): number {
    return this.#local + this.#served;
  }

  get forwarded(): number {
    return this.#served + this.#late + this.#undelivered;
  }

  shares(): CascadeShares {
    const { samples } = this;
    return {
      satisfaction: this.inTime / samples,
      accuracy: this.#correct / samples,
      accuracyInTime: this.#correctInTime / samples,
      forwarded: this.forwarded / samples,
    };
  }

  counts(): CascadeCounts {
    return {
      local: this.#local + this.#slowLocal,
      served: this.#served,
      late: this.#late,
      undelivered: this.#undelivered,
      samples: this.samples,
      violations: this.samples - this.inTime,
    };
  }
}
