import { EdgewrightError, ValidationError } from "@edgewright/core";
import type { Plan } from "@edgewright/kernels";
import {
  cacheAttentionWorkspaceBytes,
  cacheSlices,
  createKvCache,
  type KvCacheType,
  planMoveSlots,
  planShiftCache,
} from "@edgewright/kernels/language";
import { createDecoderBuffers, type DecoderBuffers } from "./decoder-buffers.js";
import {
  createDecoderProgram,
  type DecoderProgram,
  type ProgramShape,
  planLogits,
} from "./decoder-program.js";
import type { DecoderSession, Logits, RowsToRun } from "./decoding-strategy.js";
import type { LoadedDecoder } from "./loaded-decoder.js";
import { checkWidth } from "./pack-decoder.js";
import { readCacheLayer } from "./read-cache.js";
import { arrangeRows } from "./row-arrangement.js";

/** What a call of {@link CachedSession.run} computed: views of WebAssembly memory, which the next call overwrites. */
export interface DecoderOutput extends Logits {
  /** The last hidden state of a row behind the output norm, [dim]; of the rows whose logits were asked for. */
  hidden(index: number): Float32Array;
}

/** Options of a session. */
export interface DecoderSessionOptions {
  /** Tokens that the cache holds. @default the model's context length */
  readonly capacity?: number;
  /** How keys and values are kept. @default "f16" */
  readonly cacheType?: KvCacheType;
  /** The most rows of one call: prompts are read in pieces of so many. @default 64 */
  readonly maxRows?: number;
}

/**
 * One text in the making: a cache of keys and values over a model's weights.
 *
 * {@link CachedSession.run} computes rows behind the committed text, as a chain or as a tree, and leaves the
 * text as it was; {@link CachedSession.commit} takes some of them into it. Whatever rows are computed
 * together, the numbers of each have the same bits as if it had been computed alone, so what is decided by
 * several rows at once is what would have been decided one at a time.
 *
 * `run` throws EdgewrightError `invalid-argument` for tokens, parents or bits out of range and for more rows
 * than `maxRows`, `limit-exceeded` when the cache has no room for them; the text stays as it was.
 */
export interface CachedSession extends DecoderSession {
  readonly cacheType: KvCacheType;
  /** The committed tokens. */
  readonly tokens: readonly number[];
  /** Bytes of cache, activations and plans in WebAssembly memory. */
  readonly bytes: number;
  /** Of these, the bytes of keys and values. */
  readonly cacheBytes: number;
  /** Computes rows; nothing is committed. */
  run(rows: RowsToRun): DecoderOutput;
  /** Forgets `count` tokens behind the first `keep` ones and moves the others down. */
  shift(keep: number, count: number): void;
  /** The committed tokens with their keys and values. */
  save(): SavedCache;
  /**
   * Replaces the text by a saved one.
   *
   * @throws ValidationError when it is not one of this model, capacity and cache type.
   */
  restore(saved: SavedCache): void;
  /** Gives the memory back; a second call does nothing. */
  dispose(): void;
}

/** Keys and values of a text, to be restored into a session of the same model and cache type. */
export interface SavedCache {
  readonly tokens: readonly number[];
  readonly cacheType: KvCacheType;
  /** What the cache holds, run after run. */
  readonly data: Uint8Array;
}

/** Programs kept for calls of the same shape: a tree and a prompt use a handful. */
const MOST_PLANS = 48;

