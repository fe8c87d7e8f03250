import { EdgewrightError } from "@edgewright/core";
import type { DesignSpace } from "./explore-designs.js";

/**
 * Scores of the feasible designs by the weighted sum of OODIn (Venieris et al., SMARTCOMP 2021): every objective brought to
 * 0 (its worst feasible value) to 1 (its best), times its weight, added. Greater is better; an objective that is the same
 * everywhere counts for nothing.
 */
export function scoreByWeightedSum({ scales, values, count }: DesignSpace): Float64Array {
  const scores = new Float64Array(count);
  scales.forEach(({ utopia, worst, weight }, i) => {
    if (utopia === worst) return;
    const own = values[i]!;
    for (let k = 0; k < count; k++) scores[k]! += (weight * (own[k]! - worst)) / (utopia - worst);
  });
  return scores;
}

/**
 * Scores of the feasible designs by TOPSIS (Hwang and Yoon, 1981): objectives divided by their Euclidean norm and weighted,
 * then the distance to the worst point over the distances to both ends. 0 to 1, greater is better.
 */
export function scoreByTopsis({ scales, values, count }: DesignSpace): Float64Array {
  const best = new Float64Array(count);
  const worst = new Float64Array(count);
  scales.forEach((scale, i) => {
    const own = values[i]!;
    const norm = Math.hypot(...chunkNorms(own));
    if (norm === 0) return;
    const factor = scale.weight / norm;
    for (let k = 0; k < count; k++) {
      best[k]! += (factor * (own[k]! - scale.utopia)) ** 2;
      worst[k]! += (factor * (own[k]! - scale.worst)) ** 2;
    }
  });
  return best.map((square, k) => {
    const [near, far] = [Math.sqrt(square), Math.sqrt(worst[k]!)];
    return near + far === 0 ? 1 : far / (near + far);
  });
}

// Math.hypot takes its values as arguments, of which there must not be millions.
function chunkNorms(values: Float64Array): number[] {
  const norms: number[] = [];
  for (let at = 0; at < values.length; at += 1024) {
    norms.push(Math.hypot(...values.subarray(at, at + 1024)));
  }
  return norms;
}

/**
 * The epsilon-constraint method: the design that is best in one objective among those whose other objectives keep their
 * bounds; of equal ones the nearest to the utopia point.
 *
 * @param objective index in {@link DesignSpace.objectives}
 * @param bounds by objective: the worst value that it may have; undefined for no bound
 * @returns index of the design in the space; undefined where none keeps the bounds
 */
export function chooseByEpsilonConstraint(
  space: DesignSpace,
  objective: number,
  bounds: readonly (number | undefined)[],
): number | undefined {
  const { scales, values, distances, count } = space;
  const main = scales[objective];
  if (!main) {
    throw new EdgewrightError(
      "invalid-argument",
      `chooseByEpsilonConstraint: an objective below ${scales.length} was expected, got ${objective}`,
    );
  }
  const own = values[objective]!;
  let found: number | undefined;
  for (let k = 0; k < count; k++) {
    const keeps = scales.every(({ direction }, i) => {
      const bound = bounds[i];
      if (bound === undefined) return true;
      return direction === "max" ? values[i]![k]! >= bound : values[i]![k]! <= bound;
    });
    if (!keeps) continue;
    const gain =
      found === undefined ? 1 : (own[k]! - own[found]!) * (main.direction === "max" ? 1 : -1);
    if (gain > 0 || (gain === 0 && distances[k]! < distances[found!]!)) found = k;
  }
  return found;
}
