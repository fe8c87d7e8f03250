/** A choice with a cost and a benefit. */
export interface TradeOff {
  /** Less is better. */
  readonly cost: number;
  /** More is better. */
  readonly benefit: number;
}

/**
 * The choices that no other beats: none is at most as costly and at least as good, and better in one of
 * both; of equal ones the first stays. From the cheapest to the dearest.
 *
 * @param measure cost and benefit of a choice
 */
export function paretoFront<T>(choices: readonly T[], measure: (choice: T) => TradeOff): T[] {
  const front: T[] = [];
  let best = -Infinity;
  const sorted = choices
    .map((choice) => ({ choice, ...measure(choice) }))
    .sort((a, b) => a.cost - b.cost || b.benefit - a.benefit);
  for (const { choice, benefit } of sorted) {
    if (benefit <= best) continue;
    best = benefit;
    front.push(choice);
  }
  return front;
}
