/** A story that a language model of the zoo told on this machine, and what it took. */
export interface ToldStory {
  /** Name of the model. */
  readonly model: string;
  /** Size of the model's file. */
  readonly bytes: number;
  /** What it was given. */
  readonly prompt: string;
  /** What it went on with, piece by piece as the passes gave it. */
  readonly passes: readonly string[];
  readonly tokens: number;
  /** Tokens a pass through the model gave, on average: the mean accepted length. */
  readonly acceptedLength: number;
  /** Most rows of a pass: the last token, guesses, prompt tokens. */
  readonly rows: number;
  /** Tokens a second with prompt tokens, and with one token a pass. */
  readonly parallel: number;
  readonly plain: number;
  /** Bytes of WebAssembly memory: weights, cache, activations. */
  readonly memory: number;
}
