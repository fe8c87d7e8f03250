import { describe, expect, test } from "vitest";
import { parseEyerissTrace } from "./eyeriss-trace.js";
import { parseReferenceRuns } from "./reference-runs.js";
import { parseSangerTrace, sangerLayerLatency } from "./sanger-trace.js";

describe("parseSangerTrace", () => {
  const text = [
    "batch-indx,layer-indx,50%-skip,overall-sparsity",
    "0,1,0.5,0.25",
    "0,0,0.5,0.5",
    "3,0,0.4,0.5",
    "3,1,0.5,0.125",
    "",
  ].join("\r\n");

  test("columns and rows in any order; the sparsity column holds the density", () => {
    const model = parseSangerTrace(text, { name: "bert" });
    expect(model).toMatchObject({ name: "bert", architecture: "bert", layers: 2, samples: 2 });
    expect([...model.sparsities!]).toEqual([0.5, 0.75, 0.5, 0.875]);
    expect([...model.latencies]).toEqual([
      sangerLayerLatency(0.5, 0.5, 512),
      sangerLayerLatency(0.25, 0.5, 512),
      sangerLayerLatency(0.5, 0.4, 512),
      sangerLayerLatency(0.125, 0.5, 512),
    ]);
  });

  test("the latency of a layer, by hand", () => {
    // Half dense in half-full rows of 512 tokens: 2048 packed columns, tiles of 2944 x 8 cycles, 32 of them.
    const linear = (512 * 589824 * 6) / 1e9 / 2048;
    const projection = (512 * 589824 * 2) / 1e9 / 2048;
    expect(sangerLayerLatency(0.5, 0.5, 512)).toBeCloseTo(
      linear + projection + (32 * 2944 * 8) / 1e9,
      15,
    );
  });

  test.each([
    [
      "batch-indx,layer-indx,50%-skip\n0,0,1",
      /bert.csv:1: a column "overall-sparsity" was expected/,
    ],
    [text.replace("0.4,0.5", "0.4"), /bert.csv:4: 4 cells were expected, got 3/],
    [text.replace("0.4", "high"), /bert.csv:4: a number was expected for "50%-skip", got "high"/],
    [text.replace("3,1,", "3,0,"), /bert.csv:5: layer 0 of batch 3 is there twice/],
    [text.replace("3,1,", "3,2,"), /batch 3: layers 0 to 1, .* were expected, but for layer 1/],
    [text.replace("3,1,", "3,-1,"), /bert.csv:5: a whole "layer-indx" from 0 .* got -1/],
    [text.split("\r\n")[0]!, /bert.csv:1: rows were expected/],
    ["", /bert.csv:1: a column "batch-indx" was expected/],
  ])("names file and line of what is wrong", (wrong, message) => {
    const parse = () => parseSangerTrace(wrong, { name: "bert", file: "bert.csv" });
    expect(parse).toThrow(message);
    expect(parse).toThrow(expect.objectContaining({ code: "invalid-data" }));
  });
});

test("parseEyerissTrace takes latencies as they are; the architecture stands before the pattern", () => {
  const text = "sim_lat,overall-sparsity,batch-indx,layer-indx\n0.01,0.25,0,0\n0.02,0.5,0,1\n";
  const model = parseEyerissTrace(text, { name: "resnet50_block4_sparse60" });
  expect(model).toMatchObject({ architecture: "resnet50", layers: 2, samples: 1 });
  expect([...model.latencies]).toEqual([0.01, 0.02]);
  expect([...model.sparsities!]).toEqual([0.25, 0.5]);
});

describe("parseReferenceRuns", () => {
  const run = { seed: 1, ar: 3, slo: 10, sched: "fcfs", violation: 0, stp: 1, antt: 1 };
  const good = { runs: [run], requests: { "seed1_ar3.0": [[0.5, "net", 3, 2]] } };

  test("requests of a run, by seed and rate", () => {
    const file = parseReferenceRuns(JSON.stringify({ ...good, target_lat_per_model: { net: 2 } }));
    expect(file.runs[0]).toMatchObject({ rate: 3, sloMultiplier: 10, scheduler: "fcfs" });
    expect(file.requestsOf(file.runs[0]!)).toEqual([
      { arrival: 0.5, model: "net", priority: 3, sample: 2 },
    ]);
    expect(file.meanIsolated.get("net")).toBe(2);
    expect(file.models).toEqual(["net"]);
    expect(parseReferenceRuns(JSON.stringify({ ...good, models: ["a", "net"] })).models).toEqual([
      "a",
      "net",
    ]);
    expect(() => file.requestsOf({ ...file.runs[0]!, rate: 4 })).toThrow(/"seed1_ar4" of a run/);
  });

  test.each<[unknown, RegExp]>([
    ["{", /r.json: JSON was expected/],
    [[], /r.json: an object was expected/],
    [{ ...good, runs: {} }, /r.json: runs: an array was expected, got {}/],
    [{ ...good, runs: [{ ...run, ar: "3" }] }, /runs\[0\].ar: a number was expected, got "3"/],
    [{ ...good, requests: { one: [] } }, /keys such as "seed1_ar30" were expected, got "one"/],
    [{ ...good, requests: { seed1_ar3: [[0, 1]] } }, /seed1_ar3\[0\]\[1\]: a string was expected/],
    [{ ...good, target_lat_per_model: 1 }, /target_lat_per_model: an object was expected, got 1/],
  ])("%j is refused", (json, message) => {
    const text = typeof json === "string" ? json : JSON.stringify(json);
    expect(() => parseReferenceRuns(text, "r.json")).toThrow(message);
  });
});
