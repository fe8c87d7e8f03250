import { EdgewrightError } from "@edgewright/core";
import type {
  DecodingRequest,
  DecodingRun,
  DecodingStep,
  DecodingStrategy,
} from "../engine/decoding-strategy.js";

/** What was measured of one of the ways that {@link adaptiveDecoding} chooses among. */
export interface AdaptiveShare {
  readonly name: string;
  /** Running estimate; 0 before the first measurement. */
  readonly tokensPerSecond: number;
  /** Tokens decided by it, in all texts. */
  readonly tokens: number;
}

/** Options of {@link adaptiveDecoding}. */
export interface AdaptiveDecodingOptions {
  /** The ways to choose among: with exact verification at one precision they give the same text. */
  readonly strategies: readonly DecodingStrategy[];
  /** Tokens that a way is tried for. @default 16 */
  readonly probeTokens?: number;
  /** Tokens between two trials of another way at first; doubles up to eight times while the best stays the best. @default 128 */
  readonly probeEvery?: number;
  /** A clock in milliseconds. @default performance.now */
  readonly now?: () => number;
}

/** A strategy that remembers over texts which way was the fastest. */
export interface AdaptiveStrategy extends DecodingStrategy {
  readonly shares: readonly AdaptiveShare[];
}

/** Weight of the latest trial in a running estimate. */
const LATEST = 0.5;

/**
 * Decodes by whichever way gives the most tokens per time here and now: acceptance changes with the text, the cost of
 * a pass with the device and what else runs on it. Every way is tried once; then the fastest goes on, and now and then
 * another is tried again. What was learnt is kept for the next text.
 *
 * @throws EdgewrightError without strategies.
 *
 * @example
 * ```ts
 * const strategy = adaptiveDecoding({
 *   strategies: [plainDecoding(), parallelPromptDecoding({ promptTokens, trees }), selfSpeculation({ draftBits: 3 })],
 * });
 * ```
 */
export function adaptiveDecoding(options: AdaptiveDecodingOptions): AdaptiveStrategy {
  const { strategies, probeTokens = 16, probeEvery = 128 } = options;
  const now = options.now ?? (() => performance.now());
  if (strategies.length === 0) {
    throw new EdgewrightError("invalid-argument", "adaptiveDecoding: expected some strategies");
  }
  const arms = strategies.map((strategy) => ({ strategy, rate: 0, tokens: 0 }));
  let best = 0;
  let interval = probeEvery;
  let sinceProbe = 0;
  let nextProbe = 0;

  const chooseArm = (): { arm: number; tokens: number } => {
    const untried = arms.findIndex((arm) => arm.rate === 0);
    if (untried >= 0) return { arm: untried, tokens: probeTokens };
    if (arms.length > 1 && sinceProbe >= interval) {
      nextProbe = (nextProbe + 1) % arms.length;
      if (nextProbe === best) nextProbe = (nextProbe + 1) % arms.length;
      return { arm: nextProbe, tokens: probeTokens };
    }
    return { arm: best, tokens: Math.max(probeTokens, interval - sinceProbe) };
  };

  const note = (index: number, tokens: number, milliseconds: number): void => {
    const arm = arms[index]!;
    const rate = tokens / Math.max(milliseconds, 1e-6);
    arm.rate = arm.rate === 0 ? rate : (1 - LATEST) * arm.rate + LATEST * rate;
    const before = best;
    best = arms.reduce((b, a, i) => (a.rate > arms[b]!.rate ? i : b), 0);
    if (index === before) sinceProbe += tokens;
    else {
      sinceProbe = 0;
      interval = best === before ? Math.min(interval * 2, probeEvery * 8) : probeEvery;
    }
  };

  return {
    name: `adaptive over ${strategies.map(({ name }) => name).join("; ")}`,
    ...(strategies[0]!.prefillBits !== undefined && { prefillBits: strategies[0]!.prefillBits }),
    get shares() {
      return arms.map(({ strategy, rate, tokens }) => ({
        ...{ name: strategy.name, tokensPerSecond: rate * 1000, tokens },
      }));
    },
    start(request: DecodingRequest): DecodingRun {
      let turn = chooseArm();
      let run = arms[turn.arm]!.strategy.start(request);
      let remaining = request.maxTokens ?? Infinity;
      let left = turn.tokens;
      let pending = -1;
      let index = request.resume?.index ?? -1; // the last decided token is still to be run
      let timed = { tokens: 0, milliseconds: 0 };
      let first = true; // the prompt's pass is not a way's own

      return {
        get nextBits() {
          return run.nextBits;
        },
        step(): DecodingStep {
          const before = now();
          if (left <= 0) {
            note(turn.arm, timed.tokens, timed.milliseconds);
            timed = { tokens: 0, milliseconds: 0 };
            const next = chooseArm();
            left = next.tokens;
            if (next.arm !== turn.arm) {
              const { strategy } = arms[next.arm]!;
              const bits = run.nextBits;
              run = strategy.start({
                ...request,
                prompt: [pending],
                resume: { index, ...(bits !== undefined && { bits }) },
                ...(remaining < Infinity && { maxTokens: remaining }),
              });
            }
            turn = next;
          }
          const step = run.step();
          pending = step.tokens.at(-1)!;
          remaining -= step.tokens.length;
          index += step.tokens.length;
          arms[turn.arm]!.tokens += step.tokens.length;
          left -= step.tokens.length;
          if (!first) {
            timed.tokens += step.tokens.length;
            timed.milliseconds += now() - before;
          }
          first = false;
          return step;
        },
      };
    },
  };
}
