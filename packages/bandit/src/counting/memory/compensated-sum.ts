/**
 * Adds a term to a sum at `index`, whose next element gathers what rounding takes from it (Neumaier 1974): the two
 * together have about twice the digits, so that long sums and differences of large terms stay right.
 */
export function addCompensated(values: Float64Array, index: number, term: number): void {
  const before = values[index]!;
  const after = before + term;
  values[index + 1]! +=
    Math.abs(before) >= Math.abs(term) ? before - after + term : term - after + before;
  values[index] = after;
}
