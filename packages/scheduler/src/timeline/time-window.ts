import { EdgewrightError } from "@edgewright/core";
import type { CompletedTask } from "../tasks/completed-task.js";

/** A stretch of time, in seconds. */
export interface TimeWindow {
  readonly from: number;
  readonly to: number;
}

/**
 * The window to draw: as given, otherwise from the first arrival to the last end.
 *
 * @param where name of the function, for messages
 * @throws EdgewrightError `invalid-argument` when there are no tasks, or the window is empty
 */
export function resolveWindow(
  tasks: Iterable<CompletedTask>,
  given: Partial<TimeWindow>,
  where: string,
): TimeWindow {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  let count = 0;
  for (const { arrival, finish } of tasks) {
    first = Math.min(first, arrival);
    last = Math.max(last, finish);
    count++;
  }
  const { from = first, to = last } = given;
  if (Number.isFinite(from) && Number.isFinite(to) && from < to && count > 0) return { from, to };
  throw new EdgewrightError(
    "invalid-argument",
    count === 0
      ? `${where}: at least one task was expected, got none`
      : `${where}: a window that begins before it ends was expected, got ${from} s to ${to} s`,
  );
}
