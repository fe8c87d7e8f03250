import { ValidationError } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import { formatLogLine } from "./format-log-line.js";
import type { DecisionRecord, LogRecord } from "./log-record.js";
import { readLog, streamLog } from "./read-log.js";
import { splitLines } from "./split-lines.js";

const decision = (id: string, more: Partial<DecisionRecord> = {}): DecisionRecord => ({
  type: "decision",
  version: 1,
  id,
  time: 0,
  policy: "lin-ucb",
  context: [1, 0.1],
  arms: ["a", "b"],
  arm: "b",
  propensity: 0.3,
  probabilities: [0.7, 0.3],
  scores: [0.5, Infinity],
  mean: Number.NaN,
  width: Infinity,
  ...more,
});
const reward = (id: string, value: number): LogRecord => ({
  type: "reward",
  id,
  time: 5,
  reward: value,
});
const textOf = (...records: LogRecord[]): string => records.map(formatLogLine).join("\n");

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe("readLog", () => {
  it("joins rewards with decisions, in the order of the decisions", () => {
    const { decisions, skipped } = readLog(
      `${textOf(
        decision("x"),
        decision("y", { asked: true, armFeatures: [[1], [2]] }),
        decision("z"),
        { type: "expired", id: "z", time: 9 },
        { type: "reward", id: "y", time: 7, reward: 0.25, weight: 2, expected: 0.2, best: 0.9 },
        { type: "reward", id: "x", time: 8, reward: 0, assumed: true },
      )}\n\n`,
    );
    expect(skipped).toBe(0);
    expect(decisions).toEqual([
      {
        id: "x",
        time: 0,
        policy: "lin-ucb",
        context: [1, 0.1],
        arms: ["a", "b"],
        armFeatures: undefined,
        arm: "b",
        chosen: 1,
        propensity: 0.3,
        probabilities: [0.7, 0.3],
        scores: [0.5, Number.NaN],
        mean: Number.NaN,
        width: Number.NaN,
        asked: undefined,
        reward: 0,
        rewardTime: 8,
        weight: 1,
        assumed: true,
        expired: false,
        expected: undefined,
        best: undefined,
      },
      expect.objectContaining({
        id: "y",
        asked: true,
        armFeatures: [[1], [2]],
        reward: 0.25,
        rewardTime: 7,
        weight: 2,
        expected: 0.2,
        best: 0.9,
      }),
      expect.objectContaining({ id: "z", reward: undefined, expired: true }),
    ]);
  });

  const damagedLines: [string, string, RegExp][] = [
    ["a line that was cut off", textOf(decision("x")).slice(0, 50), /line 2: JSON was expected/],
    ["a list", "[1]", /line 2: an object was expected/],
    ["an unknown type", '{"type":"joke","id":"x","time":0}', /line 2: type: .* got "joke"/],
    ["a missing id", '{"type":"reward","time":0,"reward":1}', /line 2: id: text/],
    ["a missing time", '{"type":"reward","id":"x","reward":1}', /line 2: time: a number/],
    ["another version", textOf(decision("y", { version: 2 as never })), /version: 1/],
    ["a policy without name", textOf(decision("y", { policy: 5 as never })), /policy: text/],
    [
      "a context of NaN",
      textOf(decision("y", { context: [Number.NaN] })),
      /context: a list of numbers/,
    ],
    ["no arms", textOf(decision("y", { arms: [] })), /arms: a list of names/],
    [
      "an arm twice",
      textOf(decision("y", { arms: ["a", "a"] })),
      /arms: a list with no name twice/,
    ],
    ["a foreign arm", textOf(decision("y", { arm: "c" })), /arm: one of 2 arms/],
    ["too few probabilities", textOf(decision("y", { probabilities: [1] })), /2 probabilities/],
    ["a sum of 0.9", textOf(decision("y", { probabilities: [0.6, 0.3] })), /a sum of 1/],
    ["another propensity", textOf(decision("y", { propensity: 0.5 })), /propensity: the chosen/],
    ["too few scores", textOf(decision("y", { scores: [] })), /scores: 2 numbers/],
    ["a mean of text", textOf(decision("y", { mean: "1" as never })), /mean: a number or null/],
    ["a width of text", textOf(decision("y", { width: "1" as never })), /width: a number or null/],
    ["asked of text", textOf(decision("y", { asked: "no" as never })), /asked: true or false/],
    ["too few features", textOf(decision("y", { armFeatures: [[1]] })), /armFeatures: lists/],
    ["a reward of null", textOf(reward("x", Number.NaN)), /line 2: reward: a number/],
    [
      "a weight of 0",
      '{"type":"reward","id":"x","time":0,"reward":1,"weight":0}',
      /weight: a number/,
    ],
    [
      "assumed of text",
      '{"type":"reward","id":"x","time":0,"reward":1,"assumed":1}',
      /assumed: true/,
    ],
    ["a second decision of that id", textOf(decision("x")), /line 2: a second decision "x"/],
    ["a reward for nothing", textOf(reward("y", 1)), /line 2: a reward for the unknown .* "y"/],
  ];
  it.each(damagedLines)("names the line of %s, or skips and counts it", (_, line, message) => {
    const text = `${textOf(decision("x"))}\n${line}`;
    expect(() => readLog(text)).toThrow(ValidationError);
    expect(() => readLog(text)).toThrow(message);
    const reading = readLog(`${text}\n${textOf(reward("x", 1))}`, { damaged: "skip" });
    expect(reading.decisions).toEqual([expect.objectContaining({ id: "x", reward: 1 })]);
    expect(reading.skipped).toBe(1);
    expect(reading.firstProblem).toMatch(message);
  });

  it("refuses a second reward and a reward after expiry", () => {
    const answered = textOf(decision("x"), reward("x", 1), reward("x", 0));
    expect(() => readLog(answered)).toThrow(/line 3: .* has a reward already/);
    const expired = textOf(decision("x"), { type: "expired", id: "x", time: 1 }, reward("x", 0));
    expect(() => readLog(expired)).toThrow(/line 3: .* had expired/);
    expect(readLog(answered, { damaged: "skip" }).decisions[0]?.reward).toBe(1);
  });

  it("reads lines of any iterable, asynchronous ones as a promise", async () => {
    const lines = [decision("x"), reward("x", 1)].map(formatLogLine);
    const expected = readLog(lines.join("\n"));
    expect(readLog(new Set(lines))).toEqual(expected);
    expect(await readLog(splitLines(lines.map((line) => `${line}\n`)))).toEqual(expected);
    const cut = splitLines([lines[0]!.slice(0, 20)]);
    await expect(readLog(cut)).rejects.toThrow(/line 1: JSON/);
  });
});

