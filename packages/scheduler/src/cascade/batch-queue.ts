import { EdgewrightError } from "@edgewright/core";

/** A request that waits for the heavy model. */
export interface BatchItem<Payload = undefined> {
  readonly id: string | number;
  /** Whose request it is. */
  readonly device: string;
  /** When the batch with it must have run, on the clock of `now`, in ms; Infinity where nothing is due. */
  readonly deadline: number;
  readonly payload: Payload;
}

/** Options of {@link createBatchQueue}. */
export interface BatchQueueOptions {
  /** Time the model needs for a batch of this many, in ms; must not fall with the size. */
  readonly latencyOf: (size: number) => number;
  /** Largest batch. @default 64 */
  readonly maxBatch?: number;
  /**
   * Sizes the model was prepared for; a batch runs at the next larger one. The largest bounds batches as
   * `maxBatch` does. @default every size
   */
  readonly batchSizes?: readonly number[];
  /** Most requests that wait; further ones are refused. @default 1024 */
  readonly maxQueue?: number;
  /** Most requests of one device that wait, so that one that floods does not keep out the others. @default maxQueue */
  readonly maxPerDevice?: number;
  /** Time a batch must be ready before its deadlines, for the way back and for errors of `latencyOf`. @default 0 */
  readonly slackMs?: number;
  /**
   * Drops requests that would miss their deadline even alone, and keeps batches so small that none in them is
   * late. Without it, batches take what waits, late or not. @default true
   */
  readonly earlyDrop?: boolean;
  /**
   * Smallest batch that a request with little time left may force while more of them wait; one that would force a
   * smaller batch is dropped, as in Nexus's early drop, so that at overload throughput does not collapse. 1 drops
   * only what cannot make it at all. @default 1
   */
  readonly dropWindow?: number;
  /**
   * Longest wait of the oldest request for others to fill the batch, in ms; shorter where a deadline would break.
   * @default 0
   */
  readonly maxQueueDelayMs?: number;
}

/** What {@link BatchQueue.nextBatch} says. */
export interface NextBatch<Payload = undefined> {
  /** What shall run now; empty where nothing waits or waiting is better. */
  readonly batch: readonly BatchItem<Payload>[];
  /** Size to run the batch at: its length, or the next of `batchSizes`; 0 for none. */
  readonly size: number;
  /** What `latencyOf` says of that size, in ms; 0 for none. */
  readonly latencyMs: number;
  /** Requests taken out since they cannot make it any more; tell their devices. */
  readonly dropped: readonly BatchItem<Payload>[];
  /** Where requests wait and the batch is empty: when to ask again. Infinity otherwise. */
  readonly retryAt: number;
}

/**
 * Requests on their way to a batching server; see {@link createBatchQueue}. Plain arithmetic: the clock is an
 * argument, so it serves simulators and live servers alike.
 */
export interface BatchQueue<Payload = undefined> {
  /** Requests that wait. */
  readonly size: number;
  /**
   * Puts a request in, or refuses it where the queue (or the device's share of it) is full.
   *
   * @throws EdgewrightError `invalid-argument` for a deadline that is NaN
   */
  offer(item: BatchItem<Payload>, now: number): "accepted" | "queue-full";
  /** Takes out the largest batch that meets its deadlines, and what cannot meet them. */
  nextBatch(now: number): NextBatch<Payload>;
  /** Takes out all requests of a device, as when it has left. */
  removeDevice(device: string): readonly BatchItem<Payload>[];
  /** Takes out everything, as when the server stops. */
  clear(): readonly BatchItem<Payload>[];
  /** Changes the latencies, as when the server has switched its model. */
  setLatency(latencyOf: (size: number) => number): void;
}

/**
 * A dynamic batcher in the style of Clockwork and Triton: first come, first served; each batch is the largest for
 * which everything in it meets its deadline; what cannot make it is dropped early; queues are bounded.
 *
 * @example
 * const queue = createBatchQueue({ latencyOf: (size) => 10 + 2 * size });
 * queue.offer({ id: 1, device: "a", deadline: 100, payload: undefined }, 0);
 * queue.offer({ id: 2, device: "b", deadline: 5, payload: undefined }, 0);
 * const { batch, dropped, latencyMs } = queue.nextBatch(0); // batch: 1, dropped: 2, 12 ms
 *
 * @throws EdgewrightError `invalid-argument` where a limit is out of range
 */
