import type { DeviceMeasurement, DeviceProfile, ModelVariant } from "@edgewright/core";

/**
 * Time of one inference of a variant on a device in milliseconds, as its profile has it: on the fastest of the
 * engines (the mean, else the median, of whole models in batches of one). Undefined where the profile does not know.
 */
export function measuredLatencyMs(
  profile: DeviceProfile,
  variant: Pick<ModelVariant, "model" | "precision">,
): number | undefined {
  return leastOf(profile, variant, ({ latencyMs }) => latencyMs?.mean ?? latencyMs?.median);
}

/** Energy of one inference in millijoules, the least of the engines; undefined where the profile does not know. */
export function measuredEnergyMj(
  profile: DeviceProfile,
  variant: Pick<ModelVariant, "model" | "precision">,
): number | undefined {
  return leastOf(profile, variant, ({ energyMj }) => energyMj?.mean ?? energyMj?.median);
}

function leastOf(
  profile: DeviceProfile,
  { model, precision }: Pick<ModelVariant, "model" | "precision">,
  read: (measurement: DeviceMeasurement) => number | undefined,
): number | undefined {
  let least: number | undefined;
  for (const measurement of profile.measurements) {
    if (measurement.model !== model || measurement.precision !== precision) continue;
    if ((measurement.batch ?? 1) !== 1 || measurement.component !== undefined) continue;
    const value = read(measurement);
    if (value !== undefined && value > 0 && (least === undefined || value < least)) least = value;
  }
  return least;
}
