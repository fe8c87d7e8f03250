/** Options of {@link Tokenizer.encode}. */
export interface EncodeOptions {
  /** Begin with the token that begins a text. @default as the model was trained */
  readonly bos?: boolean;
  /**
   * Read the names of control tokens in the text (`</s>`, `<|im_end|>`) as those tokens: for prompts that a
   * chat template wrote, never for what a stranger typed.
   *
   * @default false
   */
  readonly special?: boolean;
}

/** Options of {@link Tokenizer.decode} and {@link Tokenizer.decodeStream}. */
export interface DecodeOptions {
  /**
   * The tokens begin a text, so the space that encoding put before it is taken off again; false where they
   * continue one, as generated tokens do.
   *
   * @default true for `decode`, false for `decodeStream`
   */
  readonly start?: boolean;
  /** Write control tokens by their names, rather than leave them out. @default false */
  readonly special?: boolean;
}

/** Turns tokens into text as they come: never half a character. */
export interface TokenStream {
  /** The text that this token makes certain; empty while a character is not whole. */
  push(id: number): string;
  /** What is left when no token follows: broken characters become U+FFFD. */
  end(): string;
}

/** Text to tokens and back. */
export interface Tokenizer {
  /** Tokens it knows: ids are below. */
  readonly vocabSize: number;
  /** The token that begins a text. */
  readonly bos: number | undefined;
  /** The token that ends a text. */
  readonly eos: number | undefined;
  /** Every token at which a model has said all: `eos` and ends of turns. */
  readonly ends: ReadonlySet<number>;
  /** The model's own template for conversations. */
  readonly chatTemplate: string | undefined;
  /** The tokens of a text. */
  encode(text: string, options?: EncodeOptions): number[];
  /** The text of tokens; broken characters become U+FFFD. */
  decode(ids: Iterable<number>, options?: DecodeOptions): string;
  /** Text token by token. */
  decodeStream(options?: DecodeOptions): TokenStream;
  /** How a token is written, spaces as spaces: `" once"`, `"<0x0A>"`, `"</s>"`. */
  tokenText(id: number): string;
  /** The token with exactly this text, as {@link Tokenizer.tokenText} writes it. */
  idOf(text: string): number | undefined;
}
