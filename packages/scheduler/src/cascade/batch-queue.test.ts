import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BatchItem, createBatchQueue } from "./batch-queue.js";

const latencyOf = (size: number): number => 10 + 2 * size;
let ids = 0;
const item = (deadline: number, device = "a"): BatchItem => ({
  ...{ id: ids++, device, deadline, payload: undefined },
});

describe("batches", () => {
  test("as many as meet the tightest deadline among them, in order of arrival", () => {
    const queue = createBatchQueue({ latencyOf });
    const items = [item(100), item(17), item(16), item(100)];
    for (const one of items) expect(queue.offer(one, 0)).toBe("accepted");
    // 1 takes 12 ms, 2 take 14, 3 take 16: all of the first three; a fourth would make it 18.
    expect(queue.nextBatch(0)).toEqual({
      ...{ batch: items.slice(0, 3), size: 3, latencyMs: 16 },
      ...{ dropped: [], retryAt: Infinity },
    });
    expect(queue.size).toBe(1);
  });

  test("what cannot make it even alone is dropped; without early drop it is served late", () => {
    const late = [item(11), item(50)];
    const strict = createBatchQueue({ latencyOf });
    for (const one of late) strict.offer(one, 0);
    expect(strict.nextBatch(0)).toMatchObject({ batch: [late[1]], dropped: [late[0]] });
    const lenient = createBatchQueue({ latencyOf, earlyDrop: false });
    for (const one of late) lenient.offer(one, 0);
    expect(lenient.nextBatch(20)).toMatchObject({ batch: late, dropped: [] });
  });

  test("a request that would force a batch below the drop window is dropped", () => {
    const items = [item(13), item(100), item(100), item(100)];
    const queue = createBatchQueue({ latencyOf, dropWindow: 3 });
    for (const one of items) queue.offer(one, 0);
    expect(queue.nextBatch(0)).toMatchObject({ batch: items.slice(1), dropped: [items[0]] });
  });

  test("batches run at the next prepared size", () => {
    const queue = createBatchQueue({ latencyOf, batchSizes: [8, 1, 4], maxBatch: 64 });
    for (let i = 0; i < 11; i++) queue.offer(item(1e6), 0);
    expect(queue.nextBatch(0)).toMatchObject({ size: 8, latencyMs: 26 });
    expect(queue.nextBatch(0)).toMatchObject({ size: 4, latencyMs: 18, batch: { length: 3 } });
    for (let i = 0; i < 3; i++) queue.offer(item(19), 0);
    expect(queue.nextBatch(0).batch).toHaveLength(3); // padded to 4: 18 ms
  });

  test("waits for more to come, but never until one would be late", () => {
    const queue = createBatchQueue({ latencyOf, maxQueueDelayMs: 30, maxBatch: 3 });
    queue.offer(item(1000), 0);
    expect(queue.nextBatch(5)).toMatchObject({ batch: [], size: 0, retryAt: 30 });
    queue.offer(item(40), 6); // a third would take until 16 before its deadline, 2 for the timer
    expect(queue.nextBatch(6)).toMatchObject({ batch: [], retryAt: 22 });
    expect(queue.nextBatch(22).batch).toHaveLength(2);
    for (let i = 0; i < 3; i++) queue.offer(item(1000), 23);
    expect(queue.nextBatch(23).batch).toHaveLength(3); // full: no wait
  });

  test("queues are bounded, in all and for each device", () => {
    const queue = createBatchQueue({ latencyOf, maxQueue: 3, maxPerDevice: 2 });
    const said = ["a", "a", "a", "b", "c"].map((device) => queue.offer(item(100, device), 0));
    expect(said).toEqual(["accepted", "accepted", "queue-full", "accepted", "queue-full"]);
    expect(queue.removeDevice("a")).toHaveLength(2);
    expect(queue.offer(item(100, "a"), 0)).toBe("accepted");
    expect(queue.clear()).toHaveLength(2);
    expect(queue.size).toBe(0);
  });

  test("a deadline that is no number is refused: nothing could be compared with it", () => {
    const queue = createBatchQueue({ latencyOf });
    expect(() => queue.offer(item(Number.NaN), 0)).toThrow("must be a number, got NaN");
    expect(queue.size).toBe(0);
  });

  test("a slower model makes smaller batches", () => {
    const queue = createBatchQueue({ latencyOf, slackMs: 5 });
    for (let i = 0; i < 10; i++) queue.offer(item(35), 0);
    queue.setLatency((size) => 10 * size);
    expect(queue.nextBatch(0)).toMatchObject({ size: 3, latencyMs: 30 });
  });

  test.each([
    [{ maxBatch: 0 }, "maxBatch must be a whole number from 1, got 0"],
    [{ maxQueue: 1.5 }, "maxQueue must be a whole number from 1, got 1.5"],
    [{ slackMs: -1 }, "slackMs must be a number from 0, got -1"],
    [{ batchSizes: [] }, "batchSizes must be whole numbers from 1, got []"],
    [{ latencyOf: (n: number) => -n }, "latencyOf(1) must be a finite time from 0"],
  ])("%o is refused", (options, message) => {
    expect(() => createBatchQueue({ latencyOf, ...options })).toThrow(message);
  });
});

