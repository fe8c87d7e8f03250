import { EdgewrightError } from "@edgewright/core";
import type {
  DecodingRequest,
  DecodingRun,
  DecodingStep,
  DecodingStrategy,
  Logits,
} from "../engine/decoding-strategy.js";
import { cacheFull, chooseToken, runPrompt } from "../engine/run-prompt.js";
import { checkModelWidths, type DecodingPrecision } from "../precision/precision-scheduler.js";
import { trackPrecision } from "../precision/precision-track.js";
import { type VerifiedPath, verifyTree } from "../speculation/verify-tree.js";
import { likeliestTokens, meanLogits } from "./likeliest-tokens.js";
import { checkPromptTokens, type PromptTokens, promptChain } from "./prompt-tokens.js";
import { chainTrees, mostTreeRows, type SparseTrees } from "./sparse-trees.js";
import { layOutTree, type TreeLayout } from "./tree-layout.js";
import { typicalTest, type Verification } from "./verification.js";

/** Options of {@link parallelPromptDecoding}. */
export interface ParallelPromptOptions {
  readonly promptTokens: PromptTokens;
  /** What each pass tries: {@link chooseTreeSize} finds what pays on a device. @default a chain of the likeliest tokens */
  readonly trees?: SparseTrees;
  /** @default "exact" */
  readonly verification?: Verification;
  /** Bit width of the passes, or the scheduler that chooses it. @default the model's widest */
  readonly precision?: DecodingPrecision;
  /** Bit width of the prompt. @default the widest */
  readonly prefillBits?: number;
}

/**
 * Parallel prompt decoding (PPD; Chen et al., EMNLP Findings 2025, arXiv:2405.18628): every pass runs the last token,
 * a tree of guesses at what follows, and trained prompt tokens whose predictions are the guesses of the next pass.
 * With exact verification the text is the one of plain decoding, token for token.
 *
 * @throws EdgewrightError when trees ask for more prompt tokens than there are; at the start when the session takes
 * fewer rows a call than the trees have or the model is another one.
 *
 * @example
 * ```ts
 * const { promptTokens, trees } = readPromptTokens(await (await fetch("stories.prompt-tokens.safetensors")).bytes());
 * const strategy = parallelPromptDecoding({ promptTokens, trees });
 * for await (const piece of lm.generate("Once upon a time", { strategy })) show(piece);
 * ```
 */
