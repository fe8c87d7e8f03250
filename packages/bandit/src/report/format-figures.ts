/** A number with as many digits as say something: `0.0123`, `4.56`, `1,234`, `1.2e-9`; `-` where there is none. */
export function formatNumber(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return "-";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 1e-4 || size >= 1e9) return minus(value.toExponential(2));
  if (size >= 1000) return formatCount(value);
  return minus(value.toFixed(size >= 100 ? 1 : size >= 10 ? 2 : size >= 0.1 ? 3 : 4));
}

/** A whole number with its thousands set off: `10,000,000`. */
export function formatCount(value: number): string {
  const digits = Math.abs(Math.round(value)).toFixed(0);
  const grouped = digits.replaceAll(/\B(?=(\d{3})+$)/g, ",");
  return value < 0 && digits !== "0" ? minus(`-${grouped}`) : grouped;
}

/** `97.4 %`; a part that is not quite all or nothing never looks as though it were. */
export function formatPercent(part: number): string {
  if (!Number.isFinite(part)) return "-";
  const percent = 100 * part;
  if (percent > 0 && percent < 0.05) return "< 0.1 %";
  if (percent < 100 && percent >= 99.95) return "> 99.9 %";
  return `${percent === 0 || percent === 100 ? percent : percent.toFixed(1)} %`;
}

/** `0.41 to 0.52`, `-` where there is none. */
export function formatInterval(interval: { low: number; high: number } | undefined): string {
  if (!interval || !(Number.isFinite(interval.low) && Number.isFinite(interval.high))) return "-";
  return `${formatNumber(interval.low)} to ${formatNumber(interval.high)}`;
}

/** Milliseconds in the unit that suits: `12 ms`, `3.4 s`, `25 min`, `7.1 h`, `12 days`. */
export function formatDuration(ms: number): string {
  const units: readonly [number, string][] = [
    [86_400_000, "days"],
    [3_600_000, "h"],
    [60_000, "min"],
    [1000, "s"],
  ];
  for (const [size, unit] of units) {
    if (ms >= 2 * size || (unit === "s" && ms >= size)) {
      return `${trim((ms / size).toFixed(ms / size >= 10 ? 0 : 1))} ${unit}`;
    }
  }
  return `${trim(ms.toFixed(ms >= 10 ? 0 : 1))} ms`;
}

/** A day and a time of it, UTC; `undefined` for what is no time since 1970. */
export function formatMoment(ms: number): string | undefined {
  if (!(Math.abs(ms) < 8.64e15)) return undefined;
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function trim(text: string): string {
  return text.endsWith(".0") ? text.slice(0, -2) : text;
}

function minus(text: string): string {
  return text.replace(/^-/, "\u2212");
}
