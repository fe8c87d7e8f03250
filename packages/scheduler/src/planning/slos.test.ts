import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatSlos, formatSloValue } from "./format-slos.js";
import { MAX_SLO_TEXT, parseSlos } from "./parse-slos.js";
import { resolveSlos } from "./resolve-slos.js";
import {
  type Slo,
  type SloMetric,
  type SloStatistic,
  sloMetricNames,
  sloStatisticNames,
} from "./slo.js";
import { SloSyntaxError } from "./slo-syntax-error.js";

const metrics = Object.keys(sloMetricNames()) as SloMetric[];
const statistics = Object.keys(sloStatisticNames()) as SloStatistic[];

test("the example of the package", () => {
  expect(
    parseSlos("max accuracy; min p95 latency; latency <= 41.7ms; memory <= 90MB for ocr"),
  ).toEqual([
    { kind: "broad", direction: "max", metric: "accuracy" },
    { kind: "broad", direction: "min", metric: "latency", statistic: "p95" },
    { kind: "narrow", metric: "latency", comparison: "<=", bound: 41.7 },
    { kind: "narrow", metric: "memory", comparison: "<=", bound: 90e6, task: "ocr" },
  ]);
});

test.each<[string, Partial<Slo>]>([
  ["MAXIMISE acc weight 2", { direction: "max", metric: "accuracy", weight: 2 }],
  ["min latency x2.5 for ocr", { weight: 2.5, task: "ocr" }],
  ["min latency for ocr x 2", { weight: 2, task: "ocr" }],
  ["min max latency", { kind: "broad", direction: "min", statistic: "max" }],
  ["max latency <= 50ms", { kind: "narrow", statistic: "max", bound: 50 }],
  ["avg tp ≥ 24fps", { metric: "throughput", comparison: ">=", statistic: "mean", bound: 24 }],
  ["p99 delay <= 0.5 s", { statistic: "p99", bound: 500 }],
  ["p50 latency <= 900µs", { statistic: "median", bound: 0.9 }],
  ["ram <= 2MiB", { metric: "memory", bound: 2 ** 21 }],
  ["size <= 512kb", { metric: "size", bound: 512e3 }],
  ["energy <= 3J", { bound: 3000 }],
  ["energy <= 3 mj", { bound: 3 }],
  ["macs <= 1.5GMACs", { metric: "workload", bound: 1.5e9 }],
  ["macs <= 1e6 for x2", { bound: 1e6, task: "x2" }],
  ["acc >= 90%", { bound: 90, percent: true }],
  ["fairness >= .5", { bound: 0.5 }],
  ['accuracy >= 0.9 for "scene, \\"night\\""', { task: 'scene, "night"' }],
])("%s", (text, expected) => {
  const slos = parseSlos(text);
  expect(slos).toHaveLength(1);
  expect(slos[0]).toMatchObject(expected);
});

test("lines and semicolons separate; empty text has no objectives", () => {
  expect(parseSlos(";\n max accuracy\r\n;; min size\n")).toHaveLength(2);
  expect(parseSlos(" ")).toEqual([]);
});

describe("errors", () => {
  test.each<[string, number, number, string]>([
    ["max accurcy", 1, 5, "accuracy, latency"],
    ["min size\nlatency < 5ms", 2, 9, "one of <=, >="],
    ["latency <= 5", 1, 13, "one of s, ms, us"],
    ["latency <= 5MB", 1, 13, "one of s, ms, us"],
    ["memory <= ms", 1, 11, "a number was expected"],
    ["max accuracy min size", 1, 14, "weight, x2, for, ;, the end"],
    ["min latency x0", 1, 13, "a weight above 0"],
    ["min latency weight 0", 1, 20, "a weight above 0"],
    ["max p95 latency <= 5ms", 1, 17, "weight, for, ;, the end"],
    ["maximise latency <= 5ms", 1, 18, "for, ;, the end"],
    ["min latency for", 1, 16, "the name of a task"],
    ['min latency for ""', 1, 17, "the name of a task"],
    ['min latency for "a', 1, 17, "a quotation mark without its end"],
    ["latency <= 1e999ms", 1, 12, "a number"],
    ["latency <= 1e308s", 1, 17, "finite"],
    ["energy <= 1 J or 2 J", 1, 15, "the end"],
    ["5 <= latency", 1, 1, "accuracy"],
    ["max 精度", 1, 5, "accuracy"],
    ["min size # small", 1, 10, "a word"],
  ])("%s", (text, line, column, message) => {
    const error = errorOf(text);
    expect([error?.line, error?.column]).toEqual([line, column]);
    expect(error?.message).toContain(message);
    expect(error?.code).toBe("invalid-data");
    expect(error?.expected.length).toBeGreaterThan(0);
  });

  test("the picture shows the place", () => {
    expect(errorOf("max accuracy;\n\tmin latncy")?.message.split("\n").slice(1)).toEqual([
      "   min latncy",
      "       ^",
    ]);
    const long = errorOf(`${" ".repeat(500)}oops${" ".repeat(500)}`)!.message.split("\n");
    expect(long[1]!.length).toBeLessThan(80);
    expect(long[1]!.indexOf("oops")).toBe(long[2]!.indexOf("^"));
  });

  test("a text that is too long is refused before it is read", () => {
    expect(() => parseSlos("x".repeat(MAX_SLO_TEXT + 1))).toThrow("at most 65536");
  });

  test("objects go through the rules of the language", () => {
    const bound: Slo = { kind: "narrow", metric: "latency", comparison: "<=", bound: 5 };
    expect(resolveSlos([bound])).toEqual([bound]);
    const wrong = { ...bound, bound: Number.NaN };
    expect(() => resolveSlos([wrong])).toThrow("bound: NaN");
    expect(() => resolveSlos([{ ...bound, metric: "speed" as SloMetric }])).toThrow("speed");
  });
});

