import type { DeviceMeasurement, DeviceProfile } from "@edgewright/core";
import { formatNumber } from "../report/format-report.js";
import type { FigureInput } from "../report/report.js";

/** The measurements of a profile as rows of a report: one for each model on each engine. */
export function reportProfile(profile: DeviceProfile): FigureInput[] {
  return profile.measurements.map((measurement) => {
    const { model, precision, component, engine, kind, latencyMs } = measurement;
    const part = component === undefined || component === model ? "" : ` ${component}`;
    return {
      section: `${model}${part} (${precision})`,
      metric: engine,
      value: latencyMs?.median ?? latencyMs?.mean ?? latencyMs?.min ?? Number.NaN,
      unit: "ms",
      kind,
      note: describe(measurement),
    };
  });
}

function describe(measurement: DeviceMeasurement): string {
  const { latencyMs, cpuMs, loadMs, memoryBytes, fallbackShare, noise, note } = measurement;
  if (!latencyMs) return note ?? "";
  const parts: string[] = [];
  for (const name of ["p95", "min", "max"] as const) {
    const value = latencyMs[name];
    if (value !== undefined) parts.push(`${name} ${formatNumber(value)}`);
  }
  if (cpuMs?.median !== undefined) parts.push(`cpu ${formatNumber(cpuMs.median)}`);
  if (noise !== undefined) parts.push(`noise ${formatNumber(noise * 100)} %`);
  if (loadMs?.median !== undefined) parts.push(`load ${formatNumber(loadMs.median)} ms`);
  const peak = memoryBytes?.max;
  if (peak !== undefined) parts.push(`peak ${formatNumber(peak / 1e6)} MB`);
  if (fallbackShare !== undefined && fallbackShare > 0) {
    parts.push(`fell back ${formatNumber(fallbackShare * 100)} %`);
  }
  return parts.join(", ");
}
