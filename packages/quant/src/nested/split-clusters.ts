import type { SortedWeights } from "./sorted-weights.js";

/**
 * The best border of a run of sorted weights: the position j at which the weighted squared errors of [start, j)
 * and [j, end) about their means have the smallest sum. Equal weights stay together.
 *
 * @returns `end` where there is nothing to split
 */
export function splitRun(sorted: SortedWeights, start: number, end: number): number {
  const { values, mass, moment } = sorted;
  const massStart = mass[start]!;
  const massEnd = mass[end]!;
  const momentStart = moment[start]!;
  const momentEnd = moment[end]!;
  let best = end;
  let bestGain = -Infinity;
  for (let border = start + 1; border < end; border++) {
    if (values[border] === values[border - 1]) continue;
    const left = moment[border]! - momentStart;
    const right = momentEnd - moment[border]!;
    // The energies are the same for every border, so what the means explain decides.
    const gain =
      (left * left) / (mass[border]! - massStart) + (right * right) / (massEnd - mass[border]!);
    if (gain > bestGain) {
      bestGain = gain;
      best = border;
    }
  }
  return best;
}

/**
 * Splits every cluster in two: borders of 2k clusters from those of k.
 *
 * @param borders [k + 1] positions, the first 0 and the last the number of weights
 */
export function splitClusters(sorted: SortedWeights, borders: Uint32Array): Uint32Array {
  const clusters = borders.length - 1;
  const finer = new Uint32Array(2 * clusters + 1);
  for (let cluster = 0; cluster < clusters; cluster++) {
    const start = borders[cluster]!;
    const end = borders[cluster + 1]!;
    finer[2 * cluster] = start;
    finer[2 * cluster + 1] = splitRun(sorted, start, end);
  }
  finer[2 * clusters] = sorted.count;
  return finer;
}
