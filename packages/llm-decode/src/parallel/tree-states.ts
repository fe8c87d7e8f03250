import { EdgewrightError } from "@edgewright/core";

/**
 * The long-run shares of the states of a Markov chain: pi with E pi = pi and sum 1, where `transitions[j][d]` is the
 * probability to go from state `d` to state `j` (columns sum to 1).
 *
 * Solved by Gaussian elimination with one row replaced by the sum; states that are never entered have share 0.
 *
 * @throws EdgewrightError `"diverged"` when the chain falls apart, so that shares depend on where it began.
 */
export function stationaryDistribution(transitions: readonly (readonly number[])[]): number[] {
  const n = transitions.length;
  const rows = transitions.map((row, j) => [
    ...row.map((p, d) => (j === n - 1 ? 1 : p - (j === d ? 1 : 0))),
    j === n - 1 ? 1 : 0,
  ]);
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let j = k + 1; j < n; j++) {
      if (Math.abs(rows[j]![k]!) > Math.abs(rows[pivot]![k]!)) pivot = j;
    }
    if (!(Math.abs(rows[pivot]![k]!) > 1e-12)) {
      throw new EdgewrightError(
        "diverged",
        "stationaryDistribution: some states are never left, so that their shares depend on the first state",
      );
    }
    [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
    for (let j = 0; j < n; j++) {
      if (j === k) continue;
      const factor = rows[j]![k]! / rows[k]![k]!;
      for (let c = k; c <= n; c++) rows[j]![c]! -= factor * rows[k]![c]!;
    }
  }
  return rows.map((row, k) => Math.max(0, row[n]! / row[k]!));
}
