import { EdgewrightError } from "@edgewright/core";

/** Options of {@link fitGrowthExponent}. */
export interface FitGrowthExponentOptions {
  /** Share of the rounds, from 0 to below 1, that is left out at the beginning. @default 0.25 */
  readonly skip?: number;
}

/**
 * The exponent b with which cumulative regret grows like `rounds ** b`: the slope of a line by least squares through
 * the logarithms of the later part of a curve. 1 is as bad as not learning, 0.5 is what good policies reach in theory,
 * 0 is no more regret at all.
 *
 * Points at rounds 10, 20, 30 ... weigh the end more than the beginning: that is meant.
 *
 * @param rounds rising, above 0
 * @param regret cumulative, at those rounds; points with a regret of 0 are left out
 * @throws EdgewrightError `invalid-argument` for lengths that differ, and where fewer than two points are left
 */
export function fitGrowthExponent(
  rounds: ArrayLike<number>,
  regret: ArrayLike<number>,
  options: FitGrowthExponentOptions = {},
): number {
  const { skip = 0.25 } = options;
  const count = rounds.length;
  if (regret.length !== count || !(skip >= 0 && skip < 1)) {
    throw new EdgewrightError(
      "invalid-argument",
      `fitGrowthExponent: as many regrets as rounds and a skip from 0 to below 1 were expected, got ${count} rounds, ${regret.length} regrets and skip ${skip}`,
    );
  }
  const from = count > 0 ? skip * rounds[count - 1]! : 0;
  const points: [x: number, y: number][] = [];
  for (let i = 0; i < count; i++) {
    if (rounds[i]! >= from && rounds[i]! > 0 && regret[i]! > 0) {
      points.push([Math.log(rounds[i]!), Math.log(regret[i]!)]);
    }
  }
  const centre = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  let xx = 0;
  let xy = 0;
  for (const [x, y] of points) {
    xx += (x - centre) ** 2;
    xy += (x - centre) * y;
  }
  if (points.length >= 2 && xx > 0) return xy / xx;
  throw new EdgewrightError(
    "invalid-argument",
    `fitGrowthExponent: at least two rounds with a regret above 0 were expected after the first ${from}, got ${points.length}`,
  );
}
