/** How much of a reference a text repeats in order; each from 0 to 1. */
export interface RougeScore {
  /** Longest common subsequence over the length of the candidate. */
  readonly precision: number;
  /** Longest common subsequence over the length of the reference. */
  readonly recall: number;
  /** Harmonic mean of both. */
  readonly f1: number;
}

/**
 * ROUGE-L: the longest common subsequence of a candidate and a reference (Lin: ROUGE, a Package for Automatic
 * Evaluation of Summaries; 2004), of words, token ids or anything that compares by `===`. Two empty sequences agree.
 *
 * @example
 * ```ts
 * rougeL(rougeWords("the cat sat"), rougeWords("The cat sat down.")).f1; // 6/7
 * ```
 */
export function rougeL(
  candidate: ArrayLike<string | number>,
  reference: ArrayLike<string | number>,
): RougeScore {
  if (candidate.length === 0 && reference.length === 0) return { precision: 1, recall: 1, f1: 1 };
  const common = longestCommonSubsequence(candidate, reference);
  if (common === 0) return { precision: 0, recall: 0, f1: 0 };
  const precision = common / candidate.length;
  const recall = common / reference.length;
  return { precision, recall, f1: (2 * precision * recall) / (precision + recall) };
}

/** The words that ROUGE compares: runs of letters and digits, in lower case. */
export function rougeWords(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** The length of the longest common subsequence, in time a x b and memory b. */
export function longestCommonSubsequence(
  a: ArrayLike<string | number>,
  b: ArrayLike<string | number>,
): number {
  const best = new Uint32Array(b.length + 1); // of a's beginning and the first j of b
  for (let i = 0; i < a.length; i++) {
    let diagonal = 0;
    for (let j = 0; j < b.length; j++) {
      const above = best[j + 1]!;
      best[j + 1] = a[i] === b[j] ? diagonal + 1 : Math.max(above, best[j]!);
      diagonal = above;
    }
  }
  return best[b.length]!;
}
