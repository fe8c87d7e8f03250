import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLinearScale, createShareScale } from "./axis-scale.js";
import { drawArmShares } from "./draw-arm-shares.js";
import { drawEstimates } from "./draw-estimates.js";
import { drawLearningCurves } from "./draw-learning-curves.js";
import { drawPropensities, drawPropensityHistory } from "./draw-propensities.js";
import { escapeMarkup, shorten } from "./markup.js";

/** Numbers that stand in coordinates of a picture: none may be missing or endless. */
function expectSound(svg: string): void {
  expect(svg.startsWith("<svg ")).toBe(true);
  expect(svg.endsWith("</svg>")).toBe(true);
  expect(svg).toContain('role="img"');
  expect(svg).toMatch(/<title>[^<]+<\/title>\n<desc>[^<]+<\/desc>/);
  expect(svg.replaceAll(/<(title|desc|text)[^>]*>[^<]*/g, "")).not.toMatch(
    /NaN|Infinity|undefined/,
  );
  const opened = svg.match(/<(svg|g|text|title|desc|style)[ >]/g)!.length;
  expect(svg.match(/<\/(svg|g|text|title|desc|style)>/g)).toHaveLength(opened);
}

/** The points of every line of a chart, in pixels. */
function linesOf(svg: string): number[][][] {
  return [...svg.matchAll(/<path class="line"[^>]* d="M([^"Z]+)"/g)].map(([, path]) =>
    path!.split("L").map((point) => point.split(" ").map(Number)),
  );
}

describe("drawLearningCurves", () => {
  it("places values in proportion, later rounds further right, larger values higher", () => {
    const svg = drawLearningCurves([
      { name: "one", rounds: [0, 50, 100], mean: [0, 5, 10] },
      { name: "two", rounds: [0, 100], mean: [10, 0] },
    ]);
    expectSound(svg);
    const [one, two] = linesOf(svg) as [number[][], number[][]];
    expect(one[1]![0]).toBeCloseTo((one[0]![0]! + one[2]![0]!) / 2, 0);
    expect(one[1]![1]).toBeCloseTo((one[0]![1]! + one[2]![1]!) / 2, 0);
    expect(one[2]![1]).toBeLessThan(one[0]![1]!);
    expect(two[0]![1]).toBe(one[2]![1]);
    // Told apart by more than colour.
    expect(svg.match(/class="line" stroke="[^"]+" stroke-dasharray/g)).toHaveLength(1);
  });

  it("takes curves of any numbers", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 1e7 }), fc.double()), { maxLength: 30 }),
        fc.integer({ min: 240, max: 1000 }),
        (points, width) => {
          const sorted = points.sort(([a], [b]) => a - b);
          const mean = sorted.map(([, value]) => value);
          expectSound(
            drawLearningCurves([{ name: "x", rounds: sorted.map(([round]) => round), mean }], {
              width,
            }),
          );
        },
      ),
      { seed: 9, numRuns: 200 },
    );
  });

  it("thins long curves and keeps their ends", () => {
    const rounds = Array.from({ length: 100_000 }, (_, i) => i + 1);
    const svg = drawLearningCurves([
      { name: "long", rounds, mean: rounds, low: rounds, high: rounds },
    ]);
    expect(svg.length).toBeLessThan(8000);
    expect(svg).toContain("long: from 1.000 to 100,000 at 100,000 decisions");
  });

  it("refuses curves whose fields differ in length, and sizes out of range", () => {
    expect(() => drawLearningCurves([{ name: "x", rounds: [1, 2], mean: [1] }])).toThrow(
      'fields of the same length were expected, got 2, 1, 1, 1 in "x"',
    );
    expect(() => drawLearningCurves([], { width: 10 })).toThrow("width: 240 to 4000 pixels");
    expect(() => drawLearningCurves([], { height: Number.NaN })).toThrow("height: 120 to 4000");
  });
});

describe("drawArmShares", () => {
  it("says shares in words, and joins arms beyond the seventh", () => {
    const arms = Array.from({ length: 12 }, (_, i) => `arm ${i}`);
    const chosen = arms.map((_, i) => (i === 11 ? 0 : i + 1)); // 66 in all
    const svg = drawArmShares({ arms, windows: [{ from: 0, to: 66, chosen }] });
    expectSound(svg);
    expect(svg.match(/class="area"/g)).toHaveLength(8);
    expect(svg).toContain("1 arm 10: 16.7 % of all decisions");
    // 1 + 2 + 3 + 4 of 66; the arm that was never chosen is none of them.
    expect(svg).toContain("8 4 other arms: 15.2 % of all decisions");
    expect(svg).not.toContain("arm 11");
  });

  it("draws nothing of nothing, and refuses counts that are not one for each arm", () => {
    expectSound(drawArmShares({ arms: [], windows: [] }));
    expect(() =>
      drawArmShares({ arms: ["a"], windows: [{ from: 0, to: 1, chosen: [1, 2] }] }),
    ).toThrow("a count for each of 1 arms was expected, got 2");
  });
});

