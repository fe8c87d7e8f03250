import type { BatchItem, BatchQueue } from "./batch-queue.js";
import type { ServerOutage } from "./simulated-cascade.js";

/** A clock of a simulation: runs what is due, in order. */
export interface Calendar {
  readonly now: number;
  at(time: number, run: () => void): void;
}

/** What {@link createSimulatedServers} needs. */
export interface SimulatedServersOptions<Payload> {
  readonly calendar: Calendar;
  readonly queue: BatchQueue<Payload>;
  readonly servers: number;
  readonly outages: readonly ServerOutage[];
  onStart(batch: readonly BatchItem<Payload>[], latencyMs: number): void;
  onEnd(batch: readonly BatchItem<Payload>[]): void;
  onDrop(items: readonly BatchItem<Payload>[]): void;
}

/** Servers that take batches from one queue, and die and return as told. @returns what to call when requests came */
export function createSimulatedServers<Payload>({
  calendar,
  queue,
  servers,
  outages,
  onStart,
  onEnd,
  onDrop,
}: SimulatedServersOptions<Payload>): () => void {
  interface Server {
    alive: boolean;
    batch: readonly BatchItem<Payload>[] | undefined;
  }
  const all = Array.from({ length: servers }, (): Server => ({ alive: true, batch: undefined }));
  let retry = Infinity;

  const serve = (): void => {
    for (const server of all) {
      if (!server.alive || server.batch || queue.size === 0) continue;
      const { batch, latencyMs, dropped, retryAt } = queue.nextBatch(calendar.now);
      if (dropped.length > 0) onDrop(dropped);
      if (batch.length > 0) {
        server.batch = batch;
        onStart(batch, latencyMs);
        calendar.at(calendar.now + latencyMs, () => {
          if (server.batch !== batch) return; // it died over this batch
          server.batch = undefined;
          onEnd(batch);
          serve();
        });
      } else if (retryAt < retry) {
        retry = retryAt;
        calendar.at(retryAt, () => {
          retry = Infinity;
          serve();
        });
      }
    }
  };
  for (const { server, fromMs, toMs } of outages) {
    const one = all[server]!;
    calendar.at(fromMs, () => {
      one.alive = false;
      const held = one.batch ?? [];
      one.batch = undefined;
      const refused = held.filter((item) => queue.offer(item, calendar.now) === "queue-full");
      if (refused.length > 0) onDrop(refused);
      serve();
    });
    if (toMs === undefined) continue;
    calendar.at(toMs, () => {
      one.alive = true;
      serve();
    });
  }
  return serve;
}
