import { readdir, readFile } from "node:fs/promises";

/**
 * The temperature of the hottest part that the system tells of, in degrees Celsius; `NaN` where it tells of none
 * (virtual machines, containers, systems other than Linux).
 *
 * @param folder where Linux lists its thermal zones. @default "/sys/class/thermal"
 *
 * @example
 * import { readTemperature } from "@edgewright/scheduler/node";
 *
 * const signal = { name: "heat", troubles: ["cpu"], limits: { enter: 85, exit: 75 }, read: () => readTemperature() };
 */
export async function readTemperature(folder = "/sys/class/thermal"): Promise<number> {
  const zones = await readdir(folder).catch(() => []);
  const readings = await Promise.all(
    zones
      .filter((zone) => zone.startsWith("thermal_zone"))
      .map(async (zone) => {
        const text = await readFile(`${folder}/${zone}/temp`, "utf8").catch(() => "");
        return Number.parseInt(text, 10) / 1000;
      }),
  );
  // A sensor that is off says 0 or less, or nonsense far above what silicon bears.
  const plausible = readings.filter((celsius) => celsius > 0 && celsius < 150);
  return plausible.length > 0 ? Math.max(...plausible) : Number.NaN;
}
