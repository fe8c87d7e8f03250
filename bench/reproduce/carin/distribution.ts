import { median } from "@edgewright/core";
import { type FigureInput, formatNumber } from "@edgewright/device-bench";

// Upper ends of the histogram's bins.
const BINS = [0.999, 1.001, 1.25, 1.5, 2, 3, 5, 10, Number.POSITIVE_INFINITY];
const LABELS = ["<1", "=1", "..1.25", "..1.5", "..2", "..3", "..5", "..10", ">10"];

/** Ratios of optimality, and the comparisons that have none. */
export class Gains {
  readonly #ratios: number[] = [];
  #infinite = 0;
  #infeasible = 0;
  #impossible = 0;

  /** @param other undefined where the baseline has no design at all */
  add(own: number, other: { optimality: number; feasible: boolean } | undefined): void {
    if (!other) this.#impossible++;
    else if (!other.feasible) this.#infeasible++;
    else if (own === Number.POSITIVE_INFINITY) {
      if (other.optimality === own) this.#ratios.push(1);
      else this.#infinite++;
    } else this.#ratios.push(own / other.optimality);
  }

  /** The distribution as one row: its median, with the rest in the note. */
  toFigure(metric: string, note = ""): FigureInput {
    const ratios = this.#ratios.toSorted((a, b) => a - b);
    const apart = [
      [this.#infeasible, "baseline breaks a constraint"],
      [this.#impossible, "baseline has nothing that runs here"],
      [this.#infinite, "own design at the utopia point"],
    ].flatMap(([count, why]) => (count ? [`${count} ${why}`] : []));
    if (ratios.length === 0) {
      return { metric, value: Number.NaN, unit: "x", kind: "modelled", note: apart.join(", ") };
    }
    const geometric = Math.exp(ratios.reduce((sum, x) => sum + Math.log(x), 0) / ratios.length);
    const counts = BINS.map((end, i) => {
      const start = i === 0 ? Number.NEGATIVE_INFINITY : BINS[i - 1]!;
      return ratios.filter((x) => x > start && x <= end).length;
    });
    const histogram = LABELS.flatMap((label, i) => (counts[i] ? [`${label}: ${counts[i]}`] : []));
    const spread =
      `min ${formatNumber(ratios[0]!)}, geometric mean ${formatNumber(geometric)}, ` +
      `max ${formatNumber(ratios.at(-1)!)}, n ${ratios.length} [${histogram.join(" ")}]`;
    return {
      ...{ metric, value: median(ratios), unit: "x", kind: "modelled" },
      note: [spread, ...apart, note].filter(Boolean).join("; "),
    };
  }
}
