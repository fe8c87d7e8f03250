import type { ContinuationTable, PredictionPrior } from "./continuation-table.js";

/** Guesses as rows of a pass, behind row 0, the token decided last. */
export interface DraftTree {
  readonly tokens: readonly number[];
  readonly parents: readonly number[];
  readonly children: readonly (readonly number[])[];
  /** Probability that the accepted path ends at each row. */
  readonly ends: readonly number[];
}

/** Limits of the trees that {@link createDraftTreeGrower} grows. */
interface DraftTreeLimits {
  /** Rows, the first included. */
  readonly maxRows: number;
  /** Longest guess in tokens. */
  readonly maxDepth: number;
}

/** Grows the tree behind a text; `priors[d]` are guesses of another source at the token `d + 1` behind its end. */
export type GrowDraftTree = (
  text: readonly number[],
  rate: number,
  limits: DraftTreeLimits,
  priors?: readonly PredictionPrior[],
) => DraftTree;

/** Options of {@link createDraftTreeGrower}. */
export interface DraftTreeGrowerOptions {
  readonly table: ContinuationTable;
  /** Most rows that any tree may have. */
  readonly maxRows: number;
  /** Guesses tried at one place. */
  readonly branches: number;
  /** Time of a pass by its rows, in any unit. */
  readonly passTime: (rows: number) => number;
}

/** Less likely guesses are not looked at: no row costs so little. */
const LEAST_PROBABILITY = 0.01;

/**
 * Grows trees of guesses behind a text. Each is the one that brings most: the likeliest guesses first, as many as
 * maximise expected tokens less rate x time, where `rate` is the tokens per time that is reached otherwise; that is what
 * makes the mean rate largest (Dinkelbach's method for the ratio of two sums).
 *
 * Memory is taken once: a tree is grown before every pass of models that take microseconds for one.
 */
export function createDraftTreeGrower(options: DraftTreeGrowerOptions): GrowDraftTree {
  const { table, branches, passTime } = options;
  const { order } = table;
  const most = options.maxRows;
  const depths = new Int32Array(most);
  const reached = new Float64Array(most);
  const context = new Int32Array(order);
  const found = new Int32Array(branches);
  const shares = new Float64Array(branches);
  // Guesses that may be taken next.
  const openTokens = new Int32Array(most * branches + branches);
  const openParents = new Int32Array(openTokens.length);
  const openShares = new Float64Array(openTokens.length);

  return (text, rate, { maxRows, maxDepth }, priors) => {
    const tokens = [text.at(-1)!];
    const parents = [-1];
    depths[0] = 0;
    reached[0] = 1;
    let open = 0;

    const offer = (row: number): void => {
      if (depths[row]! >= maxDepth) return;
      // The row's tokens from the last back to the root, then the text before it.
      let length = 0;
      let at = row;
      for (; at > 0 && length < order; at = parents[at]!) context[order - ++length] = tokens[at]!;
      for (let i = text.length - 1; i >= 0 && length < order && at <= 0; i--) {
        context[order - ++length] = text[i]!;
      }
      if (length < order) context.copyWithin(0, order - length);
      const count = table.predict(context, length, found, shares, priors?.[depths[row]!]);
      for (let i = 0; i < count; i++) {
        const share = shares[i]! * reached[row]!;
        if (share < LEAST_PROBABILITY) break;
        openTokens[open] = found[i]!;
        openParents[open] = row;
        openShares[open++] = share;
      }
    };

    offer(0);
    let gain = 0;
    let bestGain = 0;
    let bestRows = 1;
    while (tokens.length < maxRows && open > 0) {
      let next = 0;
      for (let i = 1; i < open; i++) if (openShares[i]! > openShares[next]!) next = i;
      const share = openShares[next]!;
      const rows = tokens.length;
      gain += share - rate * (passTime(rows + 1) - passTime(rows));
      // What is to come can at best be as likely: far below, nothing will make up for it.
      if (gain + (maxRows - rows) * share < bestGain) break;
      tokens.push(openTokens[next]!);
      parents.push(openParents[next]!);
      depths[rows] = depths[openParents[next]!]! + 1;
      reached[rows] = share;
      open--;
      openTokens[next] = openTokens[open]!;
      openParents[next] = openParents[open]!;
      openShares[next] = openShares[open]!;
      offer(rows);
      if (gain > bestGain) {
        bestGain = gain;
        bestRows = rows + 1;
      }
    }
    tokens.length = bestRows;
    parents.length = bestRows;
    const children: number[][] = tokens.map(() => []);
    const ends = tokens.map((_, row) => reached[row]!);
    for (let row = 1; row < bestRows; row++) {
      children[parents[row]!]!.push(row);
      ends[parents[row]!]! -= reached[row]!;
    }
    return { tokens, parents, children, ends };
  };
}
