/** Marks on an axis of time. */
export interface TimeAxis {
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
}

/**
 * Round marks between two times in seconds.
 *
 * @param most how many there may be
 */
export function createTimeAxis(from: number, to: number, most: number): TimeAxis {
  const least = (to - from) / most;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= least)!;
  const [factor, unit] = to < 1e-3 ? [1e6, "µs"] : to < 1 ? [1e3, "ms"] : [1, "s"];
  const ticks: { at: number; label: string }[] = [];
  for (let i = Math.ceil(from / step); i * step <= to * (1 + 1e-12); i++) {
    const value = Number((i * step * factor).toPrecision(12));
    ticks.push({ at: i * step, label: `${value} ${unit}` });
  }
  return { ticks };
}
