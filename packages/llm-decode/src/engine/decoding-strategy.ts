import type { DecoderConfig } from "@edgewright/core/model-files";

/** What a decoding strategy may know of the model behind a {@link DecoderSession}. */
export interface DecodableModel {
  /** Shape and arithmetic of the decoder. */
  readonly config: DecoderConfig;
  /** Bit widths that one nested model can be run at, ascending; absent where there is but one. */
  readonly widths?: readonly number[];
  /** Most rows that one {@link DecoderSession.run} takes. */
  readonly maxRows: number;
}

/** Rows for one {@link DecoderSession.run}. */
export interface RowsToRun {
  /**
   * Token of each row. Ids from `vocabSize` on address prompt embeddings: `vocabSize + k` is the k-th row of
   * {@link DecoderSession.setPromptEmbeddings}.
   */
  readonly tokens: ArrayLike<number>;
  /**
   * The row that each row continues, smaller than its own index; -1 for the committed text. A row sees the
   * committed text, its ancestors and itself; its position is the committed length plus its depth.
   *
   * @default a chain: row i continues row i - 1
   */
  readonly parents?: ArrayLike<number>;
  /** Bit width of the weights, one of {@link DecodableModel.widths}. @default the widest */
  readonly bits?: number;
  /**
   * Rows whose logits will be read. `"lazy"` computes a row's logits when they are first asked for: cheaper than
   * `"all"` for a large vocabulary when few of many rows turn out to be read.
   *
   * @default "all"
   */
  readonly logits?: "all" | "last" | "lazy" | "none" | Uint8Array;
}

/** Logits of the rows of one {@link DecoderSession.run}; valid until the next run of the session. */
export interface Logits {
  /** Logits `[vocabSize]` of row `index`: a view, not to be changed. */
  row(index: number): Float32Array;
  /** The most likely token after row `index`; the smallest id among equals. */
  argmax(index: number): number;
}

/** Keys and values of the last layer for the committed tokens, each `[length, kvHeads, headDim]`, as stored: keys rotated. */
export interface LayerKeysAndValues {
  readonly length: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly keys: Float32Array;
  readonly values: Float32Array;
}

/**
 * One text on one model: a KV cache and the passes that extend it. Passes and commits are separate, so that many
 * possible continuations can be run at once and only what turned out right is kept.
 */
export interface DecoderSession {
  readonly model: DecodableModel;
  /** Tokens in the cache. */
  readonly length: number;
  /** The tokens themselves, where a session keeps them. */
  readonly tokens?: readonly number[];
  /** Tokens and uncommitted rows that the cache can hold. */
  readonly capacity: number;
  /** Runs rows after the committed text without committing them; drops the rows of an earlier run. */
  run(rows: RowsToRun): Logits;
  /** Makes a path of the last run, from a row with parent -1 down, part of the cache and drops its other rows. */
  commit(rows: ArrayLike<number>): void;
  /** Drops all tokens behind the first `length`. */
  truncate(length: number): void;
  /** Sets the embeddings `[count, dim]` that token ids from `vocabSize` on stand for. */
  setPromptEmbeddings(embeddings: Float32Array): void;
  /** Copies of the last layer's keys and values. */
  lastLayerKv(): LayerKeysAndValues;
}

/** What {@link DecodingStrategy.start} is given. */
export interface DecodingRequest {
  readonly session: DecoderSession;
  /** Tokens of the text that are not yet in the cache: at least one, since its logits say what comes next. */
  readonly prompt: ArrayLike<number>;
  /**
   * Chooses the next token from the logits `[vocabSize]`, which it may not change. It is called exactly once for
   * every token that a step returns, in their order, so that it may keep counts, penalties and a random stream:
   * with the same chooser every strategy that verifies exactly gives the text that plain decoding gives.
   *
   * @default the most likely token, the smallest id among equals
   */
  readonly choose?: (logits: Float32Array) => number;
  /**
   * Told, in their place in the order, of tokens that were decided without {@link DecodingRequest.choose}: those
   * that typical acceptance takes.
   */
  readonly observe?: (token: number) => void;
  /** Whether nothing follows `token`: a step that decides several tokens ends at it. @default never */
  readonly isEnd?: (token: number) => boolean;
  /** Most tokens that are still wanted: steps do not look further ahead. @default no limit */
  readonly maxTokens?: number;
  /**
   * Set when a strategy takes over a text that another has decoded so far: the prompt is the token decided last, and
   * it is run like any later token, not like a prompt. `index` is how many decided tokens have been run, `bits` the
   * width of the pass to come.
   */
  readonly resume?: { readonly index: number; readonly bits?: number };
}

/** What one step of a {@link DecodingRun} did. */
export interface DecodingStep {
  /** The tokens that follow the text, at least one. The last of them is not yet in the cache; the others are. */
  readonly tokens: readonly number[];
  /** Passes through the model. */
  readonly passes: number;
  /** Rows in all passes: tokens, candidates and prompt tokens. */
  readonly rows: number;
  /** Bit width that the tokens were decided at; absent for a model of one width. */
  readonly bits?: number;
}

/**
 * A text being decoded. After every step the cache holds the text but for its last token, whatever was tried on the
 * way; so a caller may stop after any step, and may {@link DecoderSession.truncate | truncate} what it does not want.
 */
export interface DecodingRun {
  /**
   * Decides the next tokens: the first step reads the logits of the prompt, later ones run the token that is not yet
   * in the cache.
   *
   * @throws EdgewrightError `"limit-exceeded"` when the cache is full.
   */
  step(): DecodingStep;
  /** Bit width of the next pass; `undefined` for the model's widest. */
  readonly nextBits?: number | undefined;
}

/** A way to decode: plain, at falling precision, by prompt tokens, by drafts. Holds settings, no text. */
export interface DecodingStrategy {
  /** Says in reports what decoded. */
  readonly name: string;
  /** Bit width to run the prompt at. @default the widest */
  readonly prefillBits?: number;
  /** Runs the rest of the prompt and stands ready for the first step. */
  start(request: DecodingRequest): DecodingRun;
}
