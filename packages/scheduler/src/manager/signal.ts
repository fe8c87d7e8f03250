import type { TroubleDetectorOptions } from "./trouble-detector.js";

/** Something that is measured while a design runs, and what it means when it is high. */
export interface Signal {
  /** For the event log: `cpu load`, `event-loop lag`, `memory` ... */
  readonly name: string;
  /** What is in trouble when this is: processors, by the names that the design set's `engines` have, or memory. */
  readonly troubles: readonly string[] | "memory";
  /** When it is trouble, with hysteresis and dwell. */
  readonly limits: TroubleDetectorOptions;
  /**
   * Takes a measurement; called at every interval.
   *
   * @returns `NaN` when there is none. @default none: values come by {@link RunTimeManager.observe}
   */
  read?(): number | Promise<number>;
}
