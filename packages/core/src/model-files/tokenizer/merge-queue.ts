/**
 * Joins neighbouring symbols of a text, best score first and leftmost of equals, until no two neighbours make
 * a token: the greedy merging of SentencePiece's byte-pair encoding, O(n log n).
 *
 * @param symbols characters of the text
 * @param scoreOf the score of a token with this text, or undefined where there is none
 * @returns the texts that are left, in order
 */
export function mergeSymbols(
  symbols: readonly string[],
  scoreOf: (text: string) => number | undefined,
): string[] {
  const count = symbols.length;
  const texts = [...symbols];
  const next = Int32Array.from({ length: count }, (_, i) => (i + 1 < count ? i + 1 : -1));
  const previous = Int32Array.from({ length: count }, (_, i) => i - 1);
  const heap: Candidate[] = [];
  const offer = (left: number, right: number): void => {
    if (left < 0 || right < 0) return;
    const text = texts[left]! + texts[right]!;
    const score = scoreOf(text);
    if (score !== undefined) push(heap, { left, right, score, length: text.length });
  };
  for (let i = 0; i + 1 < count; i++) offer(i, i + 1);
  for (let best = pop(heap); best; best = pop(heap)) {
    const { left, right } = best;
    const [a, b] = [texts[left]!, texts[right]!];
    // An earlier merge may have taken one of the two: a taken symbol is empty, a grown one longer.
    if (a === "" || b === "" || a.length + b.length !== best.length) continue;
    texts[left] = a + b;
    texts[right] = "";
    next[left] = next[right]!;
    if (next[left]! >= 0) previous[next[left]!] = left;
    offer(previous[left]!, left);
    offer(left, next[left]!);
  }
  return texts.filter((text) => text !== "");
}

interface Candidate {
  readonly left: number;
  readonly right: number;
  readonly score: number;
  /** Of the joined text, to recognise a candidate whose symbols have changed. */
  readonly length: number;
}

function before(a: Candidate, b: Candidate): boolean {
  return a.score > b.score || (a.score === b.score && a.left < b.left);
}

function push(heap: Candidate[], one: Candidate): void {
  let at = heap.length;
  heap.push(one);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!before(one, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = one;
}

function pop(heap: Candidate[]): Candidate | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (!top || !last || heap.length === 0) return top;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
    if (!before(heap[child]!, last)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
  return top;
}