describe("streamLog", () => {
  const records: LogRecord[] = [];
  for (let i = 0; i < 100; i++) {
    records.push(decision(`d${i}`));
    if (i % 10 !== 0) records.push(reward(`d${i}`, i));
  }

  it("gives what readLog gives", async () => {
    const lines = records.map(formatLogLine);
    expect(await collect(streamLog(lines))).toEqual(readLog(lines).decisions);
    expect(await collect(streamLog(lines, { capacity: 3 }))).toEqual(readLog(lines).decisions);
  });

  it("does not wait for more than `capacity` decisions, nor take a reward after that", async () => {
    const late = [...records, reward("d0", 1)].map(formatLogLine);
    await expect(collect(streamLog(late, { capacity: 5 }))).rejects.toThrow(/unknown .* "d0"/);
    const problems: string[] = [];
    const decisions = await collect(
      streamLog(late, {
        capacity: 5,
        damaged: "skip",
        onSkip: (problem) => problems.push(problem.message),
      }),
    );
    expect(decisions).toHaveLength(100);
    expect(problems).toEqual([expect.stringContaining("line 191")]);
  });

  it("refuses a capacity of 0", async () => {
    await expect(collect(streamLog([], { capacity: 0 }))).rejects.toThrow(/capacity above 0/);
  });
});

describe("splitLines", () => {
  it("puts lines and characters together that pieces cut", async () => {
    const bytes = new TextEncoder().encode("grün\n\nträge\nEnde");
    for (const size of [1, 2, 3, 7, 100]) {
      const pieces: Uint8Array[] = [];
      for (let i = 0; i < bytes.length; i += size) pieces.push(bytes.subarray(i, i + size));
      expect(await collect(splitLines(pieces))).toEqual(["grün", "", "träge", "Ende"]);
    }
    expect(await collect(splitLines(["a\n", "b\n"]))).toEqual(["a", "b"]);
  });

  it("takes a line of very many pieces in a time that grows with its length", async () => {
    const pieces = Array.from({ length: 2000 }, () => "x".repeat(4096));
    const started = performance.now();
    for await (const line of splitLines(pieces)) expect(line.length).toBe(2000 * 4096);
    expect(performance.now() - started).toBeLessThan(3000); // 30 ms; ten seconds when every piece copies all
  });
});
