import {
  createRng,
  EdgewrightError,
  parseDeviceProfile,
  type Tensor,
  tensor,
} from "@edgewright/core";
import { type Model, serializeModel } from "@edgewright/graph";
import { loadKernels } from "@edgewright/kernels";
import { describe, expect, test } from "vitest";
import type { BenchEngine } from "../engines/bench-engine.js";
import { createFeeds } from "../engines/create-feeds.js";
import { createEdgewrightEngine } from "../engines/edgewright-engine.js";
import { createOnnxRuntimeEngine } from "../engines/onnxruntime-engine.js";
import { measureKernels } from "./measure-kernels.js";
import { measureModels, type ProfileProgress } from "./measure-models.js";
import { reportProfile } from "./report-profile.js";

const quick = { warmupMs: 1, sampleMs: 0.2, minRounds: 3, maxRounds: 3, loads: 2 } as const;

/** y = relu(x w): one product of [batch, 4] by [4, 3]. */
const model: Model = {
  graph: {
    name: "g",
    inputs: [{ name: "x", dtype: "f32", shape: ["batch", 4] }],
    outputs: [{ name: "y", dtype: "f32", shape: ["batch", 3] }],
    initializers: new Map<string, Tensor>([["w", tensor("f32", [4, 3])]]),
    nodes: [
      {
        name: "a",
        opType: "MatMul",
        domain: "",
        inputs: ["x", "w"],
        outputs: ["h"],
        attributes: new Map(),
      },
      {
        name: "b",
        opType: "Relu",
        domain: "",
        inputs: ["h"],
        outputs: ["y"],
        attributes: new Map(),
      },
    ],
    valueInfo: new Map(),
  },
  opsets: new Map([["", 13]]),
  irVersion: 8,
  producer: "test",
  metadata: new Map(),
};
const bytes = serializeModel(model);

function fakeEngine(id: string, fail = false): BenchEngine & { log: string[] } {
  const log: string[] = [];
  return {
    log,
    engine: { id, runtime: "fake", unit: "cpu" },
    async open() {
      log.push("open");
      if (fail) throw new Error("no such operator");
      return {
        run: async () => void log.push("run"),
        fallbackShare: () => 0.25,
        memoryBytes: () => 1000,
        dispose: () => void log.push("dispose"),
      };
    },
  };
}

describe("measureModels", () => {
  test("writes a valid profile, also of an engine that fails", async () => {
    const [good, bad] = [fakeEngine("good"), fakeEngine("bad", true)];
    const profile = await measureModels(
      [{ name: "tiny", bytes, task: "test" }],
      [createEdgewrightEngine(), good, bad],
      { ...quick, deviceName: "bench", features: { x: 1 } },
    );
    expect(parseDeviceProfile(JSON.parse(JSON.stringify(profile)))).toEqual(profile);
    expect(profile.device).toMatchObject({ name: "bench", features: { x: 1 } });
    expect(profile.variants).toEqual([
      {
        task: "test",
        model: "tiny",
        precision: "fp32",
        bytes: bytes.byteLength,
        parameters: 12,
        macs: 12,
      },
    ]);
    const [own, faked, failed] = profile.measurements;
    expect(own).toMatchObject({ engine: "edgewright-1t", kind: "measured", fallbackShare: 0 });
    expect(own!.latencyMs!.count).toBe(3);
    expect(own!.loadMs!.count).toBe(2);
    expect(own!.memoryBytes!.max).toBeGreaterThan(48);
    expect(faked).toMatchObject({ fallbackShare: 0.25, memoryBytes: { max: 1000 } });
    expect(failed).toMatchObject({ fallbackShare: 1, note: "cannot run: no such operator" });
    expect(failed!.latencyMs).toBeUndefined();
    // Made ready twice, and everything given back.
    expect(good.log.filter((entry) => entry === "open").length).toBe(2);
    expect(good.log.filter((entry) => entry === "dispose").length).toBe(2);
    expect(good.log.at(-1)).toBe("dispose");

    const rows = reportProfile(profile);
    expect(rows.map(({ section, metric }) => [section, metric])).toEqual([
      ["tiny (fp32)", "edgewright-1t"],
      ["tiny (fp32)", "good"],
      ["tiny (fp32)", "bad"],
    ]);
    expect(rows[1]!.note).toContain("fell back 25 %");
    expect(rows[2]!.value).toBeNaN();
  });

  test("takes the peak memory that the caller measures", async () => {
    const profile = await measureModels([{ name: "tiny", bytes }], [fakeEngine("a")], {
      ...quick,
      peakMemory: async () => 7,
    });
    expect(profile.measurements[0]!.memoryBytes).toEqual({ max: 7 });
  });

  test("reports progress and stops when the signal fires, leaving nothing open", async () => {
    const seen: ProfileProgress[] = [];
    const engine = fakeEngine("a");
    const abort = new AbortController();
    const result = measureModels([{ name: "tiny", bytes }], [engine], {
      ...quick,
      signal: abort.signal,
      onProgress: (progress) => {
        seen.push(progress);
        if (progress.stage === "measure") abort.abort();
      },
    });
    await expect(result).rejects.toMatchObject({ code: "aborted" });
    expect(seen[0]).toEqual({ stage: "load", model: "tiny", engine: "a", done: 0, models: 1 });
    expect(engine.log.at(-1)).toBe("dispose");
  });

  test("a file that is no model is refused", async () => {
    const result = measureModels([{ name: "x", bytes: Uint8Array.of(1, 2, 3) }], []);
    await expect(result).rejects.toSatisfy(EdgewrightError.isInstance);
  });
});

