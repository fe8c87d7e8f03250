import { ValidationError } from "@edgewright/core";
import { decodeFloat64, encodeFloat64 } from "../policy/float64-text.js";
import type { ChangeDetector, DetectorKind } from "./change-detector.js";
import { checkBetween, checkWhole } from "./detector-numbers.js";

/** Options of {@link adwin}. */
export interface AdwinOptions {
  /** Bound on the probability of a false alarm at each check. @default 0.002 */
  readonly delta?: number;
  /** Buckets of one size before the two oldest are put together: more cut finer. @default 5 */
  readonly bucketsPerSize?: number;
  /** Checks once in so many values. @default 32 */
  readonly every?: number;
}

/**
 * ADWIN, for values from 0 to 1: keeps a window of the latest values and gives alarm when the means of an older and a
 * newer part of it differ by more than chance allows; the older part goes, the newer one stays (Bifet & Gavaldà:
 * Learning from Time-Changing Data with Adaptive Windowing, 2007; ADWIN2 with the variance's bound).
 *
 * Values are kept as sums over buckets of 1, 2, 4 ... of them: some bucketsPerSize * log2(n) buckets for a window of
 * n values, whatever the length of the stream. Between jumps the window grows, so that also small changes are found,
 * later.
 *
 * @throws EdgewrightError "invalid-argument" for a delta that is not between 0 and 1, or counts that are not from 1
 */
export function adwin(options: AdwinOptions = {}): DetectorKind {
  const { delta = 0.002, bucketsPerSize = 5, every = 32 } = options;
  checkBetween("adwin: delta", delta, 0, 1);
  checkWhole("adwin: bucketsPerSize", bucketsPerSize, 1, 1000);
  checkWhole("adwin: every", every, 1, 2 ** 31);
  const name = `adwin(${delta},${bucketsPerSize},${every})`;
  return { name, values: "unit", start: () => start(name, delta, bucketsPerSize, every) };
}

/** Some values in a row, or two such put together. */
interface Bucket {
  readonly count: number;
  readonly sum: number;
  /** Sum of squared deviations from the bucket's mean. */
  readonly scatter: number;
}

const SMALLEST_PART = 5; // values; parts any smaller say nothing

function start(name: string, delta: number, bucketsPerSize: number, every: number): ChangeDetector {
  let buckets: Bucket[] = []; // the latest value first; counts never fall from there on
  let seen = 0;

  /** Puts the two oldest buckets of a size together where there are too many, from the smallest size on. */
  const compress = (): void => {
    for (let first = 0; first < buckets.length; ) {
      const { count } = buckets[first]!;
      let next = first;
      while (next < buckets.length && buckets[next]!.count === count) next++;
      if (next - first <= bucketsPerSize) return;
      buckets.splice(next - 2, 2, merge(buckets[next - 2]!, buckets[next - 1]!));
      first = next - 2;
    }
  };
  const hasCut = (): boolean => {
    const all = buckets.reduce(merge, EMPTY);
    if (all.count < 2 * SMALLEST_PART) return false;
    const variance = all.scatter / all.count;
    const doubt = Math.log((2 * Math.log(all.count)) / delta);
    let newer = 0;
    let newerSum = 0;
    for (const { count, sum } of buckets) {
      newer += count;
      newerSum += sum;
      const older = all.count - newer;
      if (older < SMALLEST_PART) break;
      if (newer < SMALLEST_PART) continue;
      const inverse = 1 / newer + 1 / older;
      const allowed = Math.sqrt(2 * inverse * variance * doubt) + (2 / 3) * inverse * doubt;
      if (Math.abs(newerSum / newer - (all.sum - newerSum) / older) > allowed) return true;
    }
    return false;
  };
  return {
    add(value) {
      buckets.unshift({ count: 1, sum: value, scatter: 0 });
      compress();
      if (++seen % every !== 0) return false;
      let alarm = false;
      while (hasCut()) {
        alarm = true;
        buckets.pop();
      }
      return alarm;
    },
    state: () => ({
      seen,
      length: buckets.length,
      buckets: encodeFloat64(
        Float64Array.from(buckets.flatMap(({ count, sum, scatter }) => [count, sum, scatter])),
      ),
    }),
    restore(state) {
      const where = `${name}.restore`;
      const { seen: count, length, buckets: text } = (state ?? {}) as Record<string, unknown>;
      if (!isWhole(count) || !isWhole(length) || length > 64 * (bucketsPerSize + 1)) {
        throw new ValidationError(
          `${where}: whole numbers from 0 were expected as seen and length, got ${count} and ${length}; the snapshot is damaged`,
        );
      }
      const numbers = decodeFloat64(text, 3 * length, where);
      const restored: Bucket[] = [];
      for (let i = 0; i < numbers.length; i += 3) {
        const bucket = { count: numbers[i]!, sum: numbers[i + 1]!, scatter: numbers[i + 2]! };
        if (!isWhole(bucket.count) || bucket.count < (restored.at(-1)?.count ?? 1)) {
          throw new ValidationError(
            `${where}: sizes of buckets from 1 on, never falling, were expected, got ${bucket.count}; the snapshot is damaged`,
          );
        }
        restored.push(bucket);
      }
      buckets = restored;
      seen = count;
    },
  };
}

const EMPTY: Bucket = { count: 0, sum: 0, scatter: 0 };

function merge(a: Bucket, b: Bucket): Bucket {
  if (a.count === 0) return b;
  const count = a.count + b.count;
  const gap = a.sum / a.count - b.sum / b.count;
  return {
    count,
    sum: a.sum + b.sum,
    scatter: a.scatter + b.scatter + (gap * gap * a.count * b.count) / count,
  };
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
