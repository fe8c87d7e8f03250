import { EdgewrightError } from "@edgewright/core";
import { createPortableExponential } from "./portable-exponential.js";

/** Tokens that may come next, likeliest first (equal ones by number). */
export interface WeightedTokens {
  readonly tokens: Int32Array;
  /** `exp((logit - largest) / temperature)` of each. */
  readonly weights: Float64Array;
  /** Of the weights. */
  readonly total: number;
}

/** Which tokens stay: {@link SamplingOptions} of the same names. */
export interface TokenFilters {
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
}

const BUCKETS = 2048;
// Beyond so many temperatures below the largest logit all tokens share the last bucket.
const DEPTH = 32;

/**
 * A function that finds the tokens which the filters leave, in the order temperature, top k, top p
 * (nucleus), min p, each renormalised, as Hugging Face's logits warpers have it; of equal logits at the
 * k-th place the lower tokens stay. `temperature` is above 0.
 *
 * No sort of the vocabulary: logits are counted in buckets by their distance to the largest, and only the
 * tokens of the buckets that are needed are sorted; those that come in any order where that is asked for and
 * no filter needs one, and weigh 0 where min p drops them. The exponential of the whole vocabulary is taken for
 * top p without top k alone.
 */
export function createTokenFilter(
  filters: TokenFilters,
): (logits: Float32Array, order?: "sorted" | "any") => WeightedTokens {
  const { temperature, topK, topP, minP } = filters;
  const exponential = createPortableExponential();
  const counts = new Int32Array(BUCKETS);
  const masses = new Float64Array(BUCKETS);
  // Only for gathering, with room for a logarithm that differs between engines; weights decide.
  const minPFloor = minP > 0 ? temperature * (Math.log(minP) - 1e-6) : Number.NEGATIVE_INFINITY;

  return (logits, order = "sorted") => {
    const { largest, smallest } = findRange(logits);
    if (largest === Number.POSITIVE_INFINITY) return takeInfinite(logits);
    const k = topK > 0 && topK < logits.length ? topK : logits.length;
    const nucleusOfAll = topP < 1 && k === logits.length;
    let massOfAll = 0;
    let reach = Number.POSITIVE_INFINITY; // tokens at most so far below the largest are gathered
    if (nucleusOfAll || k < logits.length) {
      const span = Math.min(DEPTH * temperature, largest - smallest);
      const scale = span > 0 ? (BUCKETS - 1) / span : 0;
      counts.fill(0);
      masses.fill(0);
      for (let i = 0; i < logits.length; i++) {
        const below = largest - logits[i]!;
        const bucket = below < span ? (below * scale) | 0 : BUCKETS - 1;
        counts[bucket]!++;
        if (!nucleusOfAll) continue;
        const weight = exponential(-below / temperature);
        masses[bucket]! += weight;
        massOfAll += weight;
      }
      const wanted = nucleusOfAll ? topP * massOfAll : Number.POSITIVE_INFINITY;
      const last = lastBucket(counts, masses, k, wanted);
      // A bucket more, so that rounding in the product above loses no token.
      if (last < BUCKETS - 2) reach = (last + 2) / scale;
    }
    // Top p is a part of what stood before min p, which may shorten the list only when that is known.
    const least = topP < 1 ? largest - reach : largest + Math.max(-reach, minPFloor);
    const tokens = gather(logits, least);
    const sorted = order === "sorted" || topP < 1 || k < logits.length;
    if (sorted) sortByLogit(tokens, logits);
    const weights = new Float64Array(Math.min(k, tokens.length));
    let mass = 0;
    for (let i = 0; i < weights.length; i++) {
      const weight = exponential((logits[tokens[i]!]! - largest) / temperature);
      weights[i] = weight < minP ? 0 : weight;
      mass += weight;
    }
    const wanted = topP < 1 ? topP * (nucleusOfAll ? massOfAll : mass) : Number.POSITIVE_INFINITY;
    let kept = 0;
    let total = 0;
    while (kept < weights.length && (kept === 0 || total < wanted)) {
      if (sorted && weights[kept]! < minP) break;
      total += weights[kept++]!;
    }
    return { tokens: tokens.subarray(0, kept), weights: weights.subarray(0, kept), total };
  };
}

function findRange(logits: Float32Array): { largest: number; smallest: number } {
  let largest = Number.NEGATIVE_INFINITY;
  let smallest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) {
    const logit = logits[i]!;
    if (!(logit <= largest)) {
      if (Number.isNaN(logit)) throw notANumber(i);
      largest = logit;
    }
    if (logit < smallest && logit !== Number.NEGATIVE_INFINITY) smallest = logit;
  }
  if (largest === Number.NEGATIVE_INFINITY) throw nothingLeft();
  return { largest, smallest };
}

// A processor that sets logits to +Infinity demands those tokens.
function takeInfinite(logits: Float32Array): WeightedTokens {
  const tokens = gather(logits, Number.POSITIVE_INFINITY);
  return { tokens, weights: new Float64Array(tokens.length).fill(1), total: tokens.length };
}

// The bucket with which k tokens, or a mass of `wanted`, are complete.
function lastBucket(counts: Int32Array, masses: Float64Array, k: number, wanted: number): number {
  let count = 0;
  let mass = 0;
  for (let bucket = 0; bucket < BUCKETS - 1; bucket++) {
    count += counts[bucket]!;
    mass += masses[bucket]!;
    if (count >= k || mass >= wanted) return bucket;
  }
  return BUCKETS - 1;
}

function gather(logits: Float32Array, least: number): Int32Array {
  let count = 0;
  for (let i = 0; i < logits.length; i++) if (logits[i]! >= least) count++;
  const tokens = new Int32Array(count);
  for (let i = 0, j = 0; j < count; i++) if (logits[i]! >= least) tokens[j++] = i;
  return tokens;
}

function sortByLogit(tokens: Int32Array, logits: Float32Array): void {
  tokens.sort((a, b) => logits[b]! - logits[a]! || a - b);
}

/** The error of a logit that is not a number. */
export function notANumber(token: number): EdgewrightError {
  return new EdgewrightError(
    "diverged",
    `sample: the logit of token ${token} is NaN: the model's numbers overflowed, or a processor divided by zero`,
  );
}

/** The error of logits that forbid every token. */
export function nothingLeft(): EdgewrightError {
  return new EdgewrightError(
    "invalid-argument",
    "sample: every logit is -Infinity; leave at least one token, check logitsProcessors",
  );
}
