import { EdgewrightError } from "@edgewright/core";
import { gaussNodes, gaussWeights } from "./gauss-legendre.js";
import { normalCdf } from "./normal-distribution.js";
import { normalTable } from "./normal-table.js";

/**
 * Works out with which probability each of some independent normal variables is the largest: what Thompson sampling
 * with independent normal posteriors chooses by, exactly rather than by drawing.
 *
 * P(i is best) is the integral of f_i(x) times the product of all other F_j(x), by Gauss and Legendre's rule on
 * panels some deviations wide; absolute errors stay below 1e-6, or 2e-8 for every arm where there are more than fifty.
 * The result is never negative and sums to 1 up to rounding.
 *
 * A variable of deviation 0 is its mean; of several such with the same mean the first is best. A deviation of
 * Infinity stands for an arm nothing is known of, as the limit of growing equal deviations: n unknown arms beside
 * known ones have (1 - 2^-n) / n each, and what is left is shared among the known ones.
 *
 * @param means of at most 1e300, [count]; what belongs to an infinite deviation is not looked at
 * @param deviations from 0 to Infinity, [count]
 * @param count how many variables there are, at least 1
 * @param out takes the probabilities, [count]
 *
 * @throws EdgewrightError "diverged" for means or deviations that are no numbers or beyond 1e300
 */
export function probabilitiesOfBest(
  means: ArrayLike<number>,
  deviations: ArrayLike<number>,
  count: number,
  out: Float64Array,
): void {
  out.fill(0, 0, count);
  let unknown = 0;
  for (let i = 0; i < count; i++) {
    if (deviations[i] === Infinity) unknown++;
    else if (
      !(Math.abs(means[i]!) <= LARGEST && deviations[i]! >= 0 && deviations[i]! <= LARGEST)
    ) {
      throw new EdgewrightError(
        "diverged",
        `Thompson sampling: means and deviations of at most ${LARGEST} were expected, got ${means[i]} and ${deviations[i]}`,
      );
    }
  }
  const known = unknown === count ? 0 : 2 ** -unknown;
  if (unknown > 0) {
    const share = (1 - known) / unknown;
    for (let i = 0; i < count; i++) if (deviations[i] === Infinity) out[i] = share;
  }
  if (known > 0) shareAmongKnown(means, deviations, count, known, out);
}

/** Width of a panel in deviations of the variable that varies fastest there. */
const PANEL = 2.5;
/** Deviations from its mean beyond which a variable is taken never to be: leaves out 2e-8. */
const REACH = 5.5;
/** Sums of some deviations and means stay in the range of doubles up to it. */
const LARGEST = 1e300;
/** The largest variable is below the start of a panel with less than this probability: the panel can go. */
const NEGLIGIBLE = 1e-9;

function shareAmongKnown(
  means: ArrayLike<number>,
  deviations: ArrayLike<number>,
  count: number,
  total: number,
  out: Float64Array,
): void {
  // The largest variable is hardly ever below the highest of the variables' lower ends: integrate from there.
  let anchor = -1;
  let anchorDeviation = 0;
  let lowest = -Infinity;
  for (let i = 0; i < count; i++) {
    const deviation = usable(deviations[i]!);
    if (deviation === Infinity) continue;
    const lowerEnd = means[i]! - REACH * deviation;
    // Of exactly known variables the first of equal ones is kept, and one of them comes before any other at its point.
    if (lowerEnd > lowest || (lowerEnd === lowest && deviation === 0 && anchorDeviation > 0)) {
      anchor = i;
      anchorDeviation = deviation;
      lowest = lowerEnd;
    }
  }
  // Places are counted from that end, not from 0, so that small deviations at large means keep their digits.
  const anchorMean = means[anchor]!;
  const anchorReach = REACH * anchorDeviation;
  const centres = new Float64Array(count);
  const spreads = new Float64Array(count);
  const arms = new Int32Array(count);
  let active = 0;
  for (let i = 0; i < count; i++) {
    const deviation = usable(deviations[i]!);
    if (deviation === Infinity || deviation === 0) continue;
    const centre = means[i]! - anchorMean + anchorReach;
    if (centre + REACH * deviation <= 0) continue;
    centres[active] = centre;
    spreads[active] = deviation;
    arms[active++] = i;
  }
  // An exactly known variable stands at the start, if anywhere: it is best when no other one is above it.
  let sum = 0;
  const densities = new Float64Array(active);
  if (anchorDeviation === 0) {
    out[anchor] = productOfCdfs(0, centres, spreads, active);
    sum = out[anchor]!;
  }

  const { coefficients, reach, piecesPerUnit } = normalTable();
  const pieces = 2 * reach * piecesPerUnit;
  const scales = new Float64Array(active);
  const shifts = new Float64Array(active);
  for (let a = 0; a < active; a++) {
    scales[a] = piecesPerUnit / spreads[a]!;
    shifts[a] = piecesPerUnit * (reach - centres[a]! / spreads[a]!);
  }

  let start = 0;
  let skipping = anchorDeviation > 0;
  while (active > 0) {
    let smallest = Infinity;
    for (let a = 0; a < active; a++) if (spreads[a]! < smallest) smallest = spreads[a]!;
    const end = start + PANEL * smallest;
    if (skipping && productOfCdfs(end, centres, spreads, active) >= NEGLIGIBLE) skipping = false;
    if (!skipping) {
      const half = (end - start) / 2;
      for (let node = 0; node < gaussNodes.length; node++) {
        const x = start + half * (1 + gaussNodes[node]!);
        let product = gaussWeights[node]! * half;
        for (let a = 0; a < active; a++) {
          const scale = scales[a]!;
          const place = x * scale + shifts[a]!;
          if (place >= pieces) {
            densities[a] = 0;
          } else if (place > 0) {
            const piece = Math.floor(place);
            const t = place - piece;
            const c = 4 * piece;
            const c1 = coefficients[c + 1]!;
            const c2 = coefficients[c + 2]!;
            const c3 = coefficients[c + 3]!;
            const below = coefficients[c]! + t * (c1 + t * (c2 + t * c3));
            product *= below;
            densities[a] = ((c1 + t * (2 * c2 + 3 * t * c3)) * scale) / below;
          } else {
            product = 0;
            break;
          }
        }
        if (product === 0) continue;
        for (let a = 0; a < active; a++) out[arms[a]!]! += densities[a]! * product;
      }
    }
    // Variables that end before the next panel are certainly below what follows: drop them.
    let kept = 0;
    for (let a = 0; a < active; a++) {
      if (centres[a]! + REACH * spreads[a]! <= end) {
        sum += out[arms[a]!]!;
        continue;
      }
      centres[kept] = centres[a]!;
      spreads[kept] = spreads[a]!;
      scales[kept] = scales[a]!;
      shifts[kept] = shifts[a]!;
      arms[kept++] = arms[a]!;
    }
    active = kept;
    start = end;
  }
  for (let i = 0; i < count; i++) if (deviations[i] !== Infinity) out[i] = (out[i]! / sum) * total;
}

/** Deviations so small that dividing by them leaves the range of doubles count as none. */
function usable(deviation: number): number {
  return deviation < 1e-150 ? 0 : deviation;
}

function productOfCdfs(
  x: number,
  centres: Float64Array,
  spreads: Float64Array,
  active: number,
): number {
  let product = 1;
  for (let a = 0; a < active; a++) {
    product *= normalCdf((x - centres[a]!) / spreads[a]!);
  }
  return product;
}
