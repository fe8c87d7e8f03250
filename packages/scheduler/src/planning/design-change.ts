import type { Assignment, Design } from "./design.js";
import type { DesignChange } from "./design-set.js";

/**
 * What differs between two designs for the same tasks: models (or precisions), processors (or engines on them), both,
 * or nothing.
 */
export function changeBetween(from: Design, to: Design): DesignChange {
  const differs = (isOther: (before: Assignment, after: Assignment) => boolean): boolean =>
    to.assignments.some((after) => {
      const before = from.assignments.find(({ task }) => task === after.task);
      return before !== undefined && isOther(before, after);
    });
  const model = differs((a, b) => a.model !== b.model || a.precision !== b.precision);
  const processor = differs((a, b) => a.engine !== b.engine);
  if (model && processor) return "CB";
  if (model) return "CM";
  return processor ? "CP" : "none";
}
