import type { DeviceProfile, ModelVariant } from "@edgewright/core";
import { measuredLatencyMs } from "./measured-latency.js";
import { variantId } from "./variant-id.js";

/**
 * Predicts the time of variants on a device, in milliseconds, from the few that its profile has measured: those as
 * they are, the others by a straight line of log time over log operations through the measured ones (leaning to
 * "twice the operations, twice the time" while there are few). Undefined for a variant whose operations are not known,
 * and where nothing is measured.
 *
 * Nobody has to download every model to know how fast it would be.
 *
 * @param measured the variants whose times may be looked at. @default all
 */
export function createLatencyPredictor(
  profile: DeviceProfile,
  variants: readonly ModelVariant[],
  measured: readonly ModelVariant[] = variants,
): (variant: ModelVariant) => number | undefined {
  const known = new Map<string, number>();
  const points: [x: number, y: number][] = [];
  for (const variant of measured) {
    const latency = measuredLatencyMs(profile, variant);
    if (latency === undefined) continue;
    known.set(variantId(variant), latency);
    if (hasMacs(variant)) points.push([Math.log(variant.macs!), Math.log(latency)]);
  }
  const line = fitLine(points);
  return (variant) =>
    known.get(variantId(variant)) ??
    (line && hasMacs(variant)
      ? Math.exp(line.height + line.slope * (Math.log(variant.macs!) - line.centre))
      : undefined);
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
