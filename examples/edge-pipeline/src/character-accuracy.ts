/** The part of the characters that was read right: 1 - edit distance / length of the truth, from 0. */
export function characterAccuracy(read: string, truth: string): number {
  if (truth.length === 0) return read.length === 0 ? 1 : 0;
  return Math.max(0, 1 - editDistance([...read], [...truth]) / [...truth].length);
}

/** Fewest insertions, deletions and replacements that turn one sequence into the other (Levenshtein). */
export function editDistance(from: readonly string[], to: readonly string[]): number {
  let row = to.map((_, j) => j + 1);
  row.unshift(0);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      const replaced = row[j]! + (from[i] === to[j] ? 0 : 1);
      next.push(Math.min(replaced, row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
