import type {
  DecoderSession,
  DecodingRequest,
  DecodingStep,
  DecodingStrategy,
} from "./decoding-strategy.js";

/** Decodes up to `maxTokens` tokens and checks, after every step, that the cache holds the text but for its last token. */
export function decodeWith(
  strategy: DecodingStrategy,
  session: DecoderSession,
  prompt: readonly number[],
  maxTokens: number,
  options: Omit<DecodingRequest, "session" | "prompt" | "maxTokens"> = {},
): { tokens: number[]; steps: DecodingStep[] } {
  session.truncate(0);
  const run = strategy.start({ session, prompt, maxTokens, ...options });
  const tokens: number[] = [];
  const steps: DecodingStep[] = [];
  while (tokens.length < maxTokens) {
    const step = run.step();
    steps.push(step);
    tokens.push(...step.tokens);
    if (step.tokens.length === 0) throw new Error("a step decided nothing");
    if (session.length !== prompt.length + tokens.length - 1) {
      throw new Error(
        `${session.length} tokens in the cache behind ${prompt.length} + ${tokens.length}`,
      );
    }
    if (options.isEnd?.(tokens.at(-1)!)) break;
  }
  return { tokens, steps };
}