/** Opens a session on packed weights. */
export function createDecoderSession(
  model: LoadedDecoder,
  options: DecoderSessionOptions = {},
): CachedSession {
  const { kernels, decoder, angles, places } = model;
  const { config, widths } = decoder;
  const { capacity = config.contextLength, cacheType = "f16" } = options;
  const maxRows = Math.min(options.maxRows ?? 64, capacity);
  const { kvHeads, headDim, layers, vocabSize, dim } = config;
  const { arena } = kernels;
  checkSessionSizes(capacity, options.maxRows ?? 64, places);
  const cache = createKvCache(kernels, { layers, kvHeads, headDim, capacity, type: cacheType });
  const attention = { n: maxRows, heads: config.heads, cache: cache.layout };
  const attentionBytes = cacheAttentionWorkspaceBytes(kernels, attention);
  let buffers: DecoderBuffers;
  try {
    buffers = createDecoderBuffers(kernels, decoder, maxRows, attentionBytes);
  } catch (error) {
    cache.dispose();
    throw error;
  }
  const context = { kernels, decoder, buffers, cache, angles, places };
  const moves = arena.allocate(64 + maxRows * 8); // how many, from where, to where
  const moveSlots = planMoveSlots(kernels, {
    cache: cache.layout,
    count: moves.ptr,
    from: moves.ptr + 64,
    to: moves.ptr + 64 + maxRows * 4,
  });
  const programs = new Map<string, DecoderProgram>();
  const logitPlans = new Map<string, Plan>();
  const tokens: number[] = [];
  let prompts: Float32Array = new Float32Array(0);
  let last: { tokens: number[]; parents: Int32Array } | undefined;
  let live = true;
  let calls = 0;

  const checkLive = (where: string): void => {
    if (live && model.live) return;
    throw new EdgewrightError("disposed", `${where}: the session or its model was disposed of`);
  };

  const programFor = (shape: ProgramShape): DecoderProgram =>
    lastUsed(programs, Object.values(shape).join(), () => createDecoderProgram(context, shape));

  /** Computes logits of rows whose hidden states lie there; says where they are. */
  const runLogits = (
    first: number,
    count: number,
    bits: number | undefined,
    room: number,
  ): number => {
    const y = buffers.logits(room) + (count === room ? 0 : first * vocabSize * 4);
    const place = { first, count, y };
    const key = [first, count, y, bits].join();
    kernels.run(lastUsed(logitPlans, key, () => planLogits(context, place, bits)));
    return y;
  };

  const session: CachedSession = {
    model: { config, maxRows, ...(widths && { widths }) },
    capacity,
    cacheType,
    tokens,
    get length() {
      return tokens.length;
    },
    get bytes() {
      let plans = moves.bytes + moveSlots.bytes;
      for (const plan of logitPlans.values()) plans += plan.bytes;
      for (const { embed, body } of programs.values()) plans += embed.bytes + body.bytes;
      return buffers.bytes + cache.bytes + plans;
    },

    cacheBytes: cache.bytes,

    run(rows) {
      checkLive("CachedSession.run");
      const count = rows.tokens.length;
      const { bits = widths?.at(-1), logits = "all" } = rows;
      if (count < 1 || count > maxRows) {
        throw new EdgewrightError(
          "invalid-argument",
          `CachedSession.run: expected 1 to ${maxRows} rows, got ${count}; run longer texts in pieces`,
        );
      }
      if (tokens.length + count > capacity) {
        throw new EdgewrightError(
          "limit-exceeded",
          `CachedSession.run: the cache holds ${capacity} tokens, ${tokens.length} are committed, ` +
            `and there is no room for ${count} more; truncate, shift or open a larger session`,
        );
      }
      checkWidth("CachedSession.run", widths, bits);
      const arrangement = arrangeRows(rows.tokens, rows.parents, vocabSize + prompts.length / dim);
      const finished = logits === "none" ? 0 : logits === "last" ? 1 : count;
      const program = programFor({ rows: count, bits, finished, tree: arrangement.tree });
      arrangement.write(arena, buffers, tokens.length, vocabSize);
      last = undefined;
      kernels.run(program.embed);
      for (let row = 0; row < count; row++) {
        const prompt = rows.tokens[row]! - vocabSize;
        if (prompt < 0) continue;
        const embedding = prompts.subarray(prompt * dim, (prompt + 1) * dim);
        arena.f32(buffers.stream + row * dim * 4, dim).set(embedding);
      }
      kernels.run(program.body);
      last = { tokens: Array.from(rows.tokens), parents: arrangement.parents };
      return outputOf(count, finished, bits, logits === "all" || logits === "last");
    },

    commit(rows) {
      checkLive("CachedSession.commit");
      const run = last;
      if (run === undefined) {
        throw new EdgewrightError(
          "invalid-argument",
          "CachedSession.commit: no rows have been run",
        );
      }
      const path = Array.from(rows);
      path.forEach((row, depth) => {
        const parent = depth === 0 ? -1 : path[depth - 1]!;
        if (run.parents[row] === parent && run.tokens[row]! < vocabSize) return;
        throw new EdgewrightError(
          "invalid-argument",
          `CachedSession.commit: expected a path of rows of tokens, each continuing the one before it, got [${path}]`,
        );
      });
      const words = arena.i32(moves.ptr, 16 + 2 * maxRows);
      let count = 0;
      path.forEach((row, depth) => {
        if (row === depth) return;
        words[16 + count] = tokens.length + row;
        words[16 + maxRows + count] = tokens.length + depth;
        count++;
      });
      words[0] = count;
      if (count > 0) kernels.run(moveSlots);
      for (const row of path) tokens.push(run.tokens[row]!);
      last = undefined;
    },

    truncate(length) {
      checkLive("CachedSession.truncate");
      if (!Number.isInteger(length) || length < 0 || length > tokens.length) {
        throw new EdgewrightError(
          "invalid-argument",
          `CachedSession.truncate: expected a length from 0 to ${tokens.length}, got ${length}`,
        );
      }
      tokens.length = length;
      last = undefined;
    },

    shift(keep, count) {
      checkLive("CachedSession.shift");
      const fits = [keep, count].every((n) => Number.isInteger(n) && n >= 0);
      if (!fits || keep + count > tokens.length) {
        throw new EdgewrightError(
          "invalid-argument",
          `CachedSession.shift: expected keep + count of at most ${tokens.length} tokens, got ${keep} + ${count}`,
        );
      }
      if (count > 0 && keep + count < tokens.length) {
        const plan = planShiftCache(kernels, {
          ...{ cache: cache.layout, keep, count, length: tokens.length },
          ...{ angles, places, pairing: config.ropePairing },
        });
        kernels.run(plan);
        plan.dispose();
      }
      tokens.splice(keep, count);
      last = undefined;
    },

    setPromptEmbeddings(embeddings) {
      if (embeddings.length % dim !== 0 || !embeddings.every(Number.isFinite)) {
        throw new ValidationError(
          `CachedSession.setPromptEmbeddings: expected finite embeddings of ${dim} numbers each, got ${embeddings.length} numbers`,
        );
      }
      prompts = embeddings.slice();
    },

    lastLayerKv() {
      checkLive("CachedSession.lastLayerKv");
      const { keys, values } = readCacheLayer(arena, cache.layout, layers - 1, tokens.length);
      return { length: tokens.length, kvHeads, headDim, keys, values };
    },

    save() {
      checkLive("CachedSession.save");
      const slices = cacheSlices(cache.layout, tokens.length);
      const data = new Uint8Array(slices.reduce((sum, slice) => sum + slice.bytes, 0));
      let at = 0;
      for (const { ptr, bytes } of slices) {
        data.set(arena.u8(ptr, bytes), at);
        at += bytes;
      }
      return { tokens: [...tokens], cacheType, data };
    },

    restore(saved) {
      checkLive("CachedSession.restore");
      const slices =
        saved.tokens.length <= capacity ? cacheSlices(cache.layout, saved.tokens.length) : [];
      const expected = slices.reduce((sum, slice) => sum + slice.bytes, 0);
      const known = saved.tokens.every((id) => Number.isInteger(id) && id >= 0 && id < vocabSize);
      if (saved.cacheType !== cacheType || saved.data.length !== expected || !known) {
        throw new ValidationError(
          `CachedSession.restore: expected at most ${capacity} tokens below ${vocabSize} with ${cacheType} keys and values ` +
            `(${expected} bytes), got ${saved.tokens.length} tokens, ${saved.cacheType}, ${saved.data.length} bytes`,
        );
      }
      let at = 0;
      for (const { ptr, bytes } of slices) {
        arena.u8(ptr, bytes).set(saved.data.subarray(at, at + bytes));
        at += bytes;
      }
      tokens.splice(0, tokens.length, ...saved.tokens);
      last = undefined;
    },

    dispose() {
      if (!live) return;
      live = false;
      for (const program of programs.values()) program.dispose();
      for (const plan of logitPlans.values()) plan.dispose();
      moveSlots.dispose();
      moves.dispose();
      cache.dispose();
      buffers.dispose();
      model.sessions.delete(session);
    },
  };
  model.sessions.add(session);
  return session;

  function outputOf(
    rows: number,
    finished: number,
    bits: number | undefined,
    atOnce: boolean,
  ): DecoderOutput {
    const call = ++calls;
    const check = (what: string, index: number): void => {
      if (call !== calls || !live) {
        throw new EdgewrightError(
          "invalid-argument",
          `DecoderOutput.${what}: a later call has overwritten these numbers; copy what is to be kept`,
        );
      }
      if (Number.isInteger(index) && index >= rows - finished && index < rows) return;
      throw new EdgewrightError(
        "invalid-argument",
        `DecoderOutput.${what}: computed for rows ${rows - finished} to ${rows - 1}, not for row ${index}`,
      );
    };
    const start = rows - finished;
    const places = new Map<number, number>();
    if (atOnce) {
      const place = runLogits(start, finished, bits, finished);
      for (let row = start; row < rows; row++)
        places.set(row, place + (row - start) * vocabSize * 4);
    }
    const row = (index: number): Float32Array => {
      check("row", index);
      let place = places.get(index);
      if (place === undefined) {
        place = runLogits(index, 1, bits, rows);
        places.set(index, place);
      }
      return arena.f32(place, vocabSize);
    };
    return {
      row,
      argmax: (index) => indexOfLargest(row(index)),
      hidden(index) {
        check("hidden", index);
        return arena.f32(buffers.normed + index * dim * 4, dim);
      },
    };
  }
}

