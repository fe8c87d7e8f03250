import { EdgewrightError } from "@edgewright/core";
import type {
  DecoderSession,
  DecodingRequest,
  DecodingRun,
  DecodingStep,
  DecodingStrategy,
  Logits,
} from "../engine/decoding-strategy.js";
import { cacheFull, chooseToken, runPrompt } from "../engine/run-prompt.js";
import { type PassTimes, passTime } from "../parallel/hardware-aware-size.js";
import { likeliestTokens, meanLogits } from "../parallel/likeliest-tokens.js";
import { checkPromptTokens, type PromptTokens, promptChain } from "../parallel/prompt-tokens.js";
import { checkModelWidths, type DecodingPrecision } from "../precision/precision-scheduler.js";
import { trackPrecision } from "../precision/precision-track.js";
import { normalizer } from "../precision/token-probability.js";
import { verifyTree } from "../speculation/verify-tree.js";
import {
  type ContinuationTable,
  createContinuationTable,
  type PredictionPrior,
} from "./continuation-table.js";
import { createDraftTreeGrower, type DraftTree } from "./grow-draft-tree.js";

/** Options of {@link lookupDecoding}. */
export interface LookupDecodingOptions {
  /** What is known of the model's texts. @default an empty one, which learns from the prompt and what is decoded */
  readonly table?: ContinuationTable;
  /** Whether the table also learns the prompt and what is decoded. @default true */
  readonly learn?: boolean;
  /**
   * Trained prompt tokens, whose predictions decide where the table knows little: parallel prompt decoding with the
   * table's correction. They take rows of their own. @default none
   */
  readonly promptTokens?: PromptTokens;
  /** Probability that the accepted path ends at a row from which on prompt tokens are hung under it. @default 0.3 */
  readonly leastEnd?: number;
  /** Most rows of a pass, those of prompt tokens not counted. @default 12, or what the session takes */
  readonly maxRows?: number;
  /** Longest guess in tokens. @default 8 */
  readonly maxDepth?: number;
  /** Guesses tried at one place. @default 3 */
  readonly branches?: number;
  /** Measured on the device: {@link measurePassTimes}. @default a further row costs 0.3 of the first */
  readonly passTimes?: PassTimes;
  /** Bit width of the passes, or the scheduler that chooses it. @default the model's widest */
  readonly precision?: DecodingPrecision;
  /** Bit width of the prompt. @default the widest */
  readonly prefillBits?: number;
}

/** Guesses of a prompt token that are taken up. */
const PRIOR_TOKENS = 6;

/** Weight of the latest step in the running rate. */
const LATEST = 0.02;

/**
 * Speculative decoding whose drafts are looked up instead of computed: what followed the last few tokens in the
 * model's own texts, in the prompt and in what was decoded so far (as prompt lookup decoding and REST, He et al.,
 * arXiv:2311.08252, look it up). Every pass checks a tree of guesses that is grown anew, as large as its probabilities
 * and the measured times of passes say that it pays. With the chooser deciding every token the text is the one of plain
 * decoding.
 *
 * Small models say much that can be foretold, word endings above all; there this brings more than prompt tokens, whose
 * guesses need a model with depth to spare.
 *
 * @throws EdgewrightError for sizes out of range; at the start for widths that the model does not have.
 *
 * @example
 * ```ts
 * const strategy = lookupDecoding({ table: readContinuationTable(bytes), passTimes });
 * for await (const piece of lm.generate("Once upon a time", { strategy })) show(piece);
 * ```
 */
