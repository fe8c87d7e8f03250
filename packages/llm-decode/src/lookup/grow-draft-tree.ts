import type { Continuation } from "./continuation-table.js";

/** Guesses as rows of a pass, behind row 0, the token decided last. */
export interface DraftTree {
  readonly tokens: number[];
  readonly parents: number[];
  readonly children: number[][];
  /** Probability that each row's token and all before it are right; 1 for row 0. */
  readonly probabilities: number[];
}

/** Options of {@link growDraftTree}. */
export interface GrowDraftTreeOptions {
  /** The text that the first row's token ends; at least that token. */
  readonly context: readonly number[];
  /** Tokens of context that `continuations` looks at. */
  readonly order: number;
  readonly continuations: (context: readonly number[]) => readonly Continuation[];
  readonly maxRows: number;
  readonly maxDepth: number;
  /** Time of a pass by its rows, in any unit. */
  readonly passTime: (rows: number) => number;
  /** Tokens per time that is reached otherwise: a row must bring more than this for the time it takes. */
  readonly rate: number;
}

interface Open extends Continuation {
  readonly parent: number;
}

/**
 * The tree of guesses that brings most: the likeliest ones first, as many as maximise expected tokens less
 * rate x time, since that is what makes the mean rate largest (the renewal-reward argument of Dinkelbach's method).
 */
export function growDraftTree(options: GrowDraftTreeOptions): DraftTree {
  const { context, order, continuations, maxRows, maxDepth, passTime, rate } = options;
  const tokens = [context.at(-1)!];
  const parents = [-1];
  const probabilities = [1];
  const depths = [0];
  const contexts: number[][] = [context.slice(-order)];
  const open: Open[] = [];
  const offer = (row: number): void => {
    if (depths[row]! >= maxDepth) return;
    for (const { token, probability } of continuations(contexts[row]!)) {
      open.push({ token, probability: probability * probabilities[row]!, parent: row });
    }
  };
  offer(0);
  let gain = 0;
  let bestGain = 0;
  let bestRows = 1;
  while (tokens.length < maxRows && open.length > 0) {
    let next = 0;
    for (let i = 1; i < open.length; i++) {
      if (open[i]!.probability > open[next]!.probability) next = i;
    }
    const { token, probability, parent } = open.splice(next, 1)[0]!;
    const rows = tokens.length;
    gain += probability - rate * (passTime(rows + 1) - passTime(rows));
    // What is to come can at best be as likely: far below, nothing will make up for it.
    if (gain + (maxRows - rows) * probability < bestGain) break;
    tokens.push(token);
    parents.push(parent);
    probabilities.push(probability);
    depths.push(depths[parent]! + 1);
    contexts.push([...contexts[parent]!, token].slice(-order));
    offer(rows);
    if (gain > bestGain) {
      bestGain = gain;
      bestRows = rows + 1;
    }
  }
  tokens.length = bestRows;
  parents.length = bestRows;
  probabilities.length = bestRows;
  const children: number[][] = tokens.map(() => []);
  for (let row = 1; row < bestRows; row++) children[parents[row]!]!.push(row);
  return { tokens, parents, children, probabilities };
}
