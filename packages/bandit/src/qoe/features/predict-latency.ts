import type { ModelVariant } from "@edgewright/core";

/**
 * Times of variants on one device in milliseconds, from the few that are known there: those as they are, the others by
 * a straight line of log time over log operations through the known ones (leaning to "twice the operations, twice the
 * time" while there are few). Undefined for a variant whose operations are not known, and where no time is.
 *
 * Nobody has to download every model to find out how fast each would be.
 *
 * @example
 * import { predictLatencies } from "@edgewright/bandit/qoe";
 *
 * const variant = (model: string, macs: number) =>
 *   ({ task: "classify", model, precision: "fp32", macs }) as const;
 * const variants = [variant("small", 1e8), variant("medium", 4e8), variant("large", 16e8)];
 * console.log(predictLatencies(variants, ({ model }) => ({ small: 5, large: 80 })[model])); // [5, about 20, 80]
 */
export function predictLatencies(
  variants: readonly ModelVariant[],
  known: (variant: ModelVariant) => number | undefined,
): (number | undefined)[] {
  const times = variants.map(known);
  const points = variants.flatMap((variant, i): [x: number, y: number][] =>
    hasMacs(variant) && times[i] !== undefined
      ? [[Math.log(variant.macs!), Math.log(times[i])]]
      : [],
  );
  const line = fitLine(points);
  return variants.map((variant, i) => {
    if (times[i] !== undefined || !line || !hasMacs(variant)) return times[i];
    return Math.exp(line.height + line.slope * (Math.log(variant.macs!) - line.centre));
  });
}

// Least squares with a slope drawn to 1 as if by a tenth of a point one factor of e away.
function fitLine(
  points: readonly (readonly [number, number])[],
): { centre: number; height: number; slope: number } | undefined {
  if (points.length === 0) return undefined;
  const centre = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const height = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const lean = 0.1;
  let xx = lean;
  let xy = lean;
  for (const [x, y] of points) {
    xx += (x - centre) ** 2;
    xy += (x - centre) * (y - height);
  }
  return { centre, height, slope: xy / xx };
}

function hasMacs({ macs }: ModelVariant): boolean {
  return macs !== undefined && macs > 0;
}