export function lookupDecoding(options: LookupDecodingOptions = {}): DecodingStrategy {
  const where = "lookupDecoding";
  const { learn = true, maxDepth = 8, branches = 3, precision, prefillBits, passTimes } = options;
  const { maxRows = 12, promptTokens, leastEnd = 0.3 } = options;
  if (promptTokens) checkPromptTokens(where, promptTokens);
  const table = options.table ?? createContinuationTable();
  for (const [name, value] of Object.entries({ maxRows, maxDepth, branches })) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: expected ${name} to be a whole number from 1, got ${value}`,
    );
  }
  const timeOf = memoize((rows) => (passTimes ? passTime(passTimes, rows) : 0.7 + 0.3 * rows));
  const grow = createDraftTreeGrower({ table, maxRows, branches, passTime: timeOf });
  let rate = 1.2 / timeOf(1); // tokens per time of a pass; settles within some fifty steps

  /** Appends prompt tokens under the rows at which the accepted path may well end; the first row of each chain. */
  const hangPromptTokens = (
    { ends }: DraftTree,
    tokens: number[],
    parents: number[],
    session: DecoderSession,
  ): number[] => {
    const first: number[] = [];
    if (!promptTokens) return first;
    const { maxRows, config } = session.model;
    const room = Math.min(maxRows, session.capacity - session.length);
    for (const [row, end] of ends.entries()) {
      const at = tokens.length;
      if (end < leastEnd || at + promptTokens.count * promptTokens.ensemble > room) continue;
      const chain = promptChain(promptTokens, config.vocabSize, promptTokens.count, row, at);
      tokens.push(...chain.tokens);
      parents.push(...chain.parents);
      first[row] = at;
    }
    return first;
  };

  const readPriors = (
    logits: Logits,
    first: number | undefined,
  ): readonly PredictionPrior[] | undefined => {
    if (!promptTokens || first === undefined) return undefined;
    const { count, ensemble } = promptTokens;
    return Array.from({ length: count }, (_, k) => {
      const rows = Array.from({ length: ensemble }, (_, j) => logits.row(first + k * ensemble + j));
      const averaged = meanLogits(rows);
      const { largest, sum } = normalizer(averaged);
      const tokens = likeliestTokens(averaged, PRIOR_TOKENS);
      const probabilities = Float64Array.from(
        tokens,
        (t) => Math.exp(averaged[t]! - largest) / sum,
      );
      return { tokens, probabilities };
    });
  };

  return {
    name: `lookup, at most ${maxRows} rows${promptTokens ? ", with prompt tokens" : ""}`,
    ...(prefillBits !== undefined && { prefillBits }),
    start(request: DecodingRequest): DecodingRun {
      const { session, prompt, resume } = request;
      checkModelWidths(where, session, [prefillBits]);
      const track = trackPrecision(where, session, precision, resume);
      const begun = runPrompt(session, prompt, resume ? track.bits : prefillBits);
      track.advance(resume ? 1 : 0, () => begun.logits.row(begun.lastRow));
      let remaining = request.maxTokens ?? Number.POSITIVE_INFINITY;
      // The prompt may be the end of a text that the cache held before.
      const text = session.tokens?.slice() ?? Array.from(prompt);
      if (learn && resume === undefined) table.learn(text, text.length - prompt.length);
      let started = false;
      let priors: readonly PredictionPrior[] | undefined;
      if (promptTokens) session.setPromptEmbeddings(promptTokens.embeddings);

      const decide = (tokens: readonly number[]): void => {
        const from = text.length;
        text.push(...tokens);
        remaining -= tokens.length;
        if (learn) table.learn(text, from);
        if (text.length > 4096) text.splice(0, 2048); // only the end is looked at
      };

      return {
        get nextBits() {
          return track.bits;
        },
        step(): DecodingStep {
          if (!started) {
            started = true;
            decide([chooseToken(request, begun.logits, begun.lastRow)]);
            return { tokens: text.slice(-1), passes: begun.passes, rows: begun.rows };
          }
          const room = Math.min(session.capacity - session.length, session.model.maxRows, maxRows);
          if (room < 1) throw cacheFull(where);
          const { bits } = track;
          const atBits = bits === undefined ? {} : { bits };
          const depth = Math.min(maxDepth, remaining - 1);
          const tree = grow(text, rate, { maxRows: room, maxDepth: depth }, priors);
          const tokens = [...tree.tokens];
          const parents = [...tree.parents];
          const hung = hangPromptTokens(tree, tokens, parents, session);
          const rows = tokens.length;
          const logits = session.run({
            tokens,
            ...(rows > 1 && { parents }),
            // Nearly all rows of so small a tree are read; together they cost less.
            logits: hung.length === 0 && tree.tokens.length <= 8 ? "all" : "lazy",
            ...atBits,
          });
          const { path, decided } = verifyTree(request, track, tree, logits, remaining);
          priors = readPriors(logits, hung[path.at(-1)!]);
          session.commit(path);
          decide(decided);
          rate += LATEST * (decided.length / timeOf(rows) - rate);
          return { tokens: decided, passes: 1, rows, ...atBits };
        },
      };
    },
  };
}

function memoize(time: (rows: number) => number): (rows: number) => number {
  const known: number[] = [];
  return (rows) => {
    known[rows] ??= time(rows);
    return known[rows];
  };
}
