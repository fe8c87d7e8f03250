import type { DecodingStrategy } from "../engine/decoding-strategy.js";
import type { SamplingOptions } from "../sampling/sampling-options.js";

/** Options of `LanguageModel.generate`. */
export interface GenerateOptions extends SamplingOptions {
  /** Ends the generation; what was decoded stays in the cache, which remains usable. */
  readonly signal?: AbortSignal;
  /** The most tokens to generate. @default 256 */
  readonly maxTokens?: number;
  /** Text that ends the generation and is not part of it. @default none */
  readonly stop?: string | readonly string[];
  /** Go on behind the model's own end of text. @default false */
  readonly ignoreEnd?: boolean;
  /** How tokens are decoded; all ways give the same text where they say that they are lossless. @default one at a time */
  readonly strategy?: DecodingStrategy;
  /** Width of nested weights for decoding one token at a time, in bits. @default the largest */
  readonly bits?: number;
  /**
   * What happens when the cache is full: `"shift"` forgets the older half behind the first `keep` tokens and
   * goes on, `"stop"` ends the generation.
   *
   * @default "shift"
   */
  readonly whenFull?: "shift" | "stop";
  /** Tokens at the beginning that a shift keeps. @default 1, the beginning of the text */
  readonly keep?: number;
}

/**
 * Why a generation ended: the model ended the text, a stop string came, `maxTokens` were generated, or the cache
 * was full.
 */
export type FinishReason = "end" | "stop" | "length" | "full";

/** What a generation did so far; times in milliseconds. */
export interface GenerationStatistics {
  /** Tokens of the prompt. */
  readonly promptTokens: number;
  /** Of these, how many the cache held from before. */
  readonly reusedTokens: number;
  /** Tokens generated, the end of the text not counted. */
  readonly tokens: number;
  /** Steps of the strategy: each gives one token or more. */
  readonly steps: number;
  /** Tokens a step: the mean accepted length. */
  readonly tokensPerStep: number;
  /** Passes through the model while decoding, and rows in all of them. */
  readonly passes: number;
  readonly rows: number;
  /** Mean width of the weights over the tokens, for nested weights. */
  readonly meanBits: number | undefined;
  /** From the call to the first token. */
  readonly timeToFirstToken: number;
  /** Reading the prompt, and decoding, without what the consumer did in between. */
  readonly prefillMs: number;
  readonly decodeMs: number;
  /** Tokens of the prompt that were computed, a second. */
  readonly prefillTokensPerSecond: number;
  /** Tokens behind the first one, a second. */
  readonly tokensPerSecond: number;
  /** `undefined` as long as it runs. */
  readonly finish: FinishReason | undefined;
}

/**
 * Text in the making: iterate over it for its pieces, or await {@link Generation.text}. It starts with the first
 * of either and can be read once.
 */
export interface Generation extends AsyncIterable<string> {
  /** Runs to the end and gives the whole text. */
  text(): Promise<string>;
  /** Tokens generated so far. */
  readonly tokens: readonly number[];
  readonly statistics: GenerationStatistics;
}
