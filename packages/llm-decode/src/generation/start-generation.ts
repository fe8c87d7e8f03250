import { createTurnTaker, EdgewrightError, throwIfAborted } from "@edgewright/core";
import type { Tokenizer } from "@edgewright/core/model-files";
import type { CachedSession } from "../engine/decoder-session.js";
import type { DecodingRun, DecodingStrategy } from "../engine/decoding-strategy.js";
import { createSampler } from "../sampling/sampler.js";
import { createStopStringFilter } from "../sampling/stop-strings.js";

import type { FinishReason, GenerateOptions, Generation } from "./generation.js";
import { createStatistics } from "./generation-statistics.js";

/** What a generation runs on. */
export interface GenerationContext {
  readonly session: CachedSession;
  /** Without one, tokens come as their numbers, a space behind each. */
  readonly tokenizer: Tokenizer | undefined;
  readonly prompt: readonly number[];
  /** Used when the options name none. */
  readonly strategy: DecodingStrategy;
  /** Tokens that end what the model says. */
  readonly ends: ReadonlySet<number>;
  /** Called once before the first pass, and once when the generation is over. */
  readonly acquire: () => () => void;
}

/** Checks the options and makes a generation that begins when it is first read. */
export function startGeneration(context: GenerationContext, options: GenerateOptions): Generation {
  const { session, prompt } = context;
  const { maxTokens = 256, keep = 1, whenFull = "shift" } = options;
  for (const [name, value, least] of [
    ["maxTokens", maxTokens, 0],
    ["keep", keep, 0],
  ] as const) {
    if (Number.isSafeInteger(value) && value >= least) continue;
    throw new EdgewrightError(
      "invalid-argument",
      `generate: expected ${name} to be a whole number from ${least}, got ${value}`,
    );
  }
  if (whenFull !== "shift" && whenFull !== "stop") {
    throw new EdgewrightError(
      "invalid-argument",
      `generate: expected whenFull to be "shift" or "stop", got ${JSON.stringify(whenFull)}`,
    );
  }
  if (prompt.length === 0) {
    throw new EdgewrightError(
      "invalid-argument",
      "generate: the prompt has no tokens; give a text, or the token that begins one",
    );
  }
  if (prompt.length >= session.capacity) {
    throw new EdgewrightError(
      "limit-exceeded",
      `generate: a prompt of ${prompt.length} tokens leaves no room in a cache of ${session.capacity}; ` +
        "shorten it, or open a session of larger capacity",
    );
  }
  if (whenFull === "shift" && keep > session.capacity / 4) {
    throw new EdgewrightError(
      "invalid-argument",
      `generate: expected keep of at most a quarter of the cache (${Math.floor(session.capacity / 4)}), got ${keep}`,
    );
  }
  if (options.strategy !== undefined && typeof options.strategy?.start !== "function") {
    throw new EdgewrightError(
      "invalid-argument",
      `generate: expected a strategy such as parallelPromptDecoding() gives, got ${JSON.stringify(options.strategy)}`,
    );
  }
  const sampler = createSampler(options); // checks its options now, not at the first token
  const filter = createStopStringFilter(options.stop);
  const statistics = createStatistics(prompt.length);
  const tokens: number[] = [];
  let started = false;

  async function* pieces(): AsyncGenerator<string, void, undefined> {
    if (started) {
      throw new EdgewrightError("invalid-argument", "generate: a generation can be read once");
    }
    started = true;
    const release = context.acquire();
    try {
      yield* decode();
    } finally {
      release();
    }
  }

  async function* decode(): AsyncGenerator<string, void, undefined> {
    const { signal, ignoreEnd = false } = options;
    const strategy = options.strategy ?? context.strategy;
    const turn = createTurnTaker();
    const isEnd = (token: number): boolean => !ignoreEnd && context.ends.has(token);
    throwIfAborted(signal, "generate");
    const rest = reusePrefix(session, prompt);
    statistics.begin(prompt.length - rest.length);
    const tail = await readPrompt(session, rest, strategy, signal, turn);
    const history = [...prompt];
    const run: DecodingRun = strategy.start({
      session,
      prompt: tail,
      isEnd,
      maxTokens,
      ...(!sampler.argmaxSuffices && {
        choose: (logits) => {
          const token = sampler.sample(logits, history);
          history.push(token);
          return token;
        },
        observe: (token) => history.push(token),
      }),
    });
    statistics.endPrefill();
    const stream = context.tokenizer?.decodeStream();
    let finish: FinishReason | undefined;
    while (finish === undefined) {
      const pause = turn();
      if (pause) await pause;
      throwIfAborted(signal, "generate");
      if (tokens.length >= maxTokens) {
        finish = "length";
        break;
      }
      if (!makeRoom(session, whenFull, keep)) {
        finish = "full";
        break;
      }
      statistics.beginStep();
      const step = run.step();
      statistics.endStep(step);
      let text = "";
      for (const token of step.tokens) {
        if (isEnd(token)) {
          finish = "end";
          break;
        }
        tokens.push(token);
        statistics.count();
        const shown = filter.push(stream ? stream.push(token) : `${token} `);
        text += shown.text;
        if (shown.stop !== undefined) finish = "stop";
        else if (tokens.length >= maxTokens) finish = "length";
        if (finish !== undefined) break;
      }
      if (text !== "") yield text;
    }
    statistics.finish(finish);
    if (finish === "stop") return;
    const end = filter.push(stream?.end() ?? "").text + filter.flush();
    if (end !== "") yield end;
  }

  return {
    [Symbol.asyncIterator]: pieces,
    async text() {
      let text = "";
      for await (const piece of pieces()) text += piece;
      return text;
    },
    tokens,
    statistics: statistics.view,
  };
}

/** Keeps what the cache and the prompt begin with in common; the rest of the prompt is at least one token. */
function reusePrefix(session: CachedSession, prompt: readonly number[]): readonly number[] {
  const most = Math.min(session.length, prompt.length - 1);
  let common = 0;
  while (common < most && session.tokens[common] === prompt[common]) common++;
  session.truncate(common);
  return prompt.slice(common);
}

/** Runs all of a prompt but what one call of the strategy takes, in pieces that can be broken off. */
async function readPrompt(
  session: CachedSession,
  rest: readonly number[],
  { prefillBits }: DecodingStrategy,
  signal: AbortSignal | undefined,
  turn: () => Promise<void> | undefined,
): Promise<readonly number[]> {
  const size = session.model.maxRows;
  const last = Math.max(1, Math.floor(size / 2)); // leaves a strategy rows for what it hangs on the prompt
  let at = 0;
  while (rest.length - at > last) {
    const tokens = rest.slice(at, Math.min(at + size, rest.length - 1));
    session.run({
      tokens,
      logits: "none",
      ...(prefillBits !== undefined && { bits: prefillBits }),
    });
    session.commit(tokens.map((_, row) => row));
    at += tokens.length;
    const pause = turn();
    if (pause) await pause;
    throwIfAborted(signal, "generate");
  }
  return rest.slice(at);
}

/**
 * Whether the cache has room for another token, after forgetting if that is allowed. It forgets when the cache is full
 * and not before, whatever a strategy would like to look ahead: so the text is the same by every strategy.
 */
function makeRoom(session: CachedSession, whenFull: "shift" | "stop", keep: number): boolean {
  if (session.length < session.capacity) return true;
  if (whenFull === "stop") return false;
  session.shift(keep, Math.max(1, (session.length - keep) >> 1));
  return true;
}
