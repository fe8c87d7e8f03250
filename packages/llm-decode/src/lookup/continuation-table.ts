import { EdgewrightError } from "@edgewright/core";

/** Options of {@link createContinuationTable}. */
export interface ContinuationTableOptions {
  /** Longest context in tokens. @default 4 */
  readonly order?: number;
  /** Contexts kept; when they are reached, new ones are no longer taken up. @default 2^18 */
  readonly mostContexts?: number;
}

/** A token that may come next, and how likely it is. */
export interface Continuation {
  readonly token: number;
  readonly probability: number;
}

/**
 * What followed the last few tokens in the texts it has seen: counts behind contexts of 1 to `order` tokens, each
 * with its four most frequent successors. It draws no text; it guesses what a model will say, for a pass to check.
 */
export interface ContinuationTable {
  readonly order: number;
  readonly contexts: number;
  /** Bytes in memory. */
  readonly bytes: number;
  /** Counts the tokens of a text from `from` on, each behind those before it. */
  learn(tokens: ArrayLike<number>, from?: number): void;
  /**
   * The likeliest successors of a context, likeliest first, at most `most`; only the last `order` tokens count. Longer
   * contexts are smoothed by shorter ones: p = (count + p of the shorter) / (total + 1), so that what was seen once
   * counts for little.
   */
  continuations(context: ArrayLike<number>, most: number): readonly Continuation[];
  /**
   * The same for the first `length` tokens of `context`, into arrays that say by their length how many are wanted;
   * how many there are. It allocates nothing.
   *
   * A prior, at most 16 tokens of another source with their probabilities, is what the shortest context is smoothed by:
   * it decides where the table knows little.
   */
  predict(
    context: Int32Array,
    length: number,
    tokens: Int32Array,
    probabilities: Float64Array,
    prior?: PredictionPrior,
  ): number;
  /** A table without the contexts seen less often than `leastCount` times: most of a table came up once. */
  pruned(leastCount: number): ContinuationTable;
  /** What it knows, for a file. */
  contents(): ContextSlots;
}

/** Tokens with probabilities, from a source other than the table. */
export interface PredictionPrior {
  readonly tokens: Int32Array;
  readonly probabilities: Float64Array;
}

const LARGEST_PRIOR = 16;

/** Successors kept of a context. */
export const SUCCESSORS = 4;
const FULLEST = 0.7;
const LARGEST_COUNT = 65535;

/**
 * An empty table, to be filled by {@link ContinuationTable.learn} before or while decoding.
 *
 * @throws EdgewrightError for sizes out of range.
 *
 * @example
 * ```ts
 * const table = createContinuationTable();
 * for (const { tokens } of await decodeOwnTexts({ session, prompts, greedyTokens: 128 })) table.learn(tokens);
 * const strategy = lookupDecoding({ table });
 * ```
 */
export function createContinuationTable(options: ContinuationTableOptions = {}): ContinuationTable {
  const { order = 4, mostContexts = 2 ** 18 } = options;
  checkSizes("createContinuationTable", order, mostContexts);
  return new HashedTable(order, mostContexts, emptySlots(1024));
}

/** Contexts: the hash of each (0 for none), its total, and its successors with their counts. */
export interface ContextSlots {
  readonly keys: Int32Array;
  readonly totals: Int32Array;
  /** [slots, SUCCESSORS] */
  readonly tokens: Int32Array;
  readonly counts: Uint16Array;
}

function emptySlots(size: number): ContextSlots {
  return {
    keys: new Int32Array(size),
    totals: new Int32Array(size),
    tokens: new Int32Array(size * SUCCESSORS),
    counts: new Uint16Array(size * SUCCESSORS),
  };
}

class HashedTable implements ContinuationTable {
  readonly order: number;
  readonly mostContexts: number;
  contexts = 0;
  #slots: ContextSlots;
  readonly #candidates: Int32Array;
  readonly #shares: Float64Array;

  constructor(order: number, mostContexts: number, slots: ContextSlots) {
    this.order = order;
    this.mostContexts = mostContexts;
    this.#slots = slots;
    this.#candidates = new Int32Array(order * SUCCESSORS + LARGEST_PRIOR);
    this.#shares = new Float64Array(order * SUCCESSORS + LARGEST_PRIOR);
    for (const key of slots.keys) if (key !== 0) this.contexts++;
  }

  contents(): ContextSlots {
    return this.#slots;
  }

  pruned(leastCount: number): ContinuationTable {
    const { keys, totals, tokens, counts } = this.#slots;
    const kept = keys.map((key, slot) => (totals[slot]! >= leastCount ? key : 0));
    const size = kept.reduce((count, key) => count + (key === 0 ? 0 : 1), 0);
    const contexts = { keys: kept, totals, tokens, counts };
    return restored(contexts, size, this.order, this.mostContexts);
  }

  get bytes(): number {
    const { keys, totals, tokens, counts } = this.#slots;
    return keys.byteLength + totals.byteLength + tokens.byteLength + counts.byteLength;
  }

  learn(tokens: ArrayLike<number>, from = 0): void {
    for (let i = Math.max(1, from); i < tokens.length; i++) {
      let hash = 0;
      for (let o = 1; o <= Math.min(this.order, i); o++) {
        hash = mix(hash, tokens[i - o]!);
        const slot = this.#slotFor(hash);
        if (slot >= 0) this.#count(slot, tokens[i]!);
      }
    }
  }

  continuations(context: ArrayLike<number>, most: number): readonly Continuation[] {
    const tokens = new Int32Array(most);
    const probabilities = new Float64Array(most);
    const count = this.predict(Int32Array.from(context), context.length, tokens, probabilities);
    return Array.from({ length: count }, (_, i) => ({
      token: tokens[i]!,
      probability: probabilities[i]!,
    }));
  }