export function parallelPromptDecoding(options: ParallelPromptOptions): DecodingStrategy {
  const where = "parallelPromptDecoding";
  const { promptTokens, prefillBits, precision, verification = "exact" } = options;
  checkPromptTokens(where, promptTokens);
  const trees = options.trees ?? chainTrees(promptTokens.count);
  if (trees.promptTokens > promptTokens.count) {
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: the trees hang ${trees.promptTokens} prompt tokens under a token, there are ${promptTokens.count}`,
    );
  }
  const { ensemble, dim, embeddings } = promptTokens;
  const ranks =
    1 + Math.max(0, ...trees.trees.flatMap(({ nodes }) => nodes.flatMap((n) => n.path)));
  let laidOut: { vocabSize: number; layouts: readonly TreeLayout[] } | undefined;

  return {
    name: `prompt tokens, ${mostTreeRows(trees, ensemble)} rows`,
    ...(prefillBits !== undefined && { prefillBits }),
    start(request: DecodingRequest): DecodingRun {
      const { session, prompt, isEnd, observe, resume } = request;
      const { config, maxRows } = session.model;
      const { vocabSize } = config;
      const rows = mostTreeRows(trees, ensemble);
      if (config.dim !== dim || rows > maxRows || ranks > vocabSize) {
        throw new EdgewrightError(
          "invalid-argument",
          `${where}: prompt tokens of dimension ${dim} and trees of ${rows} rows do not fit a model of dimension ` +
            `${config.dim} and a session that takes ${maxRows} rows a call (maxRows, at most its capacity)`,
        );
      }
      checkModelWidths(where, session, [prefillBits]);
      const track = trackPrecision(where, session, precision, resume);
      if (laidOut?.vocabSize !== vocabSize) {
        const layouts = trees.trees.map((tree) => layOutTree(trees, tree, ensemble, vocabSize));
        laidOut = { vocabSize, layouts };
      }
      const { layouts } = laidOut;
      session.setPromptEmbeddings(embeddings);
      const suffix = promptChain(promptTokens, vocabSize, trees.promptTokens);
      const begun = runPrompt(session, prompt, resume ? track.bits : prefillBits, suffix);
      track.advance(resume ? 1 : 0, () => begun.logits.row(begun.lastRow));
      let remaining = request.maxTokens ?? Infinity;
      let first: typeof begun | undefined = begun;
      let pending = -1;
      /** Guesses by distance: the state of the dynamic tree is how many there are. */
      let guesses: Int32Array[] = [];

      const readGuesses = (logits: Logits, start: number, length: number): void => {
        guesses = Array.from({ length }, (_, k) => {
          const from = start + k * ensemble;
          const averaged = meanLogits(
            Array.from({ length: ensemble }, (_, j) => logits.row(from + j)),
          );
          return likeliestTokens(averaged, ranks);
        });
      };

      const firstStep = ({
        logits,
        lastRow,
        suffixRun,
        passes,
        rows,
      }: typeof begun): DecodingStep => {
        pending = chooseToken(request, logits, lastRow);
        if (suffixRun && remaining > 1) readGuesses(logits, lastRow + 1, trees.promptTokens);
        return { tokens: [pending], passes, rows };
      };

      /** The longest path of likely tokens, the first among equals, and the chooser's token behind it. */
      const verifyTypically = (layout: TreeLayout, logits: Logits): VerifiedPath => {
        let longest = [0];
        const visit = (path: number[]): void => {
          const node = path.at(-1)!;
          if (path.length > longest.length) longest = path;
          const ended = node > 0 && isEnd?.(layout.tokens[node]!);
          if (ended || path.length > remaining || layout.children[node]!.length === 0) return;
          const accepts = typicalTest(
            logits.row(node),
            verification as Exclude<Verification, "exact">,
          );
          for (const child of layout.children[node]!) {
            if (accepts(layout.tokens[child]!)) visit([...path, child]);
          }
        };
        visit([0]);
        const decided = longest.slice(1).map((row) => layout.tokens[row]!);
        // A token that ends the text or the request is decided but not run: the cache ends before it.
        const last = decided.at(-1);
        if (last !== undefined && (decided.length >= remaining || isEnd?.(last))) {
          for (const token of decided) observe?.(token);
          return { path: longest.slice(0, -1), decided };
        }
        for (const token of decided) observe?.(token);
        decided.push(chooseToken(request, logits, longest.at(-1)!));
        return { path: longest, decided };
      };

      return {
        get nextBits() {
          return track.bits;
        },
        step(): DecodingStep {
          if (first) {
            const step = firstStep(first);
            first = undefined;
            remaining -= 1;
            return step;
          }
          const room = session.capacity - session.length;
          if (room < 1) throw cacheFull(where);
          const { bits } = track;
          const atBits = bits === undefined ? {} : { bits };
          const layout = layouts[guesses.length]!;
          if (remaining <= 1 || layout.rows > room) {
            // The last tokens of a request or of a cache: nothing to look ahead for, or no room to.
            const logits = session.run({ tokens: [pending], logits: "last", ...atBits });
            session.commit([0]);
            pending = chooseToken(request, logits, 0);
            track.advance(1, () => logits.row(0));
            guesses = [];
            remaining -= 1;
            return { tokens: [pending], passes: 1, rows: 1, ...atBits };
          }
          const { tokens, nodes, depths, ranks: rank } = layout;
          tokens[0] = pending;
          for (let row = 1; row < nodes; row++) {
            tokens[row] = guesses[depths[row]! - 1]![rank[row]!]!;
          }
          const logits = session.run({
            tokens,
            parents: layout.parents,
            logits: "lazy",
            ...atBits,
          });
          const { path, decided } =
            verification === "exact"
              ? verifyTree(request, track, layout, logits, remaining)
              : verifyTypically(layout, logits);
          const node = path.at(-1)!;
          remaining -= decided.length;
          readGuesses(logits, layout.chainStarts[node]!, layout.chainLengths[node]!);
          session.commit(path);
          pending = decided.at(-1)!;
          if (verification !== "exact") track.advance(decided.length, () => logits.row(node));
          return { tokens: decided, passes: 1, rows: layout.rows, ...atBits };
        },
      };
    },
  };
}
