/**
 * The time of a batch by its size, learned as batches run: time = a + b · size by least squares, in which a batch
 * that lies `memory` batches back counts 1/e. It never falls with the size and is never below zero.
 */
export class BatchLatencyModel {
  // Weighted sums of 1, n, n², t and n·t.
  #weight = 0;
  #sizes = 0;
  #squares = 0;
  #times = 0;
  #products = 0;
  readonly #keep: number;

  /**
   * @param guess time of a batch in ms before any has run; the first real batches soon outweigh it
   * @param maxBatch the guess counts as two batches, of 1 and of this many
   * @param memory batches until one counts 1/e
   */
  constructor(guess: (size: number) => number, maxBatch: number, memory = 50) {
    this.#keep = Math.exp(-1 / memory);
    this.observe(1, guess(1));
    if (maxBatch > 1) this.observe(maxBatch, guess(maxBatch));
  }

  /** Learns from a batch of `size` that took `ms`. */
  observe(size: number, ms: number): void {
    this.#weight = this.#weight * this.#keep + 1;
    this.#sizes = this.#sizes * this.#keep + size;
    this.#squares = this.#squares * this.#keep + size * size;
    this.#times = this.#times * this.#keep + ms;
    this.#products = this.#products * this.#keep + size * ms;
  }

  /** What a batch costs before its first item and for each item, in ms. */
  coefficients(): { readonly perBatchMs: number; readonly perItemMs: number } {
    const meanSize = this.#sizes / this.#weight;
    const meanTime = this.#times / this.#weight;
    const spread = this.#squares / this.#weight - meanSize * meanSize;
    // Sizes that are all alike tell nothing of the slope: then all time is put down to the items.
    const slope =
      spread > 1e-9 * meanSize * meanSize
        ? (this.#products / this.#weight - meanSize * meanTime) / spread
        : meanTime / meanSize;
    const perItemMs = Math.min(Math.max(0, slope), meanTime / meanSize);
    return { perItemMs, perBatchMs: meanTime - perItemMs * meanSize };
  }

  /** Time of a batch of `size`, in ms. */
  predict(size: number): number {
    const { perBatchMs, perItemMs } = this.coefficients();
    return perBatchMs + perItemMs * size;
  }
}