describe("createFeeds", () => {
  const rng = () => createRng(1);

  test("an open first axis is 1, other open sizes must be given", () => {
    const input = (shape: (number | string)[]) => [{ name: "x", dtype: "f32", shape } as const];
    expect(createFeeds(input(["n", 2]), rng()).x!.shape).toEqual([1, 2]);
    expect(() => createFeeds(input(["n", "w"]), rng())).toThrow(
      'input "x" has the open shape [n, w]; say which, for example --shape x=224x224',
    );
    expect(createFeeds(input(["n", "w"]), rng(), { shapes: { x: [2, 3] } }).x!.data.length).toBe(6);
    expect(() => createFeeds(input([1]), rng(), { values: { z: 1 } })).toThrow('no input "z"');
  });

  test("every element type is filled", () => {
    for (const dtype of [
      "f32",
      "f64",
      "f16",
      "bf16",
      "i8",
      "u8",
      "i32",
      "i64",
      "u64",
      "bool",
    ] as const) {
      const inputs = [{ name: "x", dtype, shape: [64] }];
      const values = [...createFeeds(inputs, rng()).x!.data].map(Number);
      expect(new Set(values).size).toBeGreaterThan(1);
      const constant = createFeeds(inputs, rng(), { values: { x: 1 } }).x!;
      expect(new Set([...constant.data].map(Number)).size).toBe(1);
    }
  });
});

test("onnxruntime is driven through its own classes, feeds converted once", async () => {
  const made: unknown[][] = [];
  const env: { wasm: { numThreads?: number } } = { wasm: {} };
  let released = false;
  const ort = {
    Tensor: class {
      constructor(...args: unknown[]) {
        made.push(args);
      }
    },
    InferenceSession: {
      create: async (_: Uint8Array, options: Record<string, unknown>) => ({
        run: async () => options,
        release: async () => {
          released = true;
        },
      }),
    },
    env,
  };
  const engine = createOnnxRuntimeEngine(ort, { runtime: "onnxruntime-web", threads: 2 });
  const open = await engine.open(bytes);
  const feeds = { x: tensor("i64", [1], [3n]) };
  const options = await open.run(feeds);
  await open.run(feeds);
  expect(options).toMatchObject({ executionProviders: ["wasm"], intraOpNumThreads: 2 });
  expect(made).toEqual([["int64", feeds.x.data, [1]]]);
  expect(env.wasm.numThreads).toBe(2);
  await open.dispose();
  expect(released).toBe(true);
});

test("kernel figures are positive and give their memory back", async () => {
  const kernels = await loadKernels();
  const { rows, features } = await measureKernels(kernels, {
    ...quick,
    streamBytes: 2 ** 20,
    matrixSize: 64,
  });
  expect(rows.map(({ metric }) => metric)).toEqual([
    "read bandwidth, 1 thread",
    "f32 matrix product, 1 thread",
    "int8 matrix product, 1 thread",
    "f32 matrix-vector product, 1 thread",
  ]);
  for (const value of Object.values(features)) expect(value).toBeGreaterThan(0);
  expect(kernels.arena.used).toBe(0);
  kernels.dispose();
});
