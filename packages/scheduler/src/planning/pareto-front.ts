import { EdgewrightError } from "@edgewright/core";

/**
 * The points that no other one dominates: none is at least as good in everything and better in something. Points that are
 * equal in everything are all kept.
 *
 * Points are sorted, so that what dominates one stands before it: O(n log n) for one to three objectives (a tree over the
 * ranks of the second objective tells the best third one so far; Kung, Luccio and Preparata, 1975); for more, each is held
 * against the front so far.
 *
 * @param values by objective, one value a point; all of one length
 * @param directions by objective
 * @returns indices of the points in ascending order
 * @throws EdgewrightError (`invalid-argument`) for other numbers of directions or of points, and for NaN
 *
 * @example
 * ```ts
 * const latency = [4, 5, 9];
 * const accuracy = [0.7, 0.6, 0.9];
 * paretoFront([latency, accuracy], ["min", "max"]); // [0, 2]
 * ```
 */
export function paretoFront(
  values: readonly ArrayLike<number>[],
  directions: readonly ("max" | "min")[],
): number[] {
  const count = values[0]?.length ?? 0;
  checkValues(values, directions, count);
  // All as costs.
  const costs = values.map((own, c) => {
    const sign = directions[c] === "max" ? -1 : 1;
    return Float64Array.from(own, (value) => sign * value);
  });
  const compare = (a: number, b: number): number => {
    for (const own of costs) {
      const step = own[a]! - own[b]!;
      if (step !== 0) return step;
    }
    return 0;
  };
  const sorted = Uint32Array.from({ length: count }, (_, i) => i).sort(
    (a, b) => compare(a, b) || a - b,
  );
  const isDominated = costs.length <= 3 ? createSweep(costs) : createArchive(costs);
  const front: number[] = [];
  let dominated = false;
  sorted.forEach((index, place) => {
    // Equal points share their fate.
    const same = place > 0 && compare(sorted[place - 1]!, index) === 0;
    if (!same) dominated = isDominated(index);
    if (!dominated) front.push(index);
  });
  return front.sort((a, b) => a - b);
}

function checkValues(
  values: readonly ArrayLike<number>[],
  directions: readonly unknown[],
  count: number,
): void {
  const refuse = (message: string): never => {
    throw new EdgewrightError("invalid-argument", `paretoFront: ${message}`);
  };
  if (values.length !== directions.length) {
    refuse(`${values.length} directions were expected, got ${directions.length}`);
  }
  values.forEach((own, c) => {
    if (own.length !== count) {
      refuse(`${count} points were expected in objective ${c}, got ${own.length}`);
    }
    for (let k = 0; k < count; k++) {
      if (Number.isNaN(own[k]))
        refuse(`a number was expected, got NaN in objective ${c} of point ${k}`);
    }
  });
}

// For points in lexicographic order: whether one before was as good in the second and third objective too.
function createSweep(costs: readonly Float64Array[]): (index: number) => boolean {
  const [first, second, third] = costs;
  if (!second) {
    let least = Number.POSITIVE_INFINITY;
    return (index) => {
      const own = first![index]!;
      if (own > least) return true;
      least = own;
      return false;
    };
  }
  const levels = Float64Array.from(new Set(second)).sort();
  // Fenwick tree of prefix minima.
  const tree = new Float64Array(levels.length + 1).fill(Number.POSITIVE_INFINITY);
  return (index) => {
    const cost = third ? third[index]! : 0;
    const rank = rankOf(levels, second[index]!) + 1;
    for (let at = rank; at > 0; at -= at & -at) if (tree[at]! <= cost) return true;
    for (let at = rank; at < tree.length; at += at & -at) tree[at] = Math.min(tree[at]!, cost);
    return false;
  };
}

function rankOf(levels: Float64Array, value: number): number {
  let [low, high] = [0, levels.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (levels[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function createArchive(costs: readonly Float64Array[]): (index: number) => boolean {
  const front: number[] = [];
  return (index) => {
    for (const other of front) {
      if (costs.every((own) => own[other]! <= own[index]!)) return true;
    }
    front.push(index);
    return false;
  };
}