const task = fc.option(
  fc.oneof(
    fc.constantFrom("ocr", "x2", "for", "weight", "image-classification"),
    fc.string({ minLength: 1 }),
  ),
  { nil: undefined },
);
const statistic = fc.option(fc.constantFrom(...statistics), { nil: undefined });
const amount = fc.oneof(
  fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: 0, max: 2000 }).map((value) => value / 10),
  fc.integer({ min: 0, max: 500 }).map((value) => value * 1e6),
);
const slo: fc.Arbitrary<Slo> = fc
  .oneof(
    fc.record({
      kind: fc.constant("broad" as const),
      direction: fc.constantFrom("max" as const, "min" as const),
      metric: fc.constantFrom(...metrics),
      statistic,
      weight: fc.option(fc.double({ min: 1e-9, max: 1e9, noNaN: true }), { nil: undefined }),
      task,
    }),
    fc.record({
      kind: fc.constant("narrow" as const),
      comparison: fc.constantFrom("<=" as const, ">=" as const),
      metric: fc.constantFrom(...metrics),
      statistic,
      bound: amount,
      task,
    }),
    fc.record({
      kind: fc.constant("narrow" as const),
      comparison: fc.constantFrom("<=" as const, ">=" as const),
      metric: fc.constant("accuracy" as const),
      bound: amount,
      percent: fc.constant(true as const),
      task,
    }),
  )
  .map((value) => JSON.parse(JSON.stringify(value)) as Slo); // drops what is undefined

test("what is formatted is read back", () => {
  fc.assert(
    fc.property(fc.array(slo, { maxLength: 5 }), (slos) => {
      expect(parseSlos(formatSlos(slos))).toEqual(slos);
    }),
    { seed: 5, numRuns: 300 },
  );
});

test("any text is read or refused with a place in it", () => {
  const words = fc
    .array(
      fc.constantFrom(
        ...metrics,
        ...statistics,
        ...'for;weight;x2;<=;>=;5;ms;MB;%;\n;\t;";..;1e;=;for;90;max'.split(";"),
        ";",
      ),
    )
    .map((list) => list.join(" "));
  const units = fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 12 })
    .map((codes) => String.fromCharCode(...codes));
  fc.assert(
    fc.property(fc.oneof(words, units, fc.string()), (text) => {
      const error = errorOf(text);
      if (!error) {
        expect(parseSlos(formatSlos(parseSlos(text)))).toEqual(parseSlos(text));
        return;
      }
      const lines = text.split("\n");
      expect(error.line).toBeLessThanOrEqual(lines.length);
      expect(error.column).toBeGreaterThan(0);
      expect(error.column).toBeLessThanOrEqual(lines[error.line - 1]!.length + 1);
      expect(error.message.length).toBeLessThan(700);
    }),
    { seed: 6, numRuns: 300 },
  );
});

test("weights are decimal, and a task is named once", () => {
  expect(parseSlos("max accuracy x2.5")).toMatchObject([{ weight: 2.5 }]);
  expect(errorOf("max accuracy x0x10")?.column).toBe(14);
  expect(errorOf("max accuracy for ocr for kws")?.expected).toEqual([
    "weight",
    "x2",
    ";",
    "the end",
  ]);
  expect(() => parseSlos(5 as never)).toThrow("a text was expected, got number");
});

test("values with units, without loss", () => {
  expect(formatSloValue("latency", 41.7)).toBe("41.7ms");
  expect(formatSloValue("memory", 90e6)).toBe("90MB");
  expect(formatSloValue("size", 3 * 2 ** 20)).toBe("3MiB");
  expect(formatSloValue("workload", 407e6)).toBe("407MMACs");
  expect(formatSloValue("accuracy", 0.9)).toBe("0.9");
});

function errorOf(text: string): SloSyntaxError | undefined {
  try {
    parseSlos(text);
    return undefined;
  } catch (error) {
    if (error instanceof SloSyntaxError) return error;
    throw error;
  }
}
