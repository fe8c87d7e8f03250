import fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";
import { createBandit } from "../bandit/create-bandit.js";
import { createFixedPolicy } from "../bandit/test-policies.test-support.js";
import { createFeatureEncoder } from "./feature-encoder.js";

describe("createFeatureEncoder", () => {
  it("scales numbers by range or by mean and deviation, and clips them", () => {
    const encoder = createFeatureEncoder(
      {
        memory: { type: "number", range: [2, 10] },
        latency: { type: "number", mean: 100, deviation: 50, clip: 2 },
      },
      { bias: false },
    );
    const encode = (memory: number, latency: number) => [...encoder.encode({ memory, latency })];
    expect(encode(4, 125)).toEqual([0.25, 0.5]);
    expect(encode(1, -Infinity)).toEqual([0, -2]);
    expect(encode(Infinity, 1e9)).toEqual([1, 2]);
    expect(encoder.dimension).toBe(2);
  });

  it("puts a number in for missing ones only where it is told to", () => {
    const encoder = createFeatureEncoder({
      load: { type: "number", range: [0, 1], missing: 0.5 },
      heat: { type: "number", range: [0, 1] },
    });
    for (const load of [undefined, null, Number.NaN]) {
      expect([...encoder.encode({ load, heat: 1 })]).toEqual([0.5, 1, 1]);
    }
    for (const heat of [undefined, null, Number.NaN, "1"]) {
      expect(() => encoder.encode({ load: 0, heat: heat as number })).toThrow(
        /heat: a number was expected, got/,
      );
    }
  });

  it("gives every value of a category a feature", () => {
    const values = ["wasm", "webgpu"] as const;
    const zeros = createFeatureEncoder({ engine: { type: "category", values } });
    expect(zeros.names).toEqual(["engine=wasm", "engine=webgpu", "bias"]);
    expect([...zeros.encode({ engine: "webgpu" })]).toEqual([0, 1, 1]);
    expect([...zeros.encode({ engine: "cuda" })]).toEqual([0, 0, 1]);
    const own = createFeatureEncoder({ engine: { type: "category", values, unknown: "feature" } });
    expect(own.names).toEqual(["engine=wasm", "engine=webgpu", "engine=?", "bias"]);
    expect([...own.encode({ engine: "cuda" })]).toEqual([0, 0, 1, 1]);
    const strict = createFeatureEncoder({ engine: { type: "category", values, unknown: "throw" } });
    expect(() => strict.encode({ engine: "cuda" })).toThrow(/one of wasm, webgpu .* got "cuda"/);
  });

  it("reads booleans, and nothing else as one", () => {
    const encoder = createFeatureEncoder({ charging: { type: "boolean" } });
    expect([...encoder.encode({ charging: true })]).toEqual([1, 1]);
    expect([...encoder.encode({ charging: false })]).toEqual([0, 1]);
    expect(() => encoder.encode({ charging: 1 as never })).toThrow(/charging: true or false/);
    expect(() => encoder.encode(undefined as never)).toThrow(/a context object was expected/);
  });

  it("gives finite features from -clip to clip for any numbers", () => {
    const encoder = createFeatureEncoder({
      x: { type: "number", mean: 1, deviation: 1e-300 },
      y: { type: "number", range: [-1e300, 1e300] },
    });
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (x, y) => {
        for (const feature of encoder.encode({ x, y })) expect(Math.abs(feature)).toBeLessThan(6);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it.each<[string, () => unknown, RegExp]>([
    ["no field", () => createFeatureEncoder({}, { bias: false }), /at least one field/],
    ["a type", () => createFeatureEncoder({ x: { type: "text" } as never }), /x: a type .* "text"/],
    [
      "an empty range",
      () => createFeatureEncoder({ x: { type: "number", range: [1, 1] } }),
      /x: a range from low to high/,
    ],
    [
      "no deviation",
      () => createFeatureEncoder({ x: { type: "number", mean: 1, deviation: 0 } }),
      /x: .* deviation and a clip above 0/,
    ],
    [
      "missing NaN",
      () => createFeatureEncoder({ x: { type: "number", range: [0, 1], missing: Number.NaN } }),
      /x: a finite missing/,
    ],
    [
      "values twice",
      () => createFeatureEncoder({ x: { type: "category", values: ["a", "a"] } }),
      /x: different values/,
    ],
    [
      "no values",
      () => createFeatureEncoder({ x: { type: "category" } as never }),
      /x: different values/,
    ],
  ])("refuses a schema with %s", (_, make, message) => {
    expect(make).toThrow(message);
  });

  it("types contexts, and the bandit's with them", () => {
    const encoder = createFeatureEncoder({
      memory: { type: "number", range: [0, 1] },
      load: { type: "number", range: [0, 1], missing: 0 },
      engine: { type: "category", values: ["wasm"] },
      charging: { type: "boolean" },
    });
    type Context = Parameters<typeof encoder.encode>[0];
    expectTypeOf<Context>().toEqualTypeOf<{
      readonly memory: number;
      readonly load: number | null | undefined;
      readonly engine: string;
      readonly charging: boolean;
    }>();
    const bandit = createBandit({
      policy: createFixedPolicy([1, 0], { contextDimension: encoder.dimension }),
      arms: ["a", "b"],
      seed: 1,
      features: encoder.encode,
    });
    const decision = bandit.decide({ memory: 1, load: null, engine: "wasm", charging: true });
    expectTypeOf(decision.arm).toEqualTypeOf<"a" | "b">();
    // @ts-expect-error a context without its memory
    expect(() => bandit.decide({ engine: "wasm", charging: true })).toThrow(/memory/);
    expect(decision.arm).toBe("a");
  });
});
