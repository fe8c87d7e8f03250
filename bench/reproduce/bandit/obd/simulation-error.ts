// How far estimates move when a target's probabilities per position are shares of simulated slates.
import type { LoggedData } from "@edgewright/bandit/off-policy";

/**
 * Standard errors of IPS and SNIPS that come from the simulation of the target alone: an upper bound, the sum over
 * positions as if they moved together.
 *
 * @param slate probabilities, [positions][arms]
 */
export function simulationError(
  data: LoggedData,
  slate: readonly Float64Array[],
  simulations: number,
): { readonly ips: number; readonly snips: number } {
  const { rows, rewards, propensities, positions, chosen } = data;
  let sum = 0;
  let weighted = 0;
  for (let row = 0; row < rows; row++) {
    const weight = slate[positions![row]!]![chosen[row]!]! / propensities![row]!;
    sum += weight;
    weighted += weight * rewards[row]!;
  }
  // Derivatives of both estimates by each probability.
  const make = (): Float64Array[] => slate.map((place) => new Float64Array(place.length));
  const slopes = { ips: make(), snips: make() };
  for (let row = 0; row < rows; row++) {
    const place = positions![row]!;
    const arm = chosen[row]!;
    slopes.ips[place]![arm]! += rewards[row]! / propensities![row]! / rows;
    slopes.snips[place]![arm]! += (rewards[row]! - weighted / sum) / propensities![row]! / sum;
  }
  const error = (slope: readonly Float64Array[]): number =>
    slate.reduce((total, place, p) => {
      let first = 0;
      let second = 0;
      place.forEach((probability, arm) => {
        first += slope[p]![arm]! * probability;
        second += slope[p]![arm]! ** 2 * probability;
      });
      return total + Math.sqrt(Math.max(0, second - first * first) / simulations);
    }, 0);
  return { ips: error(slopes.ips), snips: error(slopes.snips) };
}
