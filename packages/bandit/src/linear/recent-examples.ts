import { ValidationError } from "@edgewright/core";
import { decodeFloat64, encodeFloat64 } from "../policy/float64-text.js";

/** An example within a window. */
export interface RecentExample {
  /** Running number of the example. */
  readonly time: number;
  readonly slot: number;
  readonly features: Float64Array;
  readonly reward: number;
  readonly weight: number;
}

/** The latest examples in the order they came: what a sliding window takes back one after another. */
export class RecentExamples {
  #examples: RecentExample[] = [];
  #first = 0;

  get length(): number {
    return this.#examples.length - this.#first;
  }

  add(example: RecentExample): void {
    this.#examples.push(example);
  }

  /** Takes out and returns the oldest example if it came at `time` or before. */
  takeUntil(time: number): RecentExample | undefined {
    const oldest = this.#examples[this.#first];
    if (oldest === undefined || oldest.time > time) return undefined;
    this.#first++;
    // Half of the list is gone: shorten it, at a cost that spreads over those taken.
    if (this.#first * 2 > this.#examples.length) {
      this.#examples = this.#examples.slice(this.#first);
      this.#first = 0;
    }
    return oldest;
  }

  /** Examples of one arm, oldest first. */
  of(slot: number): RecentExample[] {
    return this.#examples.slice(this.#first).filter((example) => example.slot === slot);
  }

  /** Forgets the examples of an arm. */
  drop(slot: number): void {
    this.#examples = this.#examples.slice(this.#first).filter((example) => example.slot !== slot);
    this.#first = 0;
  }

  /** Has every example of `like` stand for arm `slot` too, at the time it came. */
  copy(slot: number, like: number): void {
    this.#examples = this.#examples
      .slice(this.#first)
      .flatMap((example) => (example.slot === like ? [example, { ...example, slot }] : [example]));
    this.#first = 0;
  }

  /** All examples as text of numbers. */
  state(): string {
    const rows = this.#examples
      .slice(this.#first)
      .flatMap(({ time, slot, features, reward, weight }) => [
        time,
        slot,
        reward,
        weight,
        ...features,
      ]);
    return encodeFloat64(Float64Array.from(rows));
  }

  /** Examples from {@link RecentExamples.state}, none later than `learned`. */
  static fromState(
    { recent, recentCount }: { readonly recent?: unknown; readonly recentCount?: unknown },
    dimension: number,
    learned: number,
    where: string,
  ): RecentExamples {
    const refuse = (): ValidationError =>
      new ValidationError(`${where}: examples do not fit together; the snapshot is damaged`);
    if (!Number.isSafeInteger(recentCount) || (recentCount as number) < 0) throw refuse();
    const width = dimension + 4;
    const values = decodeFloat64(recent, (recentCount as number) * width, where);
    const examples = new RecentExamples();
    let last = 0;
    for (let at = 0; at < values.length; at += width) {
      const [time, slot, reward, weight] = values.subarray(at, at + 4) as unknown as Row;
      const ordered = Number.isSafeInteger(time) && time >= last && time <= learned;
      if (!ordered || !Number.isSafeInteger(slot) || slot < 0 || !(weight > 0)) throw refuse();
      last = time;
      examples.add({ time, slot, reward, weight, features: values.slice(at + 4, at + width) });
    }
    return examples;
  }
}

type Row = readonly [time: number, slot: number, reward: number, weight: number];