  predict(
    context: Int32Array,
    length: number,
    tokens: Int32Array,
    probabilities: Float64Array,
    prior?: PredictionPrior,
  ): number {
    const { totals, tokens: successors, counts } = this.#slots;
    const candidates = this.#candidates;
    const shares = this.#shares;
    let count = 0;
    let hash = 0;
    if (prior) {
      count = Math.min(prior.tokens.length, LARGEST_PRIOR);
      for (let i = 0; i < count; i++) {
        candidates[i] = prior.tokens[i]!;
        shares[i] = prior.probabilities[i]!;
      }
    }
    for (let o = 1; o <= this.order && o <= length; o++) {
      hash = mix(hash, context[length - o]!);
      const slot = this.#find(hash);
      if (slot < 0) break; // a longer context was seen no more often than this one
      const weight = 1 / (totals[slot]! + 1);
      for (let i = 0; i < count; i++) shares[i]! *= weight;
      for (let s = slot * SUCCESSORS; s < (slot + 1) * SUCCESSORS && counts[s]! > 0; s++) {
        const token = successors[s]!;
        let i = 0;
        while (i < count && candidates[i] !== token) i++;
        if (i === count) {
          candidates[count] = token;
          shares[count++] = 0;
        }
        shares[i]! += counts[s]! * weight;
      }
    }
    // The largest first, by insertion: there are few.
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const share = shares[i]!;
      const token = candidates[i]!;
      let at = kept;
      if (kept === tokens.length) {
        if (!(share > probabilities[kept - 1]!)) continue;
        at--;
      } else kept++;
      while (at > 0 && probabilities[at - 1]! < share) {
        probabilities[at] = probabilities[at - 1]!;
        tokens[at] = tokens[at - 1]!;
        at--;
      }
      probabilities[at] = share;
      tokens[at] = token;
    }
    return kept;
  }

  #find(hash: number): number {
    const { keys } = this.#slots;
    const mask = keys.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      if (keys[slot] === hash) return slot;
      if (keys[slot] === 0) return -1;
    }
  }

  /** The slot of a context, taken up when it is new; -1 when the table is full. */
  #slotFor(hash: number): number {
    const slot = this.#find(hash);
    if (slot >= 0) return slot;
    if (this.contexts >= this.mostContexts) return -1;
    if (this.contexts + 1 > FULLEST * this.#slots.keys.length) this.#grow();
    this.contexts++;
    return place(this.#slots, hash);
  }

  /** Counts a successor; a new one takes the place of the rarest, whose count it inherits (Metwally et al. 2005, Space-Saving). */
  #count(slot: number, token: number): void {
    const { totals, tokens, counts } = this.#slots;
    const first = slot * SUCCESSORS;
    let rarest = first;
    let at = -1;
    for (let s = first; s < first + SUCCESSORS; s++) {
      if (counts[s]! > 0 && tokens[s] === token) at = s;
      if (counts[s]! < counts[rarest]!) rarest = s;
    }
    if (at < 0) {
      at = rarest;
      tokens[at] = token;
    }
    totals[slot]!++;
    counts[at]!++;
    if (counts[at]! === LARGEST_COUNT) {
      // Halved together, the shares stay.
      totals[slot]! >>= 1;
      for (let s = first; s < first + SUCCESSORS; s++) counts[s]! >>= 1;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = emptySlots(old.keys.length * 2);
    copyContexts(old, this.#slots);
  }
}

function copyContexts(from: ContextSlots, to: ContextSlots): void {
  for (let slot = 0; slot < from.keys.length; slot++) {
    if (from.keys[slot] === 0) continue;
    const moved = place(to, from.keys[slot]!);
    to.totals[moved] = from.totals[slot]!;
    for (let s = 0; s < SUCCESSORS; s++) {
      to.tokens[moved * SUCCESSORS + s] = from.tokens[slot * SUCCESSORS + s]!;
      to.counts[moved * SUCCESSORS + s] = from.counts[slot * SUCCESSORS + s]!;
    }
  }
}

/** A table with contexts that another had. Their hashes must differ, and not be 0. */
export function restoreContinuationTable(
  contexts: ContextSlots,
  options: ContinuationTableOptions = {},
): ContinuationTable {
  const { order = 4, mostContexts = 2 ** 18 } = options;
  checkSizes("restoreContinuationTable", order, mostContexts);
  return restored(contexts, contexts.keys.length, order, mostContexts);
}

function restored(
  contexts: ContextSlots,
  count: number,
  order: number,
  mostContexts: number,
): ContinuationTable {
  let size = 1024;
  while (count > FULLEST * size) size *= 2;
  const slots = emptySlots(size);
  copyContexts(contexts, slots);
  return new HashedTable(order, mostContexts, slots);
}

/** Takes the first free slot for a hash that is not there. */
function place({ keys }: ContextSlots, hash: number): number {
  const mask = keys.length - 1;
  let slot = hash & mask;
  while (keys[slot] !== 0) slot = (slot + 1) & mask;
  keys[slot] = hash;
  return slot;
}

/** The hash of a context from that of the one without its earliest token; never 0, which marks free slots. */
function mix(hash: number, token: number): number {
  let h = Math.imul(hash ^ (token + 0x7f4a7c15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 15), 0x297a2d39);
  h ^= h >>> 13;
  return h === 0 ? 1 : h;
}

function checkSizes(where: string, order: number, mostContexts: number): void {
  const fits = Number.isInteger(order) && order >= 1 && order <= 16;
  if (fits && Number.isInteger(mostContexts) && mostContexts >= 1 && mostContexts <= 2 ** 24)
    return;
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: expected an order from 1 to 16 and at most 2^24 contexts, got ${order} and ${mostContexts}`,
  );
}
