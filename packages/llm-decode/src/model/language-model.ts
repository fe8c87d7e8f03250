import { createTurnTaker, EdgewrightError, type Tensor, throwIfAborted } from "@edgewright/core";
import type { DecoderConfig, Tokenizer } from "@edgewright/core/model-files";
import type { ChatFormatter, ChatMessage } from "../chat/chat.js";
import {
  type CachedSession,
  createDecoderSession,
  type DecoderSessionOptions,
} from "../engine/decoder-session.js";
import type { LoadedDecoder } from "../engine/loaded-decoder.js";
import { checkWidth } from "../engine/pack-decoder.js";
import type { GenerateOptions, Generation } from "../generation/generation.js";
import { startGeneration } from "../generation/start-generation.js";
import { plainDecoding, progressivePrecision } from "../precision/progressive-precision.js";
import { fingerprintModel, readCacheFile, writeCacheFile } from "./cache-file.js";
import type { MemoryStatement } from "./memory-statement.js";

/**
 * What to go on from: a text, tokens, or a conversation for models that have a chat template. Control tokens that are
 * written out count in messages, which the template surrounds by them, and are mere text in a text.
 */
export type Prompt = string | readonly number[] | readonly ChatMessage[];

/** Options of {@link LanguageModel.forward} and {@link LanguageModel.embed}. */
export interface ForwardOptions {
  /** Width of nested weights in bits. @default the largest */
  readonly bits?: number;
  readonly signal?: AbortSignal;
}

/** A language model in WebAssembly memory. */
export interface LanguageModel {
  readonly config: DecoderConfig;
  /** `undefined` for files that hold none, when none was given. */
  readonly tokenizer: Tokenizer | undefined;
  /** Widths of nested weights in bits, ascending; `undefined` for weights of one width. */
  readonly widths: readonly number[] | undefined;
  /** What the file says about itself. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** What is taken now. */
  readonly memory: MemoryStatement;
  /** The session that calls without one of their own use. */
  readonly session: CachedSession;
  /** Threads that compute. */
  readonly threads: number;
  /**
   * Goes on from a prompt. What the cache already holds of the prompt is not computed again, so a conversation
   * costs its new part only.
   *
   * Two generations on one session do not mix: the second is refused with `unavailable` while the first runs;
   * open a session for each by {@link LanguageModel.createSession}.
   *
   * @throws EdgewrightError `invalid-argument` for options out of range, `limit-exceeded` for a prompt that is
   * longer than the cache, `disposed`; while iterating `aborted`, and `unavailable` where another call computes on
   * the session.
   */
  generate(
    prompt: Prompt,
    options?: GenerateOptions & { readonly session?: CachedSession },
  ): Generation;
  /** Logits at every position of a text of its own, f32 [tokens, vocabSize]; forgets what the session holds. */
  forward(tokens: readonly number[], options?: ForwardOptions): Promise<Tensor<"f32">>;
  /** The mean of the last hidden states of a text, [dim], of length 1; forgets what the session holds. */
  embed(text: string | readonly number[], options?: ForwardOptions): Promise<Float32Array>;
  /** Opens another text over the same weights. */
  createSession(options?: DecoderSessionOptions): CachedSession;
  /** The session's text with its keys and values, for a file. */
  saveCache(): Uint8Array;
  /**
   * Puts a saved text back, so that a prompt which begins with it starts at once. A cache of the same model in other
   * bits is taken.
   *
   * @throws ValidationError for bytes that {@link LanguageModel.saveCache} did not give, and for a cache of another
   * model, type or size; EdgewrightError `unavailable` while a call computes on the session.
   */
  restoreCache(bytes: Uint8Array): void;
  /** Gives all memory back and ends the threads; a second call does nothing. */
  dispose(): void;
  /** `dispose` for a `using` declaration. */
  [Symbol.dispose](): void;
}

/** What {@link createLanguageModel} puts together. */
export interface LanguageModelParts {
  readonly loaded: LoadedDecoder;
  readonly tokenizer: Tokenizer | undefined;
  readonly chat: ChatFormatter | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly sessionOptions: DecoderSessionOptions;
  /** Called at the end of `dispose`. */
  readonly release: () => void;
}

