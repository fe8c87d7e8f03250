import type { DesignChange } from "../planning/design-set.js";

/** One thing that happened to a {@link RunTimeManager}; JSON-able. Times are in ms on the manager's clock. */
export type ManagerEvent =
  | {
      readonly kind: "trouble";
      readonly at: number;
      /** Name of the signal. */
      readonly signal: string;
      readonly value: number;
      /** Whether trouble began; false when it ended. */
      readonly troubled: boolean;
    }
  | {
      readonly kind: "switch";
      readonly at: number;
      /** Indices into the designs of the set. */
      readonly from: number;
      readonly to: number;
      /** What differs from the design before. */
      readonly change: DesignChange;
      /** Time from the decision until the new design served. */
      readonly tookMs: number;
    }
  | {
      readonly kind: "processor-failed" | "processor-back";
      readonly at: number;
      readonly processor: string;
      /** What the error said. */
      readonly message?: string;
    }
  | {
      readonly kind: "load-failed";
      readonly at: number;
      readonly design: number;
      readonly message: string;
    }
  | {
      /** A sensor failed; noted once, until it has worked again. */
      readonly kind: "signal-failed";
      readonly at: number;
      /** Name of the signal. */
      readonly signal: string;
      readonly message: string;
    }
  | {
      /** `onEvent` threw. */
      readonly kind: "listener-failed";
      readonly at: number;
      readonly message: string;
    }
  | {
      readonly kind: "unload-failed";
      readonly at: number;
      readonly task: string;
      readonly model: string;
      readonly message: string;
    };
