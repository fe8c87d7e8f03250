/** Quantiles of a stream of times from 0, within 2 %, in a few kilobytes. */
export interface DelayQuantiles {
  add(delay: number): void;
  /** The value below which a part `p` of the stream lies; NaN of nothing. */
  quantile(p: number): number;
  readonly most: number;
}

/** Each step of the histogram is this much wider than the one before. */
const GROWTH = 1.04;
/** What is shorter counts as 0. */
const SHORTEST = 1e-3;

/** Starts counting: a histogram in even steps of the logarithm. */
export function createDelayQuantiles(): DelayQuantiles {
  const counts = new Map<number, number>();
  let total = 0;
  let most = 0;
  return {
    get most() {
      return most;
    },
    add(delay) {
      const value = Math.max(0, delay);
      const step =
        value < SHORTEST ? -1 : Math.floor(Math.log(value / SHORTEST) / Math.log(GROWTH));
      counts.set(step, (counts.get(step) ?? 0) + 1);
      total++;
      most = Math.max(most, value);
    },
    quantile(p) {
      if (total === 0) return Number.NaN;
      const rank = Math.min(total - 1, Math.floor(p * total));
      let seen = 0;
      for (const [step, count] of [...counts].sort(([a], [b]) => a - b)) {
        seen += count;
        // The middle of the step, as products go.
        if (seen > rank) {
          return step < 0 ? 0 : Math.min(most, SHORTEST * GROWTH ** (step + 0.5));
        }
      }
      return most;
    },
  };
}
