import { createRng } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import { BatchLatencyModel } from "./live-latency-model.js";
import { RequestLedger } from "./live-request-ledger.js";
import { TokenBucket } from "./live-token-bucket.js";

describe("BatchLatencyModel", () => {
  it("starts from its guess", () => {
    const model = new BatchLatencyModel((size) => 10 + 2 * size, 32);
    expect(model.predict(1)).toBeCloseTo(12, 9);
    expect(model.predict(20)).toBeCloseTo(50, 9);
  });

  it("finds the line that batches follow, through noise, and forgets another", () => {
    const rng = createRng(3);
    const model = new BatchLatencyModel(() => 100, 32);
    for (let i = 0; i < 500; i++) {
      const size = rng.integer(1, 33);
      model.observe(size, 4 + 1.5 * size + rng.normal(0, 0.2));
    }
    const { perBatchMs, perItemMs } = model.coefficients();
    expect(perBatchMs).toBeCloseTo(4, 0);
    expect(perItemMs).toBeCloseTo(1.5, 1);
  });

  it("never falls with the size, nor below zero", () => {
    const model = new BatchLatencyModel((size) => 50 - size, 32);
    model.observe(32, 1);
    expect(model.coefficients().perItemMs).toBe(0);
    const steep = new BatchLatencyModel((size) => size * size, 32);
    expect(steep.coefficients().perBatchMs).toBeGreaterThanOrEqual(0);
    const one = new BatchLatencyModel(() => 3, 1);
    expect(one.coefficients()).toEqual({ perItemMs: 3, perBatchMs: 0 });
  });
});

describe("TokenBucket", () => {
  it("lets a burst through, then its rate", () => {
    const bucket = new TokenBucket(10, 3, 0);
    expect([0, 0, 0, 0].map((now) => bucket.take(now))).toEqual([true, true, true, false]);
    expect([99, 100, 101, 201].map((now) => bucket.take(now))).toEqual([false, true, false, true]);
    expect([9e6, 9e6, 9e6, 9e6].map((now) => bucket.take(now))).toEqual([true, true, true, false]);
  });
});

describe("RequestLedger", () => {
  const peer = { id: "p", lasting: true, send: () => undefined, disconnect: () => undefined };

  it("keeps answers for a while, and what is under way for ever", () => {
    const ledger = new RequestLedger(100, 1000, 1e9);
    ledger.enter("a", "1", peer, 0);
    ledger.settle(ledger.enter("a", "2", peer, 0), Uint8Array.of(7), 10);
    ledger.enter("b", "2", peer, 109);
    expect(ledger.find("a", "2")?.answer).toEqual(Uint8Array.of(7));
    ledger.enter("b", "3", peer, 110);
    expect(ledger.find("a", "2")).toBeUndefined();
    expect(ledger.find("a", "1")).toBeDefined();
    expect(ledger.size).toBe(3);
  });

  it("drops the oldest answers first when it is full", () => {
    const ledger = new RequestLedger(1e9, 3, 1e9);
    for (const id of ["1", "2", "3", "4"]) {
      ledger.settle(ledger.enter("a", id, peer, 0), new Uint8Array(0), 0);
    }
    expect(["1", "2", "3", "4"].map((id) => ledger.find("a", id) !== undefined)).toEqual([
      ...[false, true, true, true],
    ]);
  });

  it("keeps no more bytes of answers than it may", () => {
    const ledger = new RequestLedger(1e9, 1000, 250);
    for (const id of ["1", "2", "3"]) {
      ledger.settle(ledger.enter("a", id, peer, 0), new Uint8Array(100), 0);
    }
    expect(ledger.find("a", "1")).toBeUndefined();
    expect(ledger.size).toBe(2);
  });
});
