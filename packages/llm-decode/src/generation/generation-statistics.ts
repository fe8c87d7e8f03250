import type { DecodingStep } from "../engine/decoding-strategy.js";
import type { FinishReason, GenerationStatistics } from "./generation.js";

/** Counts and clocks of a generation, and the live view of them that users see. */
export interface StatisticsRecorder {
  readonly view: GenerationStatistics;
  begin(reusedTokens: number): void;
  endPrefill(): void;
  beginStep(): void;
  endStep(step: DecodingStep): void;
  /** One token more has been given to the user. */
  count(): void;
  finish(reason: FinishReason): void;
}

/** Starts with nothing counted. */
export function createStatistics(promptTokens: number): StatisticsRecorder {
  let reused = 0;
  let began = 0;
  let firstToken = 0;
  let prefillMs = 0;
  let decodeMs = 0;
  let firstStepMs = 0;
  let firstStepTokens = 0;
  let stepBegan = 0;
  let tokens = 0;
  let steps = 0;
  let passes = 0;
  let rows = 0;
  let bits = 0;
  let tokensWithBits = 0;
  let reason: FinishReason | undefined;
  const perSecond = (count: number, ms: number): number => (ms > 0 ? (count * 1000) / ms : 0);
  const view: GenerationStatistics = {
    promptTokens,
    get reusedTokens() {
      return reused;
    },
    get tokens() {
      return tokens;
    },
    get steps() {
      return steps;
    },
    get tokensPerStep() {
      return steps === 0 ? 0 : tokens / steps;
    },
    get passes() {
      return passes;
    },
    get rows() {
      return rows;
    },
    get meanBits() {
      return tokensWithBits === 0 ? undefined : bits / tokensWithBits;
    },
    get timeToFirstToken() {
      return firstToken;
    },
    get prefillMs() {
      return prefillMs;
    },
    get decodeMs() {
      return decodeMs;
    },
    get prefillTokensPerSecond() {
      return perSecond(promptTokens - reused, prefillMs);
    },
    get tokensPerSecond() {
      return perSecond(tokens - firstStepTokens, decodeMs - firstStepMs);
    },
    get finish() {
      return reason;
    },
  };
  return {
    view,
    begin(reusedTokens) {
      reused = reusedTokens;
      began = performance.now();
    },
    endPrefill() {
      prefillMs = performance.now() - began;
    },
    beginStep() {
      stepBegan = performance.now();
    },
    endStep(step) {
      const now = performance.now();
      decodeMs += now - stepBegan;
      if (steps === 0) {
        firstToken = now - began;
        firstStepMs = decodeMs;
        firstStepTokens = step.tokens.length;
      }
      steps++;
      passes += step.passes;
      rows += step.rows;
      if (step.bits !== undefined) {
        bits += step.bits * step.tokens.length;
        tokensWithBits += step.tokens.length;
      }
    },
    count() {
      tokens++;
    },
    finish(value) {
      reason = value;
    },
  };
}