/** Puts a model together from what was loaded. */
export function createLanguageModel(parts: LanguageModelParts): LanguageModel {
  const { loaded, tokenizer, chat, metadata, sessionOptions } = parts;
  const { config, widths } = loaded.decoder;
  const session = createDecoderSession(loaded, sessionOptions);
  const busy = new Set<CachedSession>();
  const ends = tokenizer?.ends ?? new Set<number>();
  const fingerprint = (): string =>
    fingerprintModel(config, loaded.kernels.arena.f32(loaded.decoder.outputNorm, config.dim));

  const acquire = (used: CachedSession, where: string): (() => void) => {
    if (busy.has(used)) {
      throw new EdgewrightError(
        "unavailable",
        `${where}: another call is computing on this session; wait for its end, abort it, or open one by createSession()`,
      );
    }
    busy.add(used);
    return () => busy.delete(used);
  };

  /** Refuses a session over other weights, whose text this model's tokenizer would not understand. */
  const checkSession = (used: CachedSession): void => {
    if (!loaded.live) throw new EdgewrightError("disposed", "generate: the model was disposed of");
    if (loaded.sessions.has(used)) return;
    throw new EdgewrightError(
      "invalid-argument",
      "generate: the session is not one of this model's, or was disposed of; open one by createSession()",
    );
  };

  const tokensOf = (prompt: Prompt): readonly number[] => {
    if (typeof prompt !== "string" && typeof prompt?.length !== "number") {
      throw new EdgewrightError(
        "invalid-argument",
        `generate: expected a text, tokens or messages, got ${prompt === null ? "null" : typeof prompt}`,
      );
    }
    if (typeof prompt !== "string" && typeof prompt[0] !== "object")
      return prompt as readonly number[];
    if (tokenizer === undefined) {
      throw new EdgewrightError(
        "invalid-argument",
        "generate: this model came without a tokenizer; give tokens as numbers, or load it with one",
      );
    }
    if (typeof prompt === "string") return tokenizer.encode(prompt);
    if (chat === undefined) {
      throw new EdgewrightError(
        "unsupported",
        "generate: this model has no chat template; give a text, or load it with a chatTemplate",
      );
    }
    return tokenizer.encode(chat.format(prompt as readonly ChatMessage[]), {
      bos: false,
      special: true,
    });
  };

  /** Runs a text from the beginning, in pieces, and shows each piece's output. */
  const runAll = async (
    where: string,
    tokens: readonly number[],
    { bits, signal }: ForwardOptions,
    use: (output: ReturnType<CachedSession["run"]>, first: number, count: number) => void,
    logits: "all" | "lazy",
  ): Promise<void> => {
    const release = acquire(session, where);
    try {
      if (tokens.length === 0 || tokens.length > session.capacity) {
        throw new EdgewrightError(
          "invalid-argument",
          `${where}: expected 1 to ${session.capacity} tokens, got ${tokens.length}`,
        );
      }
      session.truncate(0);
      const turn = createTurnTaker();
      for (let at = 0; at < tokens.length; at += session.model.maxRows) {
        throwIfAborted(signal, where);
        const piece = tokens.slice(at, at + session.model.maxRows);
        const output = session.run({ tokens: piece, logits, ...(bits !== undefined && { bits }) });
        use(output, at, piece.length);
        session.commit(piece.map((_, row) => row));
        const pause = turn();
        if (pause) await pause;
      }
    } finally {
      release();
    }
  };

  const model: LanguageModel = {
    config,
    tokenizer,
    widths,
    metadata,
    session,
    threads: loaded.kernels.threads,
    get memory() {
      let activations = 0;
      for (const open of loaded.sessions) activations += open.bytes - open.cacheBytes;
      let cache = 0;
      for (const open of loaded.sessions) cache += open.cacheBytes;
      const weights = loaded.live ? loaded.bytes : 0;
      return { weights, cache, activations, total: weights + cache + activations };
    },
    generate(prompt, options = {}) {
      const used = options.session ?? session;
      checkSession(used);
      if (options.strategy === undefined) checkWidth("generate", widths, options.bits);
      return startGeneration(
        {
          session: used,
          tokenizer,
          prompt: tokensOf(prompt),
          strategy:
            options.bits === undefined
              ? plainDecoding()
              : progressivePrecision({ precision: options.bits }),
          ends,
          acquire: () => acquire(used, "generate"),
        },
        options,
      );
    },
    async forward(tokens, options = {}) {
      const { vocabSize } = config;
      const data = new Float32Array(tokens.length * vocabSize);
      await runAll(
        "forward",
        tokens,
        options,
        (output, first, count) => {
          for (let row = 0; row < count; row++)
            data.set(output.row(row), (first + row) * vocabSize);
        },
        "all",
      );
      return { dtype: "f32", shape: [tokens.length, vocabSize], data };
    },
    async embed(text, options = {}) {
      const sum = new Float32Array(config.dim);
      await runAll(
        "embed",
        tokensOf(text),
        options,
        (output, _, count) => {
          for (let row = 0; row < count; row++) {
            const hidden = output.hidden(row);
            for (let i = 0; i < sum.length; i++) sum[i]! += hidden[i]!;
          }
        },
        "lazy",
      );
      const length = Math.hypot(...sum) || 1;
      return sum.map((value) => value / length);
    },
    createSession: (options) => createDecoderSession(loaded, { ...sessionOptions, ...options }),
    saveCache: () => writeCacheFile(session.save(), fingerprint()),
    restoreCache(bytes) {
      const release = acquire(session, "restoreCache");
      try {
        session.restore(readCacheFile(bytes, fingerprint()));
      } finally {
        release();
      }
    },
    dispose() {
      if (!loaded.live) return;
      loaded.dispose();
      parts.release();
    },
    [Symbol.dispose]: () => model.dispose(),
  };
  return model;
}
