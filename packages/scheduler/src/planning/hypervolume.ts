import { EdgewrightError } from "@edgewright/core";

/**
 * Volume that a set of points dominates up to a reference point: greater is better, and it grows with every new point of
 * the front. Exact, by slicing along the last objective: O(n log n) for two, O(n^2 log n) for three.
 *
 * @param points each with one cost for each objective: less is better
 * @param reference what every point is held against; points that are not better in everything do not count
 *
 * @throws EdgewrightError (`invalid-argument`) for points of other lengths than the reference, and for NaN
 *
 * @example
 * ```ts
 * hypervolume([[1, 3], [2, 1]], [4, 4]); // 7: 3 x 1 and 2 x 3 less what they share
 * ```
 */
export function hypervolume(
  points: readonly (readonly number[])[],
  reference: readonly number[],
): number {
  if (reference.length === 0 || reference.some(Number.isNaN)) {
    throw new EdgewrightError(
      "invalid-argument",
      `hypervolume: a reference of at least one cost was expected, got [${reference.join(", ")}]`,
    );
  }
  points.forEach((point, i) => {
    if (point.length === reference.length && !point.some(Number.isNaN)) return;
    throw new EdgewrightError(
      "invalid-argument",
      `hypervolume: ${reference.length} costs were expected of point ${i}, got [${point.join(", ")}]`,
    );
  });
  const inside = points.filter((point) => point.every((cost, i) => cost < reference[i]!));
  return volumeOf(inside, reference, reference.length);
}

function volumeOf(
  points: readonly (readonly number[])[],
  reference: readonly number[],
  objectives: number,
): number {
  if (points.length === 0) return 0;
  const last = objectives - 1;
  if (last === 0) return reference[0]! - Math.min(...points.map((point) => point[0]!));
  const sorted = points.toSorted((a, b) => a[last]! - b[last]!);
  if (last === 1) return areaOf(sorted, reference);
  let volume = 0;
  sorted.forEach((point, i) => {
    const thickness = (sorted[i + 1]?.[last] ?? reference[last]!) - point[last]!;
    if (thickness > 0) volume += thickness * volumeOf(sorted.slice(0, i + 1), reference, last);
  });
  return volume;
}

// Points in ascending order of the second cost.
function areaOf(sorted: readonly (readonly number[])[], reference: readonly number[]): number {
  let area = 0;
  let reach = reference[0]!;
  for (const [x, y] of sorted as readonly (readonly [number, number])[]) {
    if (x >= reach) continue;
    area += (reach - x) * (reference[1]! - y);
    reach = x;
  }
  return area;
}
