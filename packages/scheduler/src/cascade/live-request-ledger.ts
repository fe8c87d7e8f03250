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
  readonly #maxBytes: number;
  #bytes = 0;

  /**
   * @param keepMs how long answers are kept
   * @param maxEntries requests beyond which the oldest answers go earlier
   * @param maxBytes bytes of all answers beyond which the oldest go earlier
   */
  constructor(keepMs: number, maxEntries: number, maxBytes: number) {
    this.#keepMs = keepMs;
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
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
    const entry = { device, id, peer, answer: undefined, answeredAt: Number.POSITIVE_INFINITY };
    this.#entries.set(keyOf(device, id), entry);
    this.#expire(now);
    return entry;
  }

  /** Keeps the answer of a request. */
  settle(entry: LedgerEntry, answer: Uint8Array, now: number): void {
    entry.answer = answer;
    entry.answeredAt = now;
    this.#bytes += answer.byteLength;
    // To the end of the order, which so becomes that of the answers.
    const key = keyOf(entry.device, entry.id);
    if (this.#entries.delete(key)) this.#entries.set(key, entry);
    this.#expire(now);
  }

  /** Forgets a request, as one that was turned away and may be asked again. */
  forget(entry: LedgerEntry): void {
    this.#entries.delete(keyOf(entry.device, entry.id));
  }

  #expire(now: number): void {
    for (const [key, { answer, answeredAt }] of this.#entries) {
      if (answer === undefined) continue;
      const crowded = this.#entries.size > this.#maxEntries || this.#bytes > this.#maxBytes;
      if (!crowded && answeredAt + this.#keepMs > now) break;
      this.#entries.delete(key);
      this.#bytes -= answer.byteLength;
    }
  }
}

// Device names hold no colon.
function keyOf(device: string, id: string): string {
  return `${device}:${id}`;
}
