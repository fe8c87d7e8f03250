import { createRng } from "@edgewright/core";
import { describe, expect, test } from "vitest";
import { RestPredictor, type RestPredictorKind, SharedPrediction } from "./rest-predictor.js";

/** Runs requests of ten layers of 1 ms, each with slowness and density of its own; returns the shared state. */
function runRequests(
  kind: RestPredictorKind,
  draw: () => { slowness: number; density: number },
): SharedPrediction {
  const shared = new SharedPrediction();
  for (let i = 0; i < 200; i++) {
    const { slowness, density } = draw();
    const predictor = new RestPredictor(kind, shared, 10);
    for (let layer = 0; layer < 10; layer++) {
      predictor.noteLayer(1, slowness, 1 - 0.5 * density, 0.5, 9 - layer);
    }
    predictor.end();
  }
  return shared;
}

describe("the time left", () => {
  test("is the typical one before anything has run", () => {
    for (const kind of ["none", "sparsity", "time", "both"] as const) {
      expect(new RestPredictor(kind, new SharedPrediction(), 10).ratio).toBeCloseTo(1, 12);
    }
  });

  test("by sparsity is longer for denser layers", () => {
    const predictor = new RestPredictor("sparsity", new SharedPrediction(), 10);
    predictor.noteLayer(1, 1, 0.4, 0.5, 9);
    expect(predictor.ratio).toBeCloseTo(1.2, 12);
    predictor.noteLayer(1, 1, undefined, 0.5, 8);
    expect(predictor.ratio).toBeCloseTo(1.2, 12);
    predictor.noteLayer(1, 1, 0.5, 0.5, 7);
    expect(predictor.ratio).toBeCloseTo(1.1, 12);
  });

  test("by time comes close to how slow the layers were, and new requests know it", () => {
    const shared = new SharedPrediction();
    const predictor = new RestPredictor("time", shared, 10);
    for (let i = 0; i < 8; i++) predictor.noteLayer(1, 2, undefined, null, 9 - i);
    expect(predictor.ratio).toBeGreaterThan(1.4);
    expect(predictor.ratio).toBeLessThan(2);
    for (let i = 0; i < 2000; i++) predictor.noteLayer(1, 2, undefined, null, 1);
    expect(shared.slowness).toBeCloseTo(2, 2);
    expect(new RestPredictor("time", shared, 10).ratio).toBeCloseTo(2, 2);
  });
});

describe("errors", () => {
  test("are smallest for the predictor of what slows requests down, and both find out which", () => {
    const rng = createRng(1);
    const skipping = runRequests("both", () => {
      const density = 0.5 + rng.uniform();
      return { slowness: density, density };
    });
    expect(skipping.errors.requests).toBe(200);
    expect(skipping.errors.sparsity).toBeLessThan(0.01);
    expect(skipping.errors.none).toBeGreaterThan(0.2);
    expect(skipping.sparsityWeight).toBeGreaterThan(0.9);
    expect(skipping.errors.both).toBeLessThan(0.03);

    let slowness = 1;
    const shared = runRequests("both", () => {
      slowness += 0.05 * rng.normal() + 0.05 * (2 - slowness);
      return { slowness, density: 0.5 + rng.uniform() };
    });
    expect(shared.errors.time).toBeLessThan(shared.errors.none / 3);
    expect(shared.errors.both).toBeLessThan(shared.errors.sparsity / 2);
    expect(shared.sparsityWeight).toBeLessThan(0.1);
  });
});
