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
  const first = Math.ceil(from / step);
  // Counted: far from 0 a mark and the next may be the same number.
  for (let k = 0; k <= most; k++) {
    const at = (first + k) * step;
    if (at > to * (1 + 1e-12) || at === ticks.at(-1)?.at) break;
    ticks.push({ at, label: `${Number((at * factor).toPrecision(12))} ${unit}` });
  }
  return { ticks };
}
