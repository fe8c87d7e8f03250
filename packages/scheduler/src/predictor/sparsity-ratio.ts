import { EdgewrightError } from "@edgewright/core";
import { checkCompat } from "../policies/check-compat.js";

/** Options of {@link createSparsityRatio}. */
export interface SparsityRatioOptions {
  /**
   * Which of the layers that ran speak for those to come: all, the last one (the cheapest, and the most exact on
   * the authors' traces), or the last `n`. @default "average"
   */
  predictor?: "average" | "last-one" | "last-n";
  /** How many layers `"last-n"` looks at. @default 3 */
  n?: number;
  /** `"reference"` divides the last n by n even while fewer have run. @default "fixed" */
  compat?: "fixed" | "reference";
}

/** How much denser one run of a model is than its runs are on average. */
export interface SparsityRatio {
  /** What averages of the remaining latency are to be multiplied by: 1 before the first layer. */
  readonly ratio: number;
  /**
   * Takes in the next layer. A layer that is all zeros on average tells nothing and counts as 1.
   *
   * @param sparsity share of zeros in the layer's activations, in [0, 1]
   * @param meanSparsity the same share on average, in [0, 1]
   * @returns the new ratio
   */
  observe(sparsity: number, meanSparsity: number): number;
}

/**
 * The sparse latency predictor of Dysta: the density of the layers that ran over their average density, which is
 * taken for the ratio of the remaining layers' latency to its average (Sparse-DySta, MICRO 2023).
 *
 * @example
 * const ratio = createSparsityRatio();
 * ratio.observe(0.4, 0.5); // 1.2: denser than on average, so slower
 *
 * @throws EdgewrightError `invalid-argument` for an unknown predictor or an `n` below 1
 */
export function createSparsityRatio(options: SparsityRatioOptions = {}): SparsityRatio {
  const { predictor = "average", n = 3, compat = "fixed" } = options;
  checkCompat("createSparsityRatio", compat);
  if (!(Number.isInteger(n) && n >= 1)) {
    throw new EdgewrightError(
      "invalid-argument",
      `createSparsityRatio: n must be a whole number from 1, got ${n}`,
    );
  }
  if (predictor === "average") return new AverageRatio();
  if (predictor === "last-one") return new LastRatio(1, false);
  if (predictor === "last-n") return new LastRatio(n, compat === "reference");
  throw new EdgewrightError(
    "invalid-argument",
    `createSparsityRatio: "average", "last-one" or "last-n" was expected, got "${predictor}"`,
  );
}

class AverageRatio implements SparsityRatio {
  ratio = 1;
  #sum = 0;
  #count = 0;

  observe(sparsity: number, meanSparsity: number): number {
    this.#sum += densityRatio(sparsity, meanSparsity);
    this.#count++;
    this.ratio = this.#sum / this.#count;
    return this.ratio;
  }
}

class LastRatio implements SparsityRatio {
  ratio = 1;
  readonly #last: number[] = [];

  constructor(
    private readonly n: number,
    private readonly dividesByN: boolean,
  ) {}

  observe(sparsity: number, meanSparsity: number): number {
    this.#last.push(densityRatio(sparsity, meanSparsity));
    if (this.#last.length > this.n) this.#last.shift();
    let sum = 0;
    for (const value of this.#last) sum += value;
    this.ratio = sum / (this.dividesByN ? this.n : this.#last.length);
    return this.ratio;
  }
}

function densityRatio(sparsity: number, meanSparsity: number): number {
  const ratio = (1 - sparsity) / (1 - meanSparsity);
  return Number.isFinite(ratio) && meanSparsity < 1 ? ratio : 1;
}
