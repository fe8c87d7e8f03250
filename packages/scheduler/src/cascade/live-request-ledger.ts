import type { Peer } from "./transport.js";

/** A request that a server has taken: where its answer goes, and the answer once there is one. */
export interface LedgerEntry {
  readonly device: string;
  readonly id: string;
  /** Who asked last. */
  peer: Peer;
  /** The frame that answered it; undefined while it is under way. */
  answer: Uint8Array | undefined;
  /** When it was answered. */
  answeredAt: number;
}

/**
 * The requests of the last seconds by device and id, so that one that is sent again is neither computed nor
 * counted again: it gets the answer it has, or will have.
 */
export class RequestLedger {
  readonly #entries = new Map<string, LedgerEntry>();
  readonly #keepMs: number;
  readonly #maxEntries: number;

  /** @param keepMs how long answers are kept; @param maxEntries beyond which the oldest answers go earlier */
  constructor(keepMs: number, maxEntries: number) {
    this.#keepMs = keepMs;
    this.#maxEntries = maxEntries;
  }

  /** Requests it knows, those under way included. */
  get size(): number {
    return this.#entries.size;
  }

  /** The request of a device with this id, when it is known. */
  find(device: string, id: string): LedgerEntry | undefined {
    return this.#entries.get(keyOf(device, id));
  }

  /** Enters a request that is new. */
  enter(device: string, id: string, peer: Peer, now: number): LedgerEntry {
    this.#expire(now);
    const entry = { device, id, peer, answer: undefined, answeredAt: Number.POSITIVE_INFINITY };
    this.#entries.set(keyOf(device, id), entry);
    return entry;
  }

  /** Keeps the answer of a request. */
  settle(entry: LedgerEntry, answer: Uint8Array, now: number): void {
    entry.answer = answer;
    entry.answeredAt = now;
    // To the end of the order, which so becomes that of the answers.
    const key = keyOf(entry.device, entry.id);
    if (this.#entries.delete(key)) this.#entries.set(key, entry);
  }

  /** Forgets a request, as one that was turned away and may be asked again. */
  forget(entry: LedgerEntry): void {
    this.#entries.delete(keyOf(entry.device, entry.id));
  }

  #expire(now: number): void {
    for (const [key, { answeredAt }] of this.#entries) {
      if (answeredAt === Number.POSITIVE_INFINITY) continue;
      const crowded = this.#entries.size >= this.#maxEntries;
      if (!crowded && answeredAt + this.#keepMs > now) break;
      this.#entries.delete(key);
    }
  }
}

// Device names hold no colon.
function keyOf(device: string, id: string): string {
  return `${device}:${id}`;
}
