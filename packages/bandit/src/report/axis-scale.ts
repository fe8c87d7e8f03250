/** How values lie along an axis, with its marks. */
export interface AxisScale {
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
  /** Where a value lies between the two ends, 0 to 1. */
  place(value: number): number;
}

/** Options of {@link createLinearScale}. */
export interface LinearScaleOptions {
  /** Marks at most. @default 6 */
  readonly most?: number;
  /** Begin at `low` and end at `high` instead of at round numbers. @default false */
  readonly exact?: boolean;
  /** Marks only at whole numbers. @default false */
  readonly whole?: boolean;
}

/** An even axis with round marks (1, 2, 5 times a power of 10). */
export function createLinearScale(
  low: number,
  high: number,
  options: LinearScaleOptions = {},
): AxisScale {
  const { most = 6, exact = false, whole = false } = options;
  const middle = (low + high) / 2;
  // A flat line gets an axis around it.
  const least = Math.max(Math.abs(low) * 1e-9, Math.abs(high) * 1e-9, 1e-250);
  const reach = high - low > least ? high - low : Math.abs(middle) > 1e-240 ? Math.abs(middle) : 1;
  const [from, to] = high - low > least ? [low, high] : [middle - reach / 2, middle + reach / 2];
  const step = chooseStep(reach / most, whole);
  const first = exact ? Math.ceil(from / step - 1e-9) : Math.floor(from / step + 1e-9);
  const last = exact ? Math.floor(to / step + 1e-9) : Math.ceil(to / step - 1e-9);
  const [begin, end] = exact ? [from, to] : [first * step, last * step];
  const digits = Math.max(0, Math.min(15, -Math.floor(Math.log10(step) + 1e-9)));
  const ticks = Array.from({ length: Math.max(0, last - first) + 1 }, (_, k) => {
    const at = (first + k) * step;
    return { at, label: labelTick(at, step, digits) };
  });
  return { ticks, place: (value) => (value - begin) / (end - begin) };
}

/**
 * An axis of powers of 10 from `low` up to 1, for shares and probabilities. Zero, which has no logarithm, lies below
 * the lowest mark and has one of its own.
 */
export function createShareScale(low: number, hasZero: boolean): AxisScale {
  const lowest = Math.min(-1, Math.max(-9, Math.floor(Math.log10(low) + 1e-9)));
  const floor = hasZero ? lowest - 0.6 : lowest;
  const every = Math.ceil(-lowest / 5);
  const ticks: { at: number; label: string }[] = hasZero ? [{ at: 0, label: "0" }] : [];
  for (let power = lowest; power <= 0; power++) {
    if (-power % every !== 0) continue;
    const at = Number(`1e${power}`);
    ticks.push({ at, label: power < -4 ? `1e${power}` : String(at) });
  }
  return {
    ticks,
    place: (value) =>
      value <= 0 ? 0 : (Math.max(Math.log10(value), lowest) - floor) / (0 - floor),
  };
}

function chooseStep(least: number, whole: boolean): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= least * 0.999)!;
  return whole ? Math.max(1, step) : step;
}

function labelTick(at: number, step: number, digits: number): string {
  const size = Math.max(Math.abs(at), step);
  const sign = at < 0 ? "\u2212" : "";
  const value = Math.abs(at);
  if (value < step / 2) return "0";
  if (size >= 1e12 || step < 1e-6) return `${sign}${Number(value.toPrecision(6)).toExponential()}`;
  for (const [unit, suffix] of [
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    if (value >= unit && (unit > 1e3 || value >= 1e4 || step >= 1e3)) {
      return `${sign}${Number((value / unit).toPrecision(6))} ${suffix}`;
    }
  }
  return `${sign}${value.toFixed(digits)}`;
}
