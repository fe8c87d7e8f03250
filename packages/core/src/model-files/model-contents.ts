import type { DecoderWeights } from "./decoder-weights.js";
import type { TokenizerData } from "./tokenizer-data.js";

/** What a model file holds. */
export interface ModelContents {
  readonly weights: DecoderWeights;
  /** Absent where the file has none, as llama2.c's checkpoints. */
  readonly tokenizer?: TokenizerData;
  /** What else the file says about itself, by the file's own names. */
  readonly metadata: Readonly<Record<string, unknown>>;
}