describe("drawPropensities", () => {
  it("draws a bar for every step that has decisions, however few", () => {
    const svg = drawPropensities([1, 0, 0, 99_999]);
    expectSound(svg);
    expect(svg.match(/<rect /g)).toHaveLength(2);
    expect(svg).toContain("0 to 0.25: &lt; 0.1 %; 0.75 to 1: &gt; 99.9 %");
    expectSound(drawPropensities([0, 0]));
  });

  it("has a place for a probability of 0 on its logarithmic axis", () => {
    const window = { meanPropensity: 1, leastPropensity: 0.01, leastProbability: 0 };
    const svg = drawPropensityHistory([
      { from: 0, to: 10, ...window },
      { from: 10, to: 20, ...window, leastProbability: 0.01 },
    ]);
    expectSound(svg);
    const [mean, , floor] = linesOf(svg) as [number[][], number[][], number[][]];
    expect(mean[0]![1]).toBeLessThan(floor.at(-1)![1]!);
    expect(floor.at(-1)![1]).toBeLessThan(floor[0]![1]!);
    expectSound(drawPropensityHistory([]));
  });
});

describe("drawEstimates", () => {
  it("places intervals around their values, and takes those that are missing", () => {
    const svg = drawEstimates(
      [
        { name: "always a", value: 0.4, interval: { low: 0.3, high: 0.6 } },
        { name: "unknown", value: Number.NaN, interval: { low: Number.NaN, high: Infinity } },
        { name: "endless", value: 0.5, interval: { low: -Infinity, high: Infinity } },
      ],
      { reference: { name: "the log", value: 0.45 } },
    );
    expectSound(svg);
    const [, low, high] = /whisker"[^>]*d="M([\d.]+) \d+H([\d.]+)/.exec(svg)!.map(Number);
    const [, at] = /<circle cx="([\d.]+)"/.exec(svg)!.map(Number);
    expect(low).toBeLessThan(at!);
    expect((at! - low!) / (high! - low!)).toBeCloseTo(1 / 3, 2);
    expect(svg.match(/whisker"/g)).toHaveLength(1);
    expect(svg).toContain("always a: 0.400 (0.300 to 0.600)");
    expectSound(drawEstimates([]));
  });
});

describe("axes", () => {
  it("have few round marks, in order, within reach of the values", () => {
    const value = fc.double({ min: -1e9, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(value, value, fc.boolean(), (a, b, exact) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        const { ticks, place } = createLinearScale(low, high, { exact });
        expect(ticks.length).toBeLessThanOrEqual(9);
        for (let i = 1; i < ticks.length; i++) {
          expect(ticks[i]!.at).toBeGreaterThan(ticks[i - 1]!.at);
          expect(ticks[i]!.label).not.toBe(ticks[i - 1]!.label);
        }
        for (const at of [low, high]) {
          expect(place(at)).toBeGreaterThan(-1e-6);
          expect(place(at)).toBeLessThan(1 + 1e-6);
        }
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  it("name their marks as people do", () => {
    const labels = (low: number, high: number) =>
      createLinearScale(low, high).ticks.map(({ label }) => label);
    expect(labels(0, 1)).toEqual(["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
    expect(labels(0, 6000)).toEqual(["0", "1 k", "2 k", "3 k", "4 k", "5 k", "6 k"]);
    expect(labels(-2, 2)).toEqual(["\u22122", "\u22121", "0", "1", "2"]);
    expect(createShareScale(0.02, true).ticks.map(({ label }) => label)).toEqual([
      "0",
      "0.01",
      "0.1",
      "1",
    ]);
  });
});

describe("markup", () => {
  it("keeps any text from being markup", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(..."<>&\"'a;#", "\u202E", "\uD800", "\0", "🦊") }),
        (text) => {
          expect(escapeMarkup(text)).not.toMatch(/[<>"'\p{Cs}\u202E]|&(?!(amp|lt|gt|quot|#39);)/u);
        },
      ),
      { seed: 2 },
    );
  });

  it("shortens texts of any length between characters", () => {
    expect(shorten("abc", 3)).toBe("abc");
    expect(shorten("abcd", 3)).toBe("ab…");
    expect(shorten("🦊🦊🦊🦊", 3)).toBe("🦊🦊…");
    expect(shorten("x".repeat(1e6), 20)).toHaveLength(20);
  });
});
