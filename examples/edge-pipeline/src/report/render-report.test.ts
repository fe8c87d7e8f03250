import { describe, expect, it } from "vitest";
import type { VariantPlayer } from "../variants/chosen-variants.js";
import type { ZooModel } from "../zoo-front.js";
import { renderReport } from "./render-report.js";
import { meanConfidence, type ReportData } from "./report-data.js";

const time = {
  median: 12,
  mean: 12,
  p95: 14,
  min: 11,
  max: 15,
  interval: { low: 11, high: 13 },
  noise: 0.1,
};
const box = [
  [1, 2],
  [30, 2],
  [30, 9],
  [1, 9],
] as const;
const zooModel = (
  name: string,
  median: number,
  accuracy: number,
  isOnFront: boolean,
): ZooModel => ({
  name,
  time: { ...time, median },
  accuracy: {
    correct: 1000 * accuracy,
    count: 1000,
    accuracy,
    interval: { low: accuracy - 0.02, high: accuracy + 0.02 },
  },
  parameters: 1000,
  macs: 1e6,
  bytes: 4000,
  isOnFront,
});
const chosenPlayer = (
  name: string,
  qoe: number,
  askedShare: number | undefined,
): VariantPlayer => ({
  ...{ name, askedShare, learns: askedShare !== undefined, finalQoe: qoe + 0.01 },
  qoe: { mean: qoe, low: qoe, high: qoe },
  regret: { name, rounds: [100, 200], mean: [20, 40], low: [15, 30], high: [25, 50] },
});
const data: ReportData = {
  image: {
    name: "a<b>.png",
    width: 40,
    height: 20,
    originalWidth: 80,
    originalHeight: 40,
    decoder: "fast-png",
  },
  lines: [
    { text: 'Fish & "Chips" <script>', confidence: 0.93, box, turned: false },
    { text: "turned", confidence: 0.7, box, turned: true },
  ],
  characterAccuracy: undefined,
  stages: [
    { stage: "find text", part: "model", ms: 750, count: 3 },
    { stage: "find text", part: "threshold", ms: 250, count: 1 },
  ],
  memory: [{ role: "detector", weightBytes: 5e6, peakActivationBytes: 7e6, wasmBytes: 32e6 }],
  peakProcessBytes: 200e6,
  comparison: {
    machine: { cpu: "test", threads: 2, platform: "test" },
    runtime: { node: "20" },
    times: [
      { role: "detector", shape: [1, 3, 32, 64], engine: "Edgewright, 1 thread", time },
      {
        role: "detector",
        shape: [1, 3, 32, 64],
        engine: "onnxruntime-web, 1 thread",
        time: { ...time, median: 24, p95: 30 },
      },
    ],
  },
  zoo: {
    dataset: "Fashion-MNIST",
    pictures: 1000,
    models: [
      zooModel("small", 0.1, 0.88, true),
      zooModel("beaten", 0.2, 0.87, false),
      zooModel("large", 1, 0.92, true),
    ],
  },
  served: {
    ...{ objectives: 'max accuracy for "sort pictures"', policy: "guarded-srpt" },
    designs: [
      { roles: ["d0"], text: "large", model: "large", accuracy: 0.92, albumMs: 30 },
      { roles: ["dm", "dw"], text: "small", model: "small", accuracy: 0.88, albumMs: 3 },
    ],
    phases: [{ name: "rush & hurry", requests: 60, violations: 2, p95Ms: 140, accuracy: 0.89 }],
    events: [
      { kind: "trouble", at: 2100, signal: "requests waiting", value: 11, troubled: true },
      { kind: "switch", at: 2105, from: 0, to: 1, change: "CM", tookMs: 5 },
    ],
    timeline: '<svg class="timeline"></svg>',
  },
  story: {
    ...{
      model: "stories-ternary",
      bytes: 320000,
      prompt: "Once <upon>",
      passes: [" a", " time,", "."],
    },
    ...{
      tokens: 5,
      acceptedLength: 5 / 3,
      rows: 6,
      parallel: 1234.4,
      plain: 999.6,
      memory: 1500000,
    },
  },
  chosen: {
    ...{ pictures: 100, rounds: 200, runs: 2, users: 4, tookMs: 12, oracleQoe: 0.8 },
    userTypes: ["in a <hurry>"],
    devices: [
      { name: "this machine", isReal: true, factor: 1, albumMs: [10, 100] },
      { name: "slow & old", isReal: false, factor: 25.4, albumMs: [254, 2540] },
    ],
    players: [
      chosenPlayer("any variant", 0.5, undefined),
      chosenPlayer("LinUCB, asks always", 0.75, 1),
      chosenPlayer("LinUCB, asks when unsure", 0.72, 0.25),
    ],
    picks: [
      [{ variant: "large", share: 0.9, qoe: 0.76, bestQoe: 0.8 }],
      [{ variant: "small", share: 0.6, qoe: 0.4, bestQoe: 0.5 }],
    ],
  },
  setting: {
    machine: "a machine",
    software: "Node 20",
    date: "2026-01-02T03:04:05Z",
    engine: "Edgewright, 1 thread",
  },
};

