import { EdgewrightError } from "@edgewright/core";

/** The learning rate of every update; the first is step 0. */
export type Schedule = (step: number) => number;

/** Options of {@link cosineSchedule}. */
export interface CosineScheduleOptions {
  /** Updates until the minimum is reached; it stays from there on. */
  readonly steps: number;
  /** @default 0 */
  readonly minimum?: number;
}

/** Options of {@link stepSchedule}. */
export interface StepScheduleOptions {
  /** Updates between two changes. */
  readonly every: number;
  /** Multiplies the rate at each change. @default 0.1 */
  readonly factor?: number;
}

/** A part of a {@link chainSchedules}. */
export interface SchedulePart {
  readonly schedule: Schedule;
  /** Updates that it lasts. */
  readonly steps: number;
}

/** The same learning rate at every step. */
export function constantSchedule(rate: number): Schedule {
  requireRate("constantSchedule", "rate", rate);
  return () => rate;
}

/**
 * Half a cosine wave from `rate` down to a minimum (Loshchilov and Hutter 2016, arXiv:1608.03983, without
 * restarts).
 *
 * @throws EdgewrightError `invalid-argument` for rates below 0 or a number of steps below 1.
 *
 * @example
 * ```ts
 * const schedule = cosineSchedule(0.1, { steps: 100 });
 * [schedule(0), schedule(50), schedule(100)]; // 0.1, 0.05, 0
 * ```
 */
export function cosineSchedule(rate: number, options: CosineScheduleOptions): Schedule {
  const { steps, minimum = 0 } = options;
  requireRate("cosineSchedule", "rate", rate);
  requireRate("cosineSchedule", "minimum", minimum);
  requireSteps("cosineSchedule", "steps", steps);
  return (step) => {
    const turn = Math.min(1, step / steps) * Math.PI;
    return minimum + ((rate - minimum) * (1 + Math.cos(turn))) / 2;
  };
}

/**
 * A rate that is multiplied by a factor every so many steps.
 *
 * @throws EdgewrightError `invalid-argument` for numbers out of range.
 *
 * @example
 * ```ts
 * const schedule = stepSchedule(0.1, { every: 1000, factor: 0.5 });
 * [schedule(999), schedule(1000), schedule(2000)]; // 0.1, 0.05, 0.025
 * ```
 */
export function stepSchedule(rate: number, options: StepScheduleOptions): Schedule {
  const { every, factor = 0.1 } = options;
  requireRate("stepSchedule", "rate", rate);
  requireRate("stepSchedule", "factor", factor);
  requireSteps("stepSchedule", "every", every);
  return (step) => rate * factor ** Math.floor(step / every);
}

/**
 * Rises in a straight line to the first rate of a schedule, reached at the last step of the warm-up, and goes on
 * with the schedule from its beginning.
 *
 * @param next a schedule, or a rate to stay at
 * @throws EdgewrightError `invalid-argument` for a number of steps below 0.
 *
 * @example
 * ```ts
 * const schedule = warmUp(cosineSchedule(0.1, { steps: 900 }), { steps: 100 });
 * [schedule(0), schedule(49), schedule(99), schedule(100)]; // 0.001, 0.05, 0.1, 0.1
 * ```
 */
export function warmUp(
  next: number | Schedule,
  options: {
    /** Updates until the full rate. */
    readonly steps: number;
  },
): Schedule {
  const { steps } = options;
  if (steps !== 0) requireSteps("warmUp", "steps", steps);
  const after = typeof next === "number" ? constantSchedule(next) : next;
  return (step) => (step < steps ? (after(0) * (step + 1)) / steps : after(step - steps));
}

/**
 * One schedule after another, each counted from its own step 0; the last one goes on.
 *
 * @throws EdgewrightError `invalid-argument` for no parts or a part of less than one step.
 *
 * @example
 * ```ts
 * const schedule = chainSchedules([
 *   { schedule: constantSchedule(0.1), steps: 500 },
 *   { schedule: cosineSchedule(0.1, { steps: 500 }), steps: 500 },
 * ]);
 * ```
 */
export function chainSchedules(parts: readonly SchedulePart[]): Schedule {
  if (parts.length === 0) {
    throw new EdgewrightError("invalid-argument", "chainSchedules: expected at least one part");
  }
  for (const { steps } of parts) requireSteps("chainSchedules", "steps", steps);
  return (step) => {
    let from = 0;
    for (const { schedule, steps } of parts.slice(0, -1)) {
      if (step < from + steps) return schedule(step - from);
      from += steps;
    }
    return parts.at(-1)!.schedule(step - from);
  };
}

function requireRate(where: string, name: string, value: number): void {
  if (value >= 0 && Number.isFinite(value)) return;
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: expected a ${name} of 0 or more, got ${value}`,
  );
}

function requireSteps(where: string, name: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: expected ${name} to be a whole number from 1, got ${value}`,
  );
}