test("whatever comes: limits hold, deadlines hold, everything leaves exactly once", () => {
  const steps = fc.array(
    fc.record({
      device: fc.constantFrom("a", "b", "c"),
      allowance: fc.integer({ min: 0, max: 200 }),
      pause: fc.integer({ min: 0, max: 9 }),
      ask: fc.boolean(),
    }),
    { maxLength: 60 },
  );
  const options = fc.record({
    maxBatch: fc.integer({ min: 1, max: 9 }),
    maxQueue: fc.integer({ min: 1, max: 20 }),
    maxPerDevice: fc.integer({ min: 1, max: 20 }),
    slackMs: fc.integer({ min: 0, max: 20 }),
    dropWindow: fc.integer({ min: 1, max: 5 }),
    maxQueueDelayMs: fc.integer({ min: 0, max: 20 }),
    earlyDrop: fc.boolean(),
    batchSizes: fc.option(fc.constant([1, 4, 8]), { nil: undefined }),
  });
  fc.assert(
    fc.property(steps, options, (sequence, { batchSizes, ...limits }) => {
      const { maxBatch, maxQueue, maxPerDevice, slackMs, earlyDrop } = limits;
      const queue = createBatchQueue({
        ...{ latencyOf, ...limits },
        ...(batchSizes && { batchSizes }),
      });
      const inside = new Map<string | number, string>();
      let now = 0;
      let freeAt = 0;
      const leaveOnce = (one: BatchItem): void => expect(inside.delete(one.id)).toBe(true);
      for (const { device, allowance, pause, ask } of sequence) {
        const one = item(now + allowance, device);
        const own = [...inside.values()].filter((name) => name === device).length;
        const free = inside.size < maxQueue && own < maxPerDevice;
        expect(queue.offer(one, now)).toBe(free ? "accepted" : "queue-full");
        if (free) inside.set(one.id, device);
        now += pause;
        if (!ask || now < freeAt) continue;
        const { batch, size, latencyMs, dropped, retryAt } = queue.nextBatch(now);
        const order = batch.map(({ id }) => Number(id));
        expect(order).toEqual([...order].sort((a, b) => a - b)); // first come, first served
        batch.forEach(leaveOnce);
        dropped.forEach(leaveOnce);
        expect(batch.length).toBeLessThanOrEqual(Math.min(maxBatch, size));
        if (earlyDrop) {
          for (const { deadline } of batch) {
            expect(now + latencyMs + slackMs).toBeLessThanOrEqual(deadline);
          }
        }
        expect(queue.size).toBe(inside.size);
        if (batch.length === 0 && queue.size > 0) expect(retryAt).toBeGreaterThan(now);
        else expect(retryAt).toBe(Infinity);
        freeAt = now + latencyMs;
      }
      queue.clear().forEach(leaveOnce);
      expect(inside.size).toBe(0);
    }),
    { seed: 5, numRuns: 200 },
  );
});
