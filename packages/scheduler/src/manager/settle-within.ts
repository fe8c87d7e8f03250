import { EdgewrightError } from "@edgewright/core";

/** Limits of {@link settleWithin}. */
interface SettlingLimits {
  /** Longest time to wait. */
  readonly ms: number;
  /** Ends the waiting at once. @default none */
  readonly signal?: AbortSignal;
  /** What is waited for, for messages. */
  readonly what: string;
}

/**
 * Waits for work of someone else's, which may never end: for a time, or until a signal fires. The work itself goes on.
 *
 * @throws EdgewrightError `unavailable` when the time is over, `disposed` when the signal has fired; and whatever the
 * work throws
 */
export function settleWithin<T>(work: Promise<T>, limits: SettlingLimits): Promise<T> {
  const { ms, signal, what } = limits;
  return new Promise((resolve, reject) => {
    const release = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    };
    const onAbort = (): void => {
      release();
      reject(new EdgewrightError("disposed", `${what} was given up: the manager was disposed of`));
    };
    const timer = setTimeout(() => {
      release();
      reject(new EdgewrightError("unavailable", `${what} did not end within ${ms} ms`));
    }, ms);
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted) onAbort();
    work.finally(release).then(resolve, reject);
  });
}
