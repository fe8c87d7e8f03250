import { errorOfRun, meanOfRun, type SortedWeights } from "./sorted-weights.js";
import { splitClusters } from "./split-clusters.js";

const LONGEST = 50;

/**
 * Weighted k-means of sorted numbers: Lloyd's iteration from three starts (repeated best splits, runs of equal
 * sensitivity, equal widths), of which the one with the smallest error is kept. On sorted numbers an iteration
 * costs a search for each border instead of a pass over the weights.
 *
 * @param clusters a power of two
 * @returns [clusters + 1] borders: cluster c holds positions [borders[c], borders[c + 1])
 */
export function clusterSorted(sorted: SortedWeights, clusters: number): Uint32Array {
  const starts = [startFromSplits, startFromMass, startFromWidths];
  let best: Uint32Array | undefined;
  let bestError = Infinity;
  for (const start of starts) {
    const borders = improveBorders(sorted, start(sorted, clusters));
    const error = totalError(sorted, borders);
    if (best && error >= bestError) continue;
    best = borders;
    bestError = error;
  }
  return best!;
}

/** Sum of the weighted squared errors of all clusters. */
export function totalError(sorted: SortedWeights, borders: Uint32Array): number {
  let error = 0;
  for (let cluster = 0; cluster + 1 < borders.length; cluster++) {
    error += errorOfRun(sorted, borders[cluster]!, borders[cluster + 1]!);
  }
  return error;
}

/** Centroids of all clusters; an empty one gets that of the next cluster below, or above. */
export function centroidsOf(sorted: SortedWeights, borders: Uint32Array): Float64Array {
  const centroids = new Float64Array(borders.length - 1);
  let last = meanOfRun(sorted, 0, sorted.count, 0);
  for (let cluster = 0; cluster < centroids.length; cluster++) {
    if (borders[cluster + 1]! > borders[cluster]!) {
      last = meanOfRun(sorted, borders[cluster]!, borders[cluster + 1]!, 0);
      break;
    }
  }
  for (let cluster = 0; cluster < centroids.length; cluster++) {
    last = meanOfRun(sorted, borders[cluster]!, borders[cluster + 1]!, last);
    centroids[cluster] = last;
  }
  return centroids;
}

function improveBorders(sorted: SortedWeights, start: Uint32Array): Uint32Array {
  let borders = start;
  for (let iteration = 0; iteration < LONGEST; iteration++) {
    const centroids = centroidsOf(sorted, borders);
    const next = new Uint32Array(borders.length);
    next[borders.length - 1] = sorted.count;
    let moved = false;
    for (let border = 1; border < centroids.length; border++) {
      const middle = (centroids[border - 1]! + centroids[border]!) / 2;
      next[border] = countBelow(sorted, middle);
      if (next[border] !== borders[border]) moved = true;
    }
    if (!moved) break;
    borders = next;
  }
  return borders;
}

/** Weights that are smaller than or equal to `limit`: a tie goes to the lower cluster. */
function countBelow({ values, count }: SortedWeights, limit: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

function startFromSplits(sorted: SortedWeights, clusters: number): Uint32Array {
  let borders: Uint32Array = Uint32Array.of(0, sorted.count);
  while (borders.length - 1 < clusters) borders = splitClusters(sorted, borders);
  return borders;
}

function startFromMass(sorted: SortedWeights, clusters: number): Uint32Array {
  const { mass, count } = sorted;
  const borders = new Uint32Array(clusters + 1);
  let at = 0;
  for (let border = 1; border < clusters; border++) {
    const wanted = (mass[count]! * border) / clusters;
    while (at < count && mass[at]! < wanted) at++;
    borders[border] = at;
  }
  borders[clusters] = count;
  return borders;
}

function startFromWidths(sorted: SortedWeights, clusters: number): Uint32Array {
  const { values, count } = sorted;
  const low = values[0] ?? 0;
  const width = ((values[count - 1] ?? 0) - low) / clusters;
  const borders = new Uint32Array(clusters + 1);
  for (let border = 1; border < clusters; border++) {
    borders[border] = countBelow(sorted, low + border * width);
  }
  borders[clusters] = count;
  return borders;
}
