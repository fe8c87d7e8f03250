import { EdgewrightError } from "@edgewright/core";
import {
  type AcceptanceRates,
  bestCandidates,
  type Candidate,
  endProbabilities,
  expectedAcceptance,
} from "./candidate-tree.js";
import { type SparseTree, type SparseTrees, treeRows } from "./sparse-trees.js";
import { stationaryDistribution } from "./tree-states.js";

/** Options of {@link buildSparseTrees}. */
export interface BuildSparseTreesOptions {
  /** Candidates and prompt tokens of each tree, the root and its prompt tokens not counted. */
  readonly budget: number;
  /**
   * Fewest prompt tokens that pruning leaves under a candidate: 1 as in the paper's builder; 0 lets unlikely
   * candidates go without, at the price of a step with nothing to try behind them.
   *
   * @default 0
   */
  readonly leastPromptTokens?: 0 | 1;
  /** Rows that a prompt token takes. @default 1 */
  readonly ensemble?: number;
}

/** Trees with what is expected of them. */
export interface ExpectedTrees extends SparseTrees {
  /** Long-run share of steps in each state, 0 to n. */
  readonly stateShares: readonly number[];
  /** Mean tokens a step: the root and what is accepted. */
  readonly tokensPerStep: number;
  /** Rows of a pass in each state. */
  readonly rows: readonly number[];
}

/**
 * The dynamic sparse trees of PPD (arXiv:2405.18628, section 4) for a budget of rows. For every state s the
 * candidates with the best scores of depth up to s; under every candidate prompt tokens, of which those are taken
 * away whose loss, probability of ending there x what the state is worth less, is smallest. The states are a Markov
 * chain; the node counts of all states are searched for the most tokens a step in its stationary distribution, one
 * count at a time from several beginnings (the paper's builder walks a grid over two of them).
 *
 * @throws EdgewrightError when the budget is no positive whole number, or for rates that are none.
 *
 * @example
 * ```ts
 * const rates = [[0.48, 0.14, 0.07], [0.26, 0.15, 0.08], [0.16, 0.12, 0.08]];
 * const trees = buildSparseTrees(rates, { budget: 20 });
 * console.log(trees.tokensPerStep, trees.rows);
 * ```
 */
export function buildSparseTrees(
  rates: AcceptanceRates,
  options: BuildSparseTreesOptions,
): ExpectedTrees {
  const { budget, leastPromptTokens = 0, ensemble = 1 } = options;
  const n = rates.length;
  if (!Number.isInteger(budget) || budget < 1) {
    throw new EdgewrightError(
      "invalid-argument",
      `buildSparseTrees: expected a budget of at least one row, got ${budget}`,
    );
  }
  // The best trees of all sizes are the beginnings of one list; rank 0 of a row may be all there is.
  const lists = Array.from({ length: n + 1 }, (_, state) =>
    state === 0 ? [] : bestCandidates(rates, budget, state),
  );
  const most = (state: number): number =>
    Math.min(lists[state]!.length, Math.floor(budget / (1 + leastPromptTokens * ensemble)));
  const ends = lists.map((list) => {
    const cache = new Map<number, number[]>();
    return (count: number): number[] => {
      const found = cache.get(count) ?? endProbabilities(list.slice(0, count));
      cache.set(count, found);
      return found;
    };
  });
  const evaluate = (counts: readonly number[]): Evaluated =>
    evaluateCounts(counts, { lists, ends, budget, ensemble, least: leastPromptTokens });

  const top = (state: number): number => Math.max(1, Math.min(most(state), MOST_CANDIDATES));
  // One count at a time over its whole range until nothing helps. From few and from many candidates: they lead to
  // different states being common.
  const climb = (begin: readonly number[]): Evaluated => {
    let best = evaluate(begin);
    for (let improved = true; improved; ) {
      improved = false;
      for (let state = n; state >= 1; state--) {
        const from = best;
        for (let count = 1; count <= top(state); count++) {
          const tried = evaluate(from.counts.map((c, s) => (s === state ? count : c)));
          if (tried.tokensPerStep <= best.tokensPerStep + 1e-12) continue;
          best = tried;
          improved = true;
        }
      }
    }
    return best;
  };
  const shares = [n + 1, 3, 2, 1];
  const starts = shares.map((share) =>
    lists.map((_, state) =>
      state === 0 ? 0 : Math.max(1, Math.min(top(state), Math.floor(budget / share))),
    ),
  );
  const best = starts
    .map(climb)
    .reduce((a, b) => (b.tokensPerStep > a.tokensPerStep + 1e-12 ? b : a));
  const trees: SparseTree[] = best.counts.map((count, state) => ({
    nodes: lists[state]!.slice(0, count).map(({ path }, i) => ({
      path,
      promptTokens: best.prompts[state]![i]!,
    })),
  }));
  const result = { promptTokens: n, trees };
  return {
    ...result,
    stateShares: best.stateShares,
    tokensPerStep: best.tokensPerStep,
    rows: trees.map((tree) => treeRows(result, tree, ensemble)),
  };
}

/** More in one tree pay on no device that this is for, and the search takes longer than it brings. */
const MOST_CANDIDATES = 256;

interface Evaluated {
  readonly counts: readonly number[];
  readonly prompts: readonly (readonly number[])[];
  readonly stateShares: readonly number[];
  readonly tokensPerStep: number;
}

interface SearchSpace {
  /** For every state the candidates of all depths it knows, best first. */
  readonly lists: readonly (readonly Candidate[])[];
  /** For every state where the accepted path ends in the tree of its first so many candidates. */
  readonly ends: readonly ((count: number) => number[])[];
  readonly budget: number;
  readonly ensemble: number;
  /** Prompt tokens left under every candidate. */
  readonly least: number;
}

function evaluateCounts(
  counts: readonly number[],
  { lists, ends, budget, ensemble, least }: SearchSpace,
): Evaluated {
  const n = counts.length - 1;
  const worth = counts.map((count, state) => expectedAcceptance(lists[state]!.slice(0, count)));
  const transitions = Array.from({ length: n + 1 }, () => new Array<number>(n + 1).fill(0));
  const prompts = counts.map((count, state) => {
    const p = ends[state]!(count);
    const kept = prunePromptTokens(p, worth, n, Math.floor((budget - count) / ensemble), least);
    kept.forEach((a, i) => {
      transitions[a]![state]! += p[i]!;
    });
    transitions[n]![state]! += 1 - sum(p); // nothing accepted: the root has them all
    return kept;
  });
  const stateShares = stationaryDistribution(transitions);
  const accepted = stateShares.reduce((sum, share, state) => sum + share * worth[state]!, 0);
  return { counts, prompts, stateShares, tokensPerStep: 1 + accepted };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/**
 * How many prompt tokens each candidate keeps: all at first, then one is taken away where it costs least until at
 * most `room` are left.
 */
function prunePromptTokens(
  ends: readonly number[],
  worth: readonly number[],
  all: number,
  room: number,
  least: number,
): number[] {
  const kept = ends.map(() => all);
  for (let total = all * ends.length; total > Math.max(room, least * ends.length); total--) {
    let cheapest = -1;
    let smallest = Infinity;
    for (let i = 0; i < kept.length; i++) {
      const a = kept[i]!;
      if (a <= least) continue;
      const loss = ends[i]! * (worth[a]! - worth[a - 1]!);
      if (loss < smallest) {
        smallest = loss;
        cheapest = i;
      }
    }
    kept[cheapest]!--;
  }
  return kept;
}
