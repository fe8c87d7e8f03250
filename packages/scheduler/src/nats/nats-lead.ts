import type { KV } from "@nats-io/kv";

const KEY = "leader";

/**
 * Elects one of the servers to decide, by a key that its holder renews and that vanishes soon after the holder
 * does: whoever creates it next leads.
 */
export class NatsLead {
  readonly #bucket: KV;
  readonly #name: string;
  #revision: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #heldUntil = 0;
  #ended = false;
  readonly #ttlMs: number;

  /** @param ttlMs after which the bucket drops a key that is not renewed */
  constructor(bucket: KV, name: string, ttlMs: number) {
    this.#bucket = bucket;
    this.#name = name;
    this.#ttlMs = ttlMs;
  }

  /** Whether this server leads. Ends by itself where the key could not be renewed in time. */
  get held(): boolean {
    return this.#revision !== undefined && performance.now() < this.#heldUntil;
  }

  /** Takes the lead when it is free, and goes on trying or renewing. */
  async start(): Promise<void> {
    await this.#turn();
  }

  /** Gives the lead to the others at once. */
  async end(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#timer);
    const revision = this.#revision;
    this.#revision = undefined;
    if (revision !== undefined) {
      await this.#bucket.purge(KEY, { previousSeq: revision }).catch(() => undefined);
    }
  }

  async #turn(): Promise<void> {
    const asked = performance.now();
    try {
      this.#revision =
        this.#revision === undefined
          ? await this.#bucket.create(KEY, this.#name)
          : await this.#bucket.update(KEY, this.#name, this.#revision);
      this.#heldUntil = asked + this.#ttlMs;
    } catch {
      this.#revision = undefined; // another leads, or the store is out of reach
    }
    if (!this.#ended) this.#timer = setTimeout(() => void this.#turn(), this.#ttlMs / 4);
  }
}
