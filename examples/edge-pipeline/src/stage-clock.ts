/** How long one part of the work took. */
export interface StageTime {
  /** What the time was for, e.g. `find text`. */
  readonly stage: string;
  /** Which part of the stage, e.g. `model`. */
  readonly part: string;
  readonly ms: number;
  /** How often the part was entered; of a model, its runs. */
  readonly count: number;
}

type RunningTime = { -readonly [Key in keyof StageTime]: StageTime[Key] };

/** What the time was for, in words: `model, 23 runs`. */
export function describePart({ part, count }: StageTime): string {
  return part === "model" && count > 1 ? `${part}, ${count} runs` : part;
}

/**
 * Splits wall time among the stages of the work: from `enter` to the next `enter`, time belongs to one
 * stage and part, so that the times sum up to the whole and nothing hides between them.
 */
export class StageClock {
  readonly #now: () => number;
  readonly #times = new Map<string, RunningTime>();
  #current: RunningTime | undefined;
  #since = 0;

  /** @param now milliseconds that only grow. @default performance.now */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** From now on, time belongs to this part of this stage; called again, it adds up. */
  enter(stage: string, part: string): void {
    this.#settle();
    const key = `${stage}\n${part}`;
    const time = this.#times.get(key) ?? { stage, part, ms: 0, count: 0 };
    time.count++;
    this.#times.set(key, time);
    this.#current = time;
  }

  /** From now on, time belongs to nobody: waiting, printing. */
  leave(): void {
    this.#settle();
    this.#current = undefined;
  }

  /** All times so far, in the order in which the stages were first entered. */
  times(): readonly StageTime[] {
    this.#settle();
    return [...this.#times.values()].map((time) => ({ ...time }));
  }

  #settle(): void {
    const now = this.#now();
    if (this.#current) this.#current.ms += now - this.#since;
    this.#since = now;
  }
}