describe("renderReport", () => {
  const page = renderReport(data, "data:image/jpeg;base64,AAAA");

  it("needs nothing but itself", () => {
    const references = [...page.matchAll(/(?:src|href)="([^"]*)"|url\(([^)]*)\)|@import/g)];
    expect(references.map((reference) => reference[1])).toEqual(["data:image/jpeg;base64,AAAA"]);
  });

  it("shows text as text, never as markup", () => {
    expect(page).toContain("Fish &amp; &quot;Chips&quot; &lt;script&gt;");
    expect(page).toContain("a&lt;b&gt;.png");
    expect(page.match(/<script>/g)).toHaveLength(1);
  });

  it("ties every line to its box", () => {
    for (const line of [0, 1]) {
      expect(page.match(new RegExp(`data-line="${line}"`, "g"))).toHaveLength(2);
    }
    expect(page).toContain('points="1,2 30,2 30,9 1,9"');
  });

  it("draws bars to scale: the longest range fills the width", () => {
    const widths = [...page.matchAll(/<rect class="(?:own|peer)" [^>]*width="([\d.]+)"/g)];
    const [own, peer] = widths.map((match) => Number(match[1]));
    expect(peer! / own!).toBeCloseTo(2, 1);
    expect(peer).toBeCloseTo((336 * 24) / 30, 0);
  });

  it("shares the time out", () => {
    expect(page).toContain("75.0 %");
    expect(page).toContain("1.00 s");
    expect(page).toContain("<td>model, 3 runs</td>");
  });

  it("draws the models of the zoo over a logarithmic time, and joins those on the front", () => {
    const points = [...page.matchAll(/<circle class="(\w+)" cx="([\d.]+)" cy="([\d.]+)"/g)];
    expect(points.map(([, kind]) => kind)).toEqual(["own", "peer", "own"]);
    const [small, beaten, large] = points.map(([, , cx, cy]) => ({ x: Number(cx), y: Number(cy) }));
    // Twice the time is as far everywhere; one of four points of accuracy is a quarter of the height.
    expect((beaten!.x - small!.x) / (large!.x - small!.x)).toBeCloseTo(Math.log10(2), 2);
    expect((beaten!.y - small!.y) / (small!.y - large!.y)).toBeCloseTo(0.25, 2);
    const line = `M${small!.x.toFixed(1)} ${small!.y.toFixed(1)}L${large!.x.toFixed(1)} ${large!.y.toFixed(1)}`;
    expect(page).toContain(`<path class="line" d="${line}"/>`);
    expect(page.match(/<tr class="chosen">/g)).toHaveLength(2);
  });

  it("tells the story, with the text of every pass apart", () => {
    expect(page).toContain(
      '<b>Once &lt;upon&gt;</b><span class="pass"> a</span><span class="pass other"> time,</span><span class="pass">.</span>',
    );
    for (const figure of ["1234", "1000", "1.67", "0.320 MB"]) {
      expect(page).toContain(`<dd>${figure}</dd>`);
    }
    expect(page).toMatch(/Plain decoding gives the same text,\s+0\.81 times as fast\. Measured/);
  });

  it("says why where the story would be told faster one token a pass", () => {
    const slow = renderReport({ ...data, story: { ...data.story!, parallel: 500 } }, "");
    expect(slow).toContain("2.00 times as fast: in a model as small as this one");
  });

  it("shows the plan, how the requests fared and what the manager did", () => {
    expect(page).toContain("<td>dm, dw</td><td>small</td>");
    expect(page).toContain("<td>rush &amp; hurry</td>");
    expect(page).toContain("2.10 s: requests waiting 11, too many");
    expect(page).toContain("2.10 s: changed to small (CM, 5.00 ms)");
    expect(page).toContain('<svg class="timeline"></svg>');
  });

  it("draws what the bandit learnt, and says what is simulated", () => {
    expect(page).toContain("<title>Regret over choices</title>");
    expect(page).toMatch(
      /this machine<br><small>measured<\/small>.*?large<br><small>90 % \(95 %\)/,
    );
    expect(page).toMatch(/slow &amp; old<br><small>simulated, × 25<\/small>.*?small<br>/);
    expect(page).toContain("<th>in a &lt;hurry&gt;</th>");
    expect(page).toMatch(
      /LinUCB, asks when unsure<\/td><td class="number">0\.720<\/td>.*?50 of 200/,
    );
    expect(page).toContain("saved 75.0 %, and kept 96.0 % of the quality of experience");
  });

  it("leaves out what was not measured", () => {
    const bare = renderReport(
      {
        ...{ ...data, comparison: undefined, zoo: undefined, served: undefined, story: undefined },
        chosen: undefined,
        ...{ memory: [], lines: [] },
      },
      "data:,",
    );
    expect(bare).not.toContain("Which model is worth its time");
    expect(bare).not.toContain("Two tasks at once");
    expect(bare).not.toContain("A story");
    expect(bare).not.toContain("learnt from thumbs");
    expect(bare).not.toContain("How fast each engine");
    expect(bare).not.toContain("WebAssembly memory");
    expect(bare).toContain("No text was found.");
  });
});

describe("meanConfidence", () => {
  it("weighs lines by their characters", () => {
    const line = { box, turned: false };
    expect(
      meanConfidence([
        { ...line, text: "abc", confidence: 1 },
        { ...line, text: "d", confidence: 0.6 },
      ]),
    ).toBeCloseTo(0.9, 12);
  });
});
