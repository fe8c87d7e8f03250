import { createRng, EdgewrightError } from "@edgewright/core";
import { createRepetitionPenalty, type LogitsProcessor } from "./logits-processor.js";
import { resolveSamplingOptions, type SamplingOptions } from "./sampling-options.js";
import { createTokenFilter, notANumber, nothingLeft, type WeightedTokens } from "./token-filter.js";

/** Tokens that may come next, likeliest first (equal ones by number), and their probabilities. */
export interface TokenDistribution {
  readonly tokens: Int32Array;
  /** They add up to 1. */
  readonly probabilities: Float64Array;
}

/** Chooses tokens; made by {@link createSampler}. */
export interface Sampler {
  /**
   * Whether the likeliest token of the bare logits is all that is asked for: whoever has an argmax of its
   * own (a kernel beside the logits) need not call {@link Sampler.sample}.
   */
  readonly argmaxSuffices: boolean;
  /**
   * The next token. Draws exactly one random number, or none at temperature 0, so that decoders which
   * verify several tokens at once give the same text as one token a time.
   *
   * @param logits one a token of the vocabulary; left as they are
   * @param history the tokens so far, prompt included
   * @throws EdgewrightError `diverged` for a logit that is NaN.
   */
  sample(logits: Float32Array, history?: ArrayLike<number>): number;
  /** What {@link Sampler.sample} draws from; draws nothing. */
  distribution(logits: Float32Array, history?: ArrayLike<number>): TokenDistribution;
}

/**
 * A sampler with its own random stream. Logits go through the repetition penalty, then
 * `logitsProcessors`, temperature, top k, top p and min p, the order of Hugging Face's `generate`.
 *
 * @example
 * const sampler = createSampler({ temperature: 0.8, topK: 2, seed: 1 });
 * const logits = Float32Array.of(0, 3, 2.5, -1);
 * console.log(sampler.distribution(logits).tokens); // Int32Array(2) [ 1, 2 ]
 * console.log(createSampler().sample(logits)); // 1
 *
 * @throws EdgewrightError `invalid-argument` for an option out of its range.
 */
export function createSampler(options: SamplingOptions = {}): Sampler {
  const resolved = resolveSamplingOptions(options);
  const { temperature, repetitionPenalty } = resolved;
  const greedy = temperature === 0;
  const processors: LogitsProcessor[] = [...resolved.logitsProcessors];
  if (repetitionPenalty !== 1) processors.unshift(createRepetitionPenalty(repetitionPenalty));
  const filter = greedy ? undefined : createTokenFilter(resolved);
  const rng = createRng(resolved.seed);
  let scratch = new Float32Array(0);

  const process = (logits: Float32Array, history: ArrayLike<number>): Float32Array => {
    if (logits.length === 0) {
      throw new EdgewrightError("invalid-argument", "sample: logits of no token at all were given");
    }
    if (processors.length === 0) return logits;
    if (scratch.length !== logits.length) scratch = new Float32Array(logits.length);
    scratch.set(logits);
    for (const processor of processors) processor(scratch, history);
    return scratch;
  };

  return {
    argmaxSuffices: greedy && processors.length === 0,
    sample(logits, history = []) {
      const processed = process(logits, history);
      return filter === undefined
        ? argmax(processed)
        : draw(filter(processed, "any"), rng.uniform());
    },
    distribution(logits, history = []) {
      const processed = process(logits, history);
      if (filter === undefined) {
        return { tokens: Int32Array.of(argmax(processed)), probabilities: Float64Array.of(1) };
      }
      const { tokens, weights, total } = filter(processed);
      return { tokens, probabilities: weights.map((weight) => weight / total) };
    },
  };
}

// The first of the largest, in one pass: a NaN fails the comparison as a larger number does.
function argmax(logits: Float32Array): number {
  let largest = Number.NEGATIVE_INFINITY;
  let token = -1;
  for (let i = 0; i < logits.length; i++) {
    const logit = logits[i]!;
    if (logit <= largest) continue;
    if (Number.isNaN(logit)) throw notANumber(i);
    largest = logit;
    token = i;
  }
  if (token < 0) throw nothingLeft();
  return token;
}

function draw({ tokens, weights, total }: WeightedTokens, uniform: number): number {
  let rest = uniform * total;
  let last = 0; // the last one above 0, should rounding leave a crumb behind it
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] === 0) continue;
    last = i;
    rest -= weights[i]!;
    if (rest < 0) break;
  }
  return tokens[last]!;
}
