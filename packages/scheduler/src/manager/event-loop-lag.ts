import { EdgewrightError } from "@edgewright/core";

/** Options of {@link watchEventLoopLag}. */
export interface WatchEventLoopLagOptions {
  /** Time between two looks. @default 50 */
  readonly everyMs?: number;
  /** Clock in ms. @default performance.now */
  readonly now?: () => number;
}

/** A meter of the event loop; made by {@link watchEventLoopLag}. */
export interface EventLoopLag {
  /** The longest time, in ms, that a timer came late since the last call. */
  read(): number;
  /** Ends the watch. */
  stop(): void;
}

/**
 * Watches how late timers come: what a click or a message would have to wait while models run on this thread. Works
 * in browsers, workers and Node.
 *
 * @example
 * const lag = watchEventLoopLag();
 * const signal = { name: "event-loop lag", troubles: ["cpu"], limits: { enter: 100, exit: 30 }, read: () => lag.read() };
 * lag.stop();
 */
export function watchEventLoopLag(options: WatchEventLoopLagOptions = {}): EventLoopLag {
  const { everyMs = 50, now = () => performance.now() } = options;
  if (!(everyMs > 0 && everyMs < 2 ** 31)) {
    throw new EdgewrightError(
      "invalid-argument",
      `watchEventLoopLag: "everyMs" must be above 0 and below 2^31, got ${everyMs}`,
    );
  }
  let due = now() + everyMs;
  let longest = 0;
  const timer = setInterval(() => {
    const at = now();
    longest = Math.max(longest, at - due);
    due = at + everyMs;
  }, everyMs);
  (timer as { unref?: () => void }).unref?.();
  return {
    read() {
      // A timer that has not come yet is late as well.
      const lag = Math.max(longest, now() - due, 0);
      longest = 0;
      return lag;
    },
    stop: () => clearInterval(timer),
  };
}
