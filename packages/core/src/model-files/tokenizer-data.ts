/**
 * A tokenizer as a model file holds it: the pieces and scores of a SentencePiece model, or the content of a
 * `tokenizer.json`. Plain data, as JSON holds it.
 */
export type TokenizerData = SentencePieceData | TokenizerJsonData;

/** What both kinds of {@link TokenizerData} may have. */
export interface TokenizerDataBase {
  /** The model's own way to write down a conversation, a Jinja template. */
  readonly chatTemplate?: string;
  /** Further tokens that end what a model says, such as the end of a turn in a chat. */
  readonly otherEnds?: readonly number[];
}

/** A byte-pair encoding with a score for every piece, by which merges are chosen (SentencePiece, GGUF's `llama`). */
export interface SentencePieceData extends TokenizerDataBase {
  readonly kind: "sentencepiece";
  /** The text of every token; a space is written `▁` (U+2581), a single byte `<0x0A>`. */
  readonly tokens: readonly string[];
  /** One for every token: of two possible merges, that with the higher score comes first. */
  readonly scores: readonly number[];
  /** What every token is: 1 text, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 a byte. */
  readonly types: readonly number[];
  /** The token that begins a text. */
  readonly bos?: number;
  /** The token that ends a text. */
  readonly eos?: number;
  /** The token for what no other can write. */
  readonly unknown?: number;
  /** Whether a text is encoded as if a space stood before it. */
  readonly addSpacePrefix: boolean;
  /** Whether a text begins with `bos` unless the caller says otherwise. */
  readonly addBos: boolean;
}

/** The files of Hugging Face's tokenizers. */
export interface TokenizerJsonData extends TokenizerDataBase {
  readonly kind: "tokenizer-json";
  /** What `tokenizer.json` holds. */
  readonly tokenizer: Readonly<Record<string, unknown>>;
  /** What `tokenizer_config.json` holds. */
  readonly config?: Readonly<Record<string, unknown>>;
}
