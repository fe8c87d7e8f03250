import { EdgewrightError } from "@edgewright/core";
import type { DesignSet } from "../planning/design-set.js";
import type { ManagerEvent } from "./manager-events.js";
import type { ModelLoader } from "./model-slots.js";
import type { Signal } from "./signal.js";

/** Options of {@link createRunTimeManager}. */
export interface RunTimeManagerOptions<Loaded> extends ModelLoader<Loaded> {
  readonly designSet: DesignSet;
  readonly signals: readonly Signal[];
  /** Time between two measurements of the signals. @default 500 */
  readonly intervalMs?: number;
  /** Time after which a processor that failed, or a design that could not be loaded, is tried again. @default 30_000 */
  readonly failureMs?: number;
  /**
   * Longest time that `load` or `unload` may take for one model; then it counts as failed, and what still comes of a
   * load is unloaded. @default 300_000
   */
  readonly loadTimeoutMs?: number;
  /** Events kept in {@link RunTimeManager.events}; the oldest go. @default 1000 */
  readonly maxEvents?: number;
  /** Clock in ms that does not go back. @default performance.now */
  readonly now?: () => number;
  /** Ends the manager as `dispose` does. @default none */
  readonly signal?: AbortSignal;
  /** Called with every event as it happens. What it throws is an event itself, and disturbs nothing else. */
  readonly onEvent?: (event: ManagerEvent) => void;
}

/** The options that have a default, checked. */
export interface ManagerSettings {
  readonly intervalMs: number;
  readonly failureMs: number;
  readonly loadTimeoutMs: number;
  readonly maxEvents: number;
  readonly now: () => number;
}

// What timers take: above it they fire at once.
const MOST_TIMER_MS = 2 ** 31 - 1;

/** @throws EdgewrightError `invalid-argument` for options out of range, and for two signals of one name */
export function readManagerSettings<Loaded>(
  options: RunTimeManagerOptions<Loaded>,
): ManagerSettings {
  const {
    intervalMs = 500,
    failureMs = 30_000,
    loadTimeoutMs = 300_000,
    maxEvents = 1000,
  } = options;
  const { now = () => performance.now(), signals } = options;
  const check = (name: string, fits: boolean, expected: string, got: unknown): void => {
    if (fits) return;
    throw new EdgewrightError(
      "invalid-argument",
      `createRunTimeManager: "${name}" must be ${expected}, got ${got}`,
    );
  };
  for (const [name, ms] of Object.entries({ intervalMs, loadTimeoutMs })) {
    check(name, ms > 0 && ms <= MOST_TIMER_MS, `above 0 ms and at most ${MOST_TIMER_MS}`, ms);
  }
  check("failureMs", failureMs >= 0, "a time from 0 ms", failureMs);
  check("maxEvents", maxEvents >= 1, "a count from 1", maxEvents);
  const names = signals.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  check("signals", twice === undefined, "named each in its own way", `"${twice}" twice`);
  return { intervalMs, failureMs, loadTimeoutMs, maxEvents, now };
}
