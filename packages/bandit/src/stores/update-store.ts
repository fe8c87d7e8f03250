import { AbortError, createRng, EdgewrightError, type Rng, throwIfAborted } from "@edgewright/core";
import type { SnapshotStore, StoredValue } from "./snapshot-store.js";
import { StoreConflictError } from "./store-conflict-error.js";

/** Options of {@link updateStore}. */
export interface UpdateStoreOptions {
  /** How often to try in all. @default 50 */
  readonly attempts?: number;
  /** Stops the trying. */
  readonly signal?: AbortSignal;
  /** Longest wait before the second attempt, in milliseconds; it doubles with every further one. @default 2 */
  readonly backoffMs?: number;
  /** No wait is longer, in milliseconds. @default 250 */
  readonly longestBackoffMs?: number;
  /** Draws the waits; what is stored does not depend on it. @default a stream seeded by the system */
  readonly rng?: Rng;
  /** Waits so many milliseconds, or rejects when the signal fires. @default by setTimeout */
  readonly wait?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

/**
 * Changes a stored value whatever other writers do: loads it, applies the change, saves it if the key is still as
 * loaded, and begins again otherwise, after a random wait (exponential backoff with full jitter). However many write
 * at the same time, every change is applied to all that came before it.
 *
 * @param change makes the new value from the stored one, undefined for an absent key; undefined as its result leaves
 * the store as it is. It is called once per attempt and should do nothing else.
 * @returns what the store holds now; undefined when there is nothing and the change made none
 *
 * @throws StoreConflictError when other writers were faster in every attempt, AbortError, and what the store rejects
 * with
 *
 * @example
 * const store = createMemoryStore();
 * const add = () => updateStore(store, "sum", (sum) => ((sum as number | undefined) ?? 0) + 1);
 * await Promise.all([add(), add(), add()]);
 * console.log((await store.load("sum"))?.value); // 3
 */
export async function updateStore(
  store: SnapshotStore,
  key: string,
  change: (value: unknown) => unknown,
  options: UpdateStoreOptions = {},
): Promise<StoredValue | undefined> {
  const { attempts = 50, signal, backoffMs = 2, longestBackoffMs = 250 } = options;
  const { wait = waitByTimer } = options;
  if (!(Number.isSafeInteger(attempts) && attempts > 0)) {
    throw new EdgewrightError(
      "invalid-argument",
      `updateStore: a whole number of attempts above 0 was expected, got ${attempts}`,
    );
  }
  if (!(backoffMs >= 0 && longestBackoffMs >= 0)) {
    throw new EdgewrightError(
      "invalid-argument",
      `updateStore: waits of 0 ms or more were expected, got backoffMs ${backoffMs}, longestBackoffMs ${longestBackoffMs}`,
    );
  }
  let rng = options.rng;
  for (let attempt = 1; ; attempt++) {
    throwIfAborted(signal, "updateStore");
    const found = await store.load(key);
    const value = await change(found?.value);
    if (value === undefined) return found;
    throwIfAborted(signal, "updateStore");
    try {
      return { value, revision: await store.save(key, value, { revision: found?.revision }) };
    } catch (error) {
      if (!StoreConflictError.isInstance(error) || attempt === attempts) throw error;
    }
    rng ??= createRng(crypto.getRandomValues(new Uint32Array(1))[0]!);
    const ceiling = Math.min(longestBackoffMs, backoffMs * 2 ** (attempt - 1));
    await wait(rng.uniform() * ceiling, signal);
  }
}

function waitByTimer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(new AbortError("updateStore", signal?.reason));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", abort, { once: true });
  });
}
