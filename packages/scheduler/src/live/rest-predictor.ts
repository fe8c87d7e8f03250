import { createSparsityRatio } from "../predictor/sparsity-ratio.js";

/**
 * What the time left of a request is predicted from, beside the typical times of its layers:
 *
 * - `none`: nothing, the typical times hold.
 * - `sparsity`: the zeros counted in its layers so far, against the average ones (the sparse latency predictor of
 *   Dysta): right on hardware that skips zeros.
 * - `time`: the time of its layers so far and of what ran on this machine just before, against the typical ones:
 *   right where something else slows the machine down.
 * - `both`: the two, weighted by how well each has predicted the requests that ended.
 */
export type RestPredictorKind = "none" | "sparsity" | "time" | "both";

const KINDS = ["none", "sparsity", "time", "both"] as const satisfies readonly RestPredictorKind[];

/** Mean of |predicted - measured| / measured over requests, of each kind of prediction made half way. */
export interface PredictionErrors extends Readonly<Record<RestPredictorKind, number>> {
  /** Requests that the means are of. */
  readonly requests: number;
}

/** Time over which the slowness of the machine is averaged, in milliseconds of running layers. */
const MACHINE_WINDOW_MS = 100;
/** How much of a request's typical time the machine's slowness stands in for when its own layers begin to tell. */
const PRIOR_SHARE = 1;
/** A layer that took longer than so many times its typical time was interrupted: it counts as so many times. */
const INTERRUPTED = 4;
/** Weight of one request's error in the comparison of the two predictors. */
const ERROR_RATE = 0.1;

/** What the requests of one executor tell each other: how slow the machine is, and which predictor is right. */
export class SharedPrediction {
  #slowness = 1;
  #sparsityError = 0;
  #timeError = 0;
  #requests = 0;
  readonly #sums = { none: 0, sparsity: 0, time: 0, both: 0 };

  /** Measured over typical time of the layers that ran last, of whatever request. */
  get slowness(): number {
    return this.#slowness;
  }

  /**
   * Share of the sparsity's prediction in that of both: by the fourth power of the errors, so that the worse one
   * hardly counts where one is clearly better.
   */
  get sparsityWeight(): number {
    const [a, b] = [this.#sparsityError ** 2 + 1e-9, this.#timeError ** 2 + 1e-9];
    return b / (a + b);
  }

  /** Errors so far. */
  get errors(): PredictionErrors {
    const count = Math.max(1, this.#requests);
    const mean = (kind: RestPredictorKind) => this.#sums[kind] / count;
    return {
      requests: this.#requests,
      none: mean("none"),
      sparsity: mean("sparsity"),
      time: mean("time"),
      both: mean("both"),
    };
  }

  noteLayer(typicalMs: number, ms: number): void {
    if (typicalMs <= 0) return;
    const weight = 1 - Math.exp(-typicalMs / MACHINE_WINDOW_MS);
    this.#slowness += weight * (ms / typicalMs - this.#slowness);
  }

  /** Compares what was predicted half way with what came. */
  noteRest(predictedMs: Readonly<Record<RestPredictorKind, number>>, ms: number): void {
    if (ms <= 0) return;
    this.#requests++;
    const error = (kind: RestPredictorKind) => Math.abs(predictedMs[kind] - ms) / ms;
    for (const kind of KINDS) this.#sums[kind] += error(kind);
    const rate = Math.max(ERROR_RATE, 1 / this.#requests);
    this.#sparsityError += rate * (error("sparsity") ** 2 - this.#sparsityError);
    this.#timeError += rate * (error("time") ** 2 - this.#timeError);
  }
}

/** Predicts the time left of one request while its layers run. */
export class RestPredictor {
  readonly #kind: RestPredictorKind;
  readonly #shared: SharedPrediction;
  readonly #priorMs: number;
  #typicalMs = 0;
  #measuredMs = 0;
  #countedMs = 0;
  readonly #sparsity = createSparsityRatio();
  #halfway: { predicted: Record<RestPredictorKind, number>; atMs: number } | undefined;

  /** @param typicalMs typical time of the whole request */
  constructor(kind: RestPredictorKind, shared: SharedPrediction, typicalMs: number) {
    this.#kind = kind;
    this.#shared = shared;
    this.#priorMs = PRIOR_SHARE * typicalMs;
  }

  /** What the typical time left is to be multiplied by. */
  get ratio(): number {
    return this.#ratioOf(this.#kind);
  }

  /**
   * Takes a layer that ran into account.
   *
   * @param typicalMs its typical time; 0 where nothing is known
   * @param zeros share of zeros in its output; undefined where nobody counted
   * @param averageZeros the average one
   * @param typicalRestMs typical time of the layers behind it
   */
  noteLayer(
    typicalMs: number,
    ms: number,
    zeros: number | undefined,
    averageZeros: number | null,
    typicalRestMs: number,
  ): void {
    this.#typicalMs += typicalMs;
    this.#measuredMs += ms;
    const counted = typicalMs > 0 ? Math.min(ms, INTERRUPTED * typicalMs) : ms;
    this.#countedMs += counted;
    this.#shared.noteLayer(typicalMs, counted);
    if (zeros !== undefined && averageZeros !== null) this.#sparsity.observe(zeros, averageZeros);
    if (this.#halfway !== undefined || typicalRestMs <= 0 || typicalRestMs > this.#typicalMs)
      return;
    const predicted = { none: 0, sparsity: 0, time: 0, both: 0 };
    for (const kind of KINDS) predicted[kind] = typicalRestMs * this.#ratioOf(kind);
    this.#halfway = { predicted, atMs: this.#measuredMs };
  }

  /** The request ran to its end: what was predicted half way can be judged. */
  end(): void {
    if (this.#halfway === undefined) return;
    this.#shared.noteRest(this.#halfway.predicted, this.#measuredMs - this.#halfway.atMs);
  }

  #ratioOf(kind: RestPredictorKind): number {
    if (kind === "none") return 1;
    if (kind === "sparsity") return this.#sparsity.ratio;
    if (kind === "time") {
      const typical = this.#typicalMs + this.#priorMs;
      if (typical <= 0) return 1;
      return (this.#countedMs + this.#priorMs * this.#shared.slowness) / typical;
    }
    const weight = this.#shared.sparsityWeight;
    return weight * this.#ratioOf("sparsity") + (1 - weight) * this.#ratioOf("time");
  }
}