function checkSessionSizes(capacity: number, maxRows: number, places: number): void {
  for (const [name, value, most] of [
    ["capacity", capacity, places],
    ["maxRows", maxRows, 1024],
  ] as const) {
    if (Number.isInteger(value) && value >= 1 && value <= most) continue;
    throw new EdgewrightError(
      "invalid-argument",
      `createSession: expected ${name} to be a whole number from 1 to ${most}, got ${value}`,
    );
  }
}

/** What lies under a key, made when it is missing; of too many, that goes which was not used for longest. */
function lastUsed<T extends { dispose(): void }>(
  kept: Map<string, T>,
  key: string,
  make: () => T,
): T {
  let found = kept.get(key);
  if (found !== undefined)
    kept.delete(key); // set again below: a map's order is that of setting
  else {
    found = make();
    if (kept.size >= MOST_PLANS) {
      const [oldest, old] = kept.entries().next().value!;
      old.dispose();
      kept.delete(oldest);
    }
  }
  kept.set(key, found);
  return found;
}

/** The first of the largest numbers. */
function indexOfLargest(values: Float32Array): number {
  let best = 0;
  let most = values[0]!;
  for (let i = 1; i < values.length; i++) {
    if (values[i]! > most) {
      most = values[i]!;
      best = i;
    }
  }
  return best;
}
