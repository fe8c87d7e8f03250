import type { DecoderConfig } from "@edgewright/core/model-files";
import type { DecoderSession, Logits } from "./decoding-strategy.js";

/** Options of {@link createHashSession}. */
export interface HashSessionOptions {
  readonly vocabSize?: number;
  readonly capacity?: number;
  readonly maxRows?: number;
  readonly widths?: readonly number[];
  /** Rows that a prompt token has. @default 1 */
  readonly ensemble?: number;
  /** Share of prompt tokens' guesses that are right at rank 0. @default 0.6 */
  readonly guessing?: number;
  /** How much the width that tokens were run at changes logits. @default 0.3 */
  readonly widthNoise?: number;
  readonly seed?: number;
}

interface Row {
  readonly token: number;
  /** Of the tokens so far: what the next token depends on most. */
  readonly text: number;
  /** Of the tokens so far and the widths that they were run at: what a cache holds. */
  readonly cache: number;
  readonly bits: number;
  /** For a prompt token: the token of the text above it, and how far ahead it looks. */
  readonly prompt?: { readonly above: Row; readonly k: number; readonly j: number };
}

/** A session with a count of what it was asked. */
export interface HashSession extends DecoderSession {
  readonly passes: number;
  readonly rows: number;
  /** The committed tokens and the widths they were run at. */
  readonly committed: readonly { readonly token: number; readonly bits: number }[];
}

/**
 * A language model without weights: logits are hashes of the text before them, a little of the widths that the tokens
 * in the cache were run at, and prompt tokens guess what the model will say, sometimes right. It refuses what a
 * session must refuse.
 */
export function createHashSession(options: HashSessionOptions = {}): HashSession {
  const { vocabSize = 40, capacity = 256, maxRows = 64, ensemble = 1, guessing = 0.6 } = options;
  const { widthNoise = 0.3, seed = 1 } = options;
  const widths = options.widths ?? [8];
  const config: DecoderConfig = {
    ...{ architecture: "llama", dim: 4, hiddenDim: 4, layers: 1, heads: 1, kvHeads: 1, headDim: 4 },
    ...{ vocabSize, contextLength: capacity, normEpsilon: 1e-5, ropeBase: 1e4 },
    ...{ ropePairing: "half", activation: "silu", subNorms: false, int8Activations: false },
  };
  const origin: Row = { token: -1, text: seed, cache: seed, bits: 0 };
  let committed: Row[] = [];
  let last: { rows: Row[]; parents: number[] } | undefined;
  let prompts = 0;
  let run = 0;
  let passes = 0;
  let rowsRun = 0;

  const extend = (parent: Row, token: number, bits: number): Row => ({
    token,
    // Two tokens back and no further, so that texts come by the same places again.
    text: mix(mix(seed, parent.token), token),
    cache: mix(mix(parent.cache, token), bits),
    bits,
  });
  const logitsOf = (row: Row): Float32Array => {
    const logits = new Float32Array(vocabSize);
    for (let i = 0; i < vocabSize; i++) {
      logits[i] = 4 * uniform(row.text, i) + (widthNoise * uniform(row.cache, i) * 8) / row.bits;
    }
    return logits;
  };
  const guessOf = ({ above, k, j }: NonNullable<Row["prompt"]>): Float32Array => {
    let row = above;
    for (let step = 0; step < k + 1; step++) row = extend(row, argmax(logitsOf(row)), above.bits);
    const truth = argmax(logitsOf(row));
    const logits = new Float32Array(vocabSize);
    for (let i = 0; i < vocabSize; i++) logits[i] = uniform(mix(above.cache, 77 + k), i + 1000 * j);
    const luck = uniform(mix(above.cache, 99), k);
    if (luck < guessing) logits[truth] = 2;
    else if (luck < guessing + 0.2) logits[truth] = 0.97;
    return logits;
  };
  const fail = (what: string): never => {
    throw new Error(`hash session: ${what}`);
  };

  return {
    model: { config, widths, maxRows },
    capacity,
    get length() {
      return committed.length;
    },
    get passes() {
      return passes;
    },
    get rows() {
      return rowsRun;
    },
    get committed() {
      return committed.map(({ token, bits }) => ({ token, bits }));
    },
    run({ tokens, parents, bits = widths.at(-1)!, logits = "all" }): Logits {
      const n = tokens.length;
      if (n < 1 || n > maxRows) fail(`${n} rows`);
      if (committed.length + n > capacity) fail("no room");
      if (!widths.includes(bits)) fail(`${bits} bits`);
      const above = committed.at(-1) ?? origin;
      const rows: Row[] = [];
      const from: number[] = [];
      for (let i = 0; i < n; i++) {
        const parent = parents ? parents[i]! : i - 1;
        if (parent < -1 || parent >= i) fail(`parent ${parent} of row ${i}`);
        from.push(parent);
        const before = parent === -1 ? above : rows[parent]!;
        const token = tokens[i]!;
        if (token < vocabSize) {
          if (before.prompt) fail("a token behind a prompt token");
          rows.push(extend(before, token, bits));
          continue;
        }
        const [k, j] = [Math.floor((token - vocabSize) / ensemble), (token - vocabSize) % ensemble];
        if (token - vocabSize >= prompts) fail(`no embedding for ${token}`);
        const sound =
          k === 0 ? !before.prompt : before.prompt?.k === k - 1 && before.prompt.j === j;
        if (!sound) fail(`prompt token ${k}/${j} behind another than the one before it`);
        rows.push({ ...before, token, prompt: { above: before.prompt?.above ?? before, k, j } });
      }
      last = { rows, parents: from };
      passes++;
      rowsRun += n;
      const call = ++run;
      const row = (index: number): Float32Array => {
        if (call !== run) fail("logits of an earlier run");
        if (logits === "none" || (logits === "last" && index !== n - 1))
          fail(`no logits of ${index}`);
        const { prompt } = rows[index]!;
        return prompt ? guessOf(prompt) : logitsOf(rows[index]!);
      };
      return { row, argmax: (index) => argmax(row(index)) };
    },
    commit(path) {
      if (!last) throw new Error("hash session: nothing was run");
      const { rows, parents } = last;
      Array.from(path).forEach((row, depth) => {
        if (parents[row] !== (depth === 0 ? -1 : path[depth - 1])) fail("no path");
        if (rows[row]!.prompt) fail("a prompt token committed");
      });
      committed = [...committed, ...Array.from(path, (row) => rows[row]!)];
      last = undefined;
    },
    truncate(length) {
      if (length < 0 || length > committed.length) fail(`truncate to ${length}`);
      committed = committed.slice(0, length);
      last = undefined;
    },
    setPromptEmbeddings(embeddings) {
      prompts = embeddings.length / config.dim;
    },
    lastLayerKv() {
      const keys = Float32Array.from({ length: committed.length * 4 }, (_, i) =>
        uniform(committed[i >> 2]!.cache, i & 3),
      );
      return {
        length: committed.length,
        kvHeads: 1,
        headDim: 4,
        keys,
        values: keys.map((x) => 1 - x),
      };
    },
  };
}

/** The most likely token, the smallest id among equals. */
function argmax(logits: Float32Array): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i;
  return best;
}

function mix(a: number, b: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x7f4a7c15, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return (h ^ (h >>> 15)) >>> 0;
}

function uniform(a: number, b: number): number {
  return mix(a, b) / 2 ** 32;
}
