import { EdgewrightError } from "@edgewright/core";

/**
 * How often guesses are right: `rates[k][r]` is the probability that, `k + 2` tokens ahead, the true token is the one
 * that a prompt token ranks `r`-th (from 0). One row a prompt token, rows of one length.
 */
export type AcceptanceRates = readonly (readonly number[])[];

/** A guess at the next tokens, by ranks: `[0, 2]` is the likeliest next token, then the third likeliest behind it. */
export interface Candidate {
  readonly path: readonly number[];
  /** Probability that all tokens of the path are right, if the distances were independent. */
  readonly score: number;
}

/**
 * The `count` candidates with the best scores, best first, among paths of at most `maxDepth` tokens. Scores only
 * fall along a path, so every prefix of a chosen path is chosen, too (PPD, arXiv:2405.18628, section 4.1).
 *
 * @throws EdgewrightError when the rates are not rows of one length of numbers from 0 to 1 that do not rise.
 */
export function bestCandidates(
  rates: AcceptanceRates,
  count: number,
  maxDepth: number = rates.length,
): Candidate[] {
  checkRates(rates);
  const ranks = rates[0]!.length;
  const depthLimit = Math.min(maxDepth, rates.length);
  const chosen: Candidate[] = [];
  // What may come next: the first child and the next sibling of what was chosen, at most two more a round.
  const open: Candidate[] = [];
  const offer = (path: readonly number[], prefixScore: number): void => {
    const rank = path.at(-1)!;
    if (path.length > depthLimit || rank >= ranks) return;
    open.push({ path, score: prefixScore * rates[path.length - 1]![rank]! });
  };
  const scores = new Map<string, number>([["", 1]]);
  offer([0], 1);
  while (chosen.length < count && open.length > 0) {
    let best = 0;
    for (let i = 1; i < open.length; i++) if (comesBefore(open[i]!, open[best]!)) best = i;
    const [next] = open.splice(best, 1);
    const { path, score } = next!;
    chosen.push(next!);
    scores.set(path.join(), score);
    offer([...path, 0], score);
    const prefix = path.slice(0, -1);
    offer([...prefix, path.at(-1)! + 1], scores.get(prefix.join())!);
  }
  return chosen;
}

/** Whether a candidate is taken first: by score; among equals the shorter, then the better rank, so that prefixes come first. */
function comesBefore(a: Candidate, b: Candidate): boolean {
  if (a.score !== b.score) return a.score > b.score;
  if (a.path.length !== b.path.length) return a.path.length < b.path.length;
  for (let i = 0; i < a.path.length; i++) {
    if (a.path[i] !== b.path[i]) return a.path[i]! < b.path[i]!;
  }
  return false;
}

/** Expected tokens accepted from a tree: the probabilities of all its nodes. */
export function expectedAcceptance(candidates: readonly Candidate[]): number {
  return candidates.reduce((sum, { score }) => sum + score, 0);
}

/**
 * Probability, for every candidate, that the accepted path ends there: its score less those of its children in the
 * tree.
 */
export function endProbabilities(candidates: readonly Candidate[]): number[] {
  const index = new Map(candidates.map(({ path }, i) => [path.join(), i]));
  const ends = candidates.map(({ score }) => score);
  for (const { path, score } of candidates) {
    const parent = index.get(path.slice(0, -1).join());
    if (parent !== undefined) ends[parent]! -= score;
  }
  return ends;
}

function checkRates(rates: AcceptanceRates): void {
  const ranks = rates[0]?.length ?? 0;
  const sound = rates.every(
    (row) =>
      row.length === ranks &&
      row.every((rate, r) => rate >= 0 && rate <= 1 && rate <= (row[r - 1] ?? 1)),
  );
  if (ranks > 0 && sound) return;
  throw new EdgewrightError(
    "invalid-argument",
    "bestCandidates: expected a row of acceptance rates from 0 to 1 for each prompt token, not rising with the rank; " +
      "sortedRates() puts measured ones in order",
  );
}

/**
 * Measured rates with every row in falling order: a tree takes ranks in their order, and a measured row rises by
 * chance here and there.
 */
export function sortedRates(rates: AcceptanceRates): number[][] {
  return rates.map((row) => [...row].sort((a, b) => b - a));
}
