import { type BatchItem, type BatchQueue, createBatchQueue } from "./batch-queue.js";
import { BatchLatencyModel } from "./live-latency-model.js";
import type { RunBatch, ServerBatch, ServerBatchOptions } from "./live-server-options.js";

/** A request's input and when it came. */
export interface BatchedInput {
  readonly input: Float32Array;
  readonly since: number;
}

/** What became of a request. */
export interface BatchOutcome {
  readonly status: "done" | "late" | "failed";
  readonly output: Float32Array | undefined;
  /** Requests in its batch; 0 when it was not computed. */
  readonly batch: number;
  readonly queueMs: number;
  readonly computeMs: number;
}

/** What a {@link LiveBatcher} works with. */
export interface BatcherWork {
  readonly runBatch: RunBatch;
  readonly batch: ServerBatchOptions;
  readonly latencyOf: (size: number) => number;
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly onOutcome: (item: BatchItem<BatchedInput>, outcome: BatchOutcome) => void;
  readonly onBatch: (batch: ServerBatch) => void;
}

/** Takes requests from a queue in batches, one batch at a time, and learns what a batch costs. */
export class LiveBatcher {
  readonly queue: BatchQueue<BatchedInput>;
  readonly latency: BatchLatencyModel;
  readonly #work: BatcherWork;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = false;
  #idle: (() => void)[] = [];

  constructor(work: BatcherWork) {
    const { batch, latencyOf } = work;
    this.#work = work;
    const largest = Math.min(batch.maxBatch ?? 64, Math.max(...(batch.batchSizes ?? [Infinity])));
    this.latency = new BatchLatencyModel(latencyOf, largest);
    this.queue = createBatchQueue({ ...batch, latencyOf: (size) => this.latency.predict(size) });
  }

  /** Puts a request in and starts on it. */
  offer(item: BatchItem<BatchedInput>): "accepted" | "queue-full" {
    const verdict = this.queue.offer(item, this.#work.now());
    if (verdict === "accepted") this.#wake(0);
    return verdict;
  }

  /** Resolves when nothing waits and nothing runs. */
  drained(): Promise<void> {
    if (!this.#running && this.queue.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Starts no further batch; who waits is told to be late. */
  halt(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const item of this.queue.clear()) this.#drop(item);
  }

  #wake(inMs: number): void {
    if (this.#running) return;
    if (this.#timer !== undefined) {
      if (inMs > 0) return;
      clearTimeout(this.#timer);
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#pump().catch((cause) =>
        queueMicrotask(() => {
          throw cause;
        }),
      );
    }, inMs);
  }

  async #pump(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    let retryAt = Number.POSITIVE_INFINITY;
    try {
      while (this.queue.size > 0) {
        const next = this.queue.nextBatch(this.#work.now());
        for (const item of next.dropped) this.#drop(item);
        if (next.batch.length === 0) {
          retryAt = next.retryAt;
          break;
        }
        await this.#run(next.batch, next.size);
        // Requests that came meanwhile are read before the next batch is put together.
        await turnOfTheEventLoop();
      }
    } finally {
      this.#running = false;
    }
    if (this.queue.size > 0) this.#wake(Math.max(1, retryAt - this.#work.now()));
    else for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #run(batch: readonly BatchItem<BatchedInput>[], size: number): Promise<void> {
    const { now, onBatch } = this.#work;
    const started = now();
    const outputs = await this.#compute(batch, size);
    const computeMs = now() - started;
    if (outputs === undefined && batch.length > 1) {
      // One input that the model cannot take shall not spoil the answers of the others.
      for (const item of batch) await this.#run([item], this.#sizeFor(1));
      return;
    }
    if (outputs !== undefined) {
      this.latency.observe(size, computeMs);
      this.queue.setLatency((n) => this.latency.predict(n));
    }
    const failed = outputs === undefined;
    onBatch({
      at: started,
      size: batch.length,
      ran: size,
      queued: this.queue.size,
      ms: computeMs,
      failed,
    });
    for (const [i, item] of batch.entries()) {
      this.#work.onOutcome(item, {
        status: failed ? "failed" : "done",
        output: outputs?.[i],
        batch: batch.length,
        queueMs: Math.max(0, started - item.payload.since),
        computeMs,
      });
    }
  }

  async #compute(
    batch: readonly BatchItem<BatchedInput>[],
    size: number,
  ): Promise<readonly Float32Array[] | undefined> {
    try {
      const inputs = batch.map(({ payload }) => payload.input);
      const outputs = await this.#work.runBatch(inputs, { size, signal: this.#work.signal });
      return outputs.length === batch.length ? outputs : undefined;
    } catch {
      return undefined;
    }
  }

  #sizeFor(length: number): number {
    return this.#work.batch.batchSizes?.find((size) => size >= length) ?? length;
  }

  #drop(item: BatchItem<BatchedInput>): void {
    const queueMs = Math.max(0, this.#work.now() - item.payload.since);
    this.#work.onOutcome(item, {
      status: "late",
      output: undefined,
      batch: 0,
      queueMs,
      computeMs: 0,
    });
  }
}

function turnOfTheEventLoop(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (task: () => void) => void };
  return new Promise((resolve) => {
    if (setImmediate) setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