export function createBatchQueue<Payload = undefined>(
  options: BatchQueueOptions,
): BatchQueue<Payload> {
  const { slackMs = 0, earlyDrop = true, maxQueueDelayMs = 0, maxQueue = 1024 } = options;
  const { maxPerDevice = maxQueue, dropWindow = 1 } = options;
  const sizes = checkSizes(options.batchSizes);
  const maxBatch = Math.min(options.maxBatch ?? 64, sizes?.at(-1) ?? Infinity);
  for (const [name, value] of Object.entries({ maxBatch, maxQueue, maxPerDevice, dropWindow })) {
    if (!(Number.isInteger(value) && value >= 1))
      throw refuse(name, "a whole number from 1", value);
  }
  for (const [name, value] of Object.entries({ slackMs, maxQueueDelayMs })) {
    if (!(value >= 0)) throw refuse(name, "a number from 0", value);
  }
  let latencies = tabulate(options.latencyOf, maxBatch, sizes);
  let waiting: Waiting<Payload>[] = [];
  const perDevice = new Map<string, number>();

  const count = (device: string, change: number): void => {
    const now = (perDevice.get(device) ?? 0) + change;
    if (now === 0) perDevice.delete(device);
    else perDevice.set(device, now);
  };
  const leave = ({ item }: Waiting<Payload>): BatchItem<Payload> => {
    count(item.device, -1);
    return item;
  };
  const dropLate = (now: number): BatchItem<Payload>[] => {
    const soonest = now + latencies[1]! + slackMs;
    const dropped: BatchItem<Payload>[] = [];
    if (!waiting.some(({ item }) => item.deadline < soonest)) return dropped;
    waiting = waiting.filter((one) => {
      if (one.item.deadline >= soonest) return true;
      dropped.push(leave(one));
      return false;
    });
    return dropped;
  };
  // Longest run of requests from `start` in which nothing is late.
  const longestFrom = (start: number, now: number): number => {
    const most = Math.min(maxBatch, waiting.length - start);
    if (!earlyDrop) return most;
    let tightest = Infinity;
    let fits = 0;
    for (let size = 1; size <= most; size++) {
      tightest = Math.min(tightest, waiting[start + size - 1]!.item.deadline);
      // Latencies need not grow with every size: where sizes are padded, they do in steps.
      if (now + latencies[size]! + slackMs <= tightest) fits = size;
      else if (now + latencies[fits]! + slackMs > tightest) break;
    }
    return fits;
  };

  return {
    get size() {
      return waiting.length;
    },
    offer(item, now) {
      // One that compares with nothing would keep all others from being served.
      if (Number.isNaN(item.deadline)) throw refuse("the deadline of an item", "a number", "NaN");
      if (waiting.length >= maxQueue) return "queue-full";
      if ((perDevice.get(item.device) ?? 0) >= maxPerDevice) return "queue-full";
      waiting.push({ item, since: now });
      count(item.device, 1);
      return "accepted";
    },
    nextBatch(now) {
      const dropped = earlyDrop ? dropLate(now) : [];
      if (waiting.length === 0)
        return { batch: [], size: 0, latencyMs: 0, dropped, retryAt: Infinity };
      let start = 0;
      let length = longestFrom(0, now);
      while (length < Math.min(dropWindow, maxBatch, waiting.length - start)) {
        length = longestFrom(++start, now);
      }
      for (let i = 0; i < start; i++) dropped.push(leave(waiting[i]!));
      const chosen = waiting.slice(start, start + length);
      const full = length === maxBatch || start + length < waiting.length;
      const retryAt = full ? now : waitUntil(chosen, now);
      if (retryAt > now) {
        waiting = waiting.slice(start);
        return { batch: [], size: 0, latencyMs: 0, dropped, retryAt };
      }
      waiting = waiting.slice(start + length);
      const size = sizes?.find((one) => one >= length) ?? length;
      return {
        ...{ batch: chosen.map(leave), size, latencyMs: latencies[length]! },
        ...{ dropped, retryAt: Infinity },
      };
    },
    removeDevice(device) {
      const removed = waiting.filter(({ item }) => item.device === device);
      waiting = waiting.filter(({ item }) => item.device !== device);
      return removed.map(leave);
    },
    clear() {
      const removed = waiting;
      waiting = [];
      return removed.map(leave);
    },
    setLatency(latencyOf) {
      latencies = tabulate(latencyOf, maxBatch, sizes);
    },
  };

  // A batch that is not full may wait for more, but not so long that one more request would make it late.
  function waitUntil(chosen: readonly Waiting<Payload>[], now: number): number {
    if (maxQueueDelayMs === 0) return now;
    const oldest = chosen.reduce((least, { since }) => Math.min(least, since), Infinity);
    const tightest = chosen.reduce((least, { item }) => Math.min(least, item.deadline), Infinity);
    const larger = latencies[Math.min(maxBatch, chosen.length + 1)]!;
    const latest = earlyDrop ? tightest - larger - slackMs - TIMER_GRAIN_MS : Infinity;
    return Math.max(now, Math.min(oldest + maxQueueDelayMs, latest));
  }
}

// Timers fire late by about this much, and a sum of times may miss its mark by a rounding.
const TIMER_GRAIN_MS = 2;

interface Waiting<Payload> {
  readonly item: BatchItem<Payload>;
  readonly since: number;
}

// Latencies by the length of a batch, those of padded sizes included; entry 0 is 0.
function tabulate(
  latencyOf: (size: number) => number,
  maxBatch: number,
  sizes: readonly number[] | undefined,
): Float64Array {
  const latencies = new Float64Array(maxBatch + 1);
  for (let length = 1; length <= maxBatch; length++) {
    const size = sizes?.find((one) => one >= length) ?? length;
    const latency = latencyOf(size);
    if (!(latency >= latencies[length - 1]! && latency < Infinity)) {
      throw refuse(
        `latencyOf(${size})`,
        "a finite time from 0 that does not fall with the size",
        latency,
      );
    }
    latencies[length] = latency;
  }
  return latencies;
}

function checkSizes(sizes: readonly number[] | undefined): readonly number[] | undefined {
  if (sizes === undefined) return undefined;
  const sorted = [...sizes].sort((a, b) => a - b);
  if (sorted.length === 0 || !sorted.every((one) => Number.isInteger(one) && one >= 1)) {
    throw refuse("batchSizes", "whole numbers from 1", `[${sizes}]`);
  }
  return sorted;
}

function refuse(name: string, expected: string, got: unknown): EdgewrightError {
  return new EdgewrightError(
    "invalid-argument",
    `createBatchQueue: ${name} must be ${expected}, got ${got}`,
  );
}
