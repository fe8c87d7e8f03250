import type { ManagerEvent } from "@edgewright/scheduler";

/** One design that the planner kept for this machine. */
export interface PlannedDesign {
  /** `d0`, `dm`, `dw` ...: what it is there for. */
  readonly roles: readonly string[];
  /** Which model serves each task, in one line. */
  readonly text: string;
  /** The model that sorts pictures, its accuracy, and its time for an album alone. */
  readonly model: string;
  readonly accuracy: number;
  readonly albumMs: number;
}

/** A stretch of the run, and how its requests fared. */
export interface ServedPhase {
  readonly name: string;
  readonly requests: number;
  /** Requests that ended after their deadline, or not at all. */
  readonly violations: number;
  readonly p95Ms: number;
  /** Mean accuracy of the models that sorted the albums. */
  readonly accuracy: number;
}

/** What the scheduling stage found: a plan, and requests served by it. */
export interface ServedRequests {
  /** The service-level objectives, as the planner reads them. */
  readonly objectives: string;
  readonly designs: readonly PlannedDesign[];
  /** Name of the scheduling policy. */
  readonly policy: string;
  readonly phases: readonly ServedPhase[];
  /** What the run-time manager saw and did; times in ms since the requests began. */
  readonly events: readonly ManagerEvent[];
  /** The run around the busy stretch, as an SVG picture. */
  readonly timeline: string;
}
