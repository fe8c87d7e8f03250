/**
 * Layers of one task that ran one after another on one accelerator, with nothing in between. Times are in
 * seconds, on the clock of the run.
 */
export interface Segment {
  /** The accelerator, from 0. */
  readonly accelerator: number;
  readonly start: number;
  readonly end: number;
  /** The first of the layers, from 0. */
  readonly firstLayer: number;
  /** How many layers ran. */
  readonly layers: number;
}

/**
 * How a request left: it ran to its end, its caller withdrew it, it was not let in (or dropped before its end, for
 * example past its deadline), or it threw.
 */
export type TaskOutcome = "finished" | "cancelled" | "rejected" | "failed";

/**
 * What is known of a request once it has left, from the simulator or from the live executor: the input of
 * {@link scheduleMetrics} and of timelines. Times are in seconds, on one clock.
 */
export interface CompletedTask {
  /** Place in the order of admission, from 0. */
  readonly id: number;
  readonly model: string;
  readonly priority: number;
  readonly arrival: number;
  /** When it should have ended. `Infinity` for no deadline. */
  readonly deadline: number;
  readonly outcome: TaskOutcome;
  /** When its first layer began; absent where none did. */
  readonly start?: number;
  /** When it left: the end of its last layer, or the moment it was cancelled, rejected or failed. */
  readonly finish: number;
  /**
   * Time that it takes alone on an accelerator: the sum of its layers' true latencies in the simulator, of their
   * measured times in the live executor.
   */
  readonly isolated: number;
  /** Which layers ran when and where, in order of time; kept only when asked for. */
  readonly segments?: readonly Segment[];
}
