/** `0.043 ms`, `4.27 ms`, `118 ms`, `2.31 s`: three digits, in the unit that suits. */
export function formatMs(ms: number): string {
  if (ms >= 1000) return `${formatDigits(ms / 1000)} s`;
  return `${ms < 0.01 ? "0" : formatDigits(ms)} ms`;
}

/** `12.3 MB`, in millions of bytes. */
export function formatBytes(bytes: number): string {
  return `${formatDigits(bytes / 1e6)} MB`;
}

/** `97.4 %`. */
export function formatPercent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}

function formatDigits(value: number): string {
  if (value >= 100) return String(Math.round(value));
  if (value >= 10) return value.toFixed(1);
  return value.toFixed(value >= 1 ? 2 : 3);
}
