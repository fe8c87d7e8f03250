import { type Slo, type SloMetric, sloUnits } from "./slo.js";

/**
 * Objectives as text, in the form that `parseSlos` reads back to equal objectives.
 *
 * @example
 * ```ts
 * const text = formatSlos([
 *   { kind: "broad", direction: "max", metric: "accuracy" },
 *   { kind: "narrow", metric: "memory", comparison: "<=", bound: 90e6, task: "ocr" },
 * ]); // "max accuracy; memory <= 90MB for ocr"
 * ```
 */
export function formatSlos(slos: readonly Slo[]): string {
  return slos.map(formatSlo).join("; ");
}

/** One objective as text. */
export function formatSlo(slo: Slo): string {
  const subject = slo.statistic ? `${slo.statistic} ${slo.metric}` : slo.metric;
  const task = slo.task === undefined ? "" : ` for ${formatTask(slo.task)}`;
  if (slo.kind === "narrow") {
    const bound = slo.percent ? `${slo.bound}%` : formatSloValue(slo.metric, slo.bound);
    return `${subject} ${slo.comparison} ${bound}${task}`;
  }
  const weight = slo.weight === undefined ? "" : ` weight ${slo.weight}`;
  return `${slo.direction} ${subject}${weight}${task}`;
}

/** A value of a metric with its unit, without loss: 90e6 bytes are `90MB`, 41.7 ms are `41.7ms`. */
export function formatSloValue(metric: SloMetric, value: number): string {
  const units = sloUnits(metric);
  let best = `${value}${units.find(([, scale]) => scale === 1)?.[0] ?? ""}`;
  for (const [unit, scale] of units) {
    const scaled = value / scale;
    const text = `${scaled}${unit}`;
    if (scaled >= 1 && scaled * scale === value && text.length < best.length) best = text;
  }
  return best;
}

function formatTask(name: string): string {
  return /^[\p{L}_][\p{L}\p{N}_.-]*$/u.test(name) ? name : JSON.stringify(name);
}
