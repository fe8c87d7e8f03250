import { describe, expect, it } from "vitest";
import { formatZoo } from "./print-results.js";
import { findZooFront, type ZooModel } from "./zoo-front.js";

const model = (name: string, median: number, accuracy: number): Omit<ZooModel, "isOnFront"> => ({
  name,
  time: {
    median,
    mean: median,
    p95: median,
    min: median,
    max: median,
    interval: { low: median, high: median },
    noise: 0,
  },
  accuracy: { correct: 0, count: 1000, accuracy, interval: { low: 0.8, high: 0.95 } },
  parameters: 10,
  macs: 2_360_000,
  bytes: 84_196,
});

describe("findZooFront", () => {
  const front = findZooFront("Fashion-MNIST", 1000, [
    model("slow and good", 3, 0.92),
    model("fast", 1, 0.88),
    model("slower and worse", 2, 0.87),
    model("slower and equal", 4, 0.92),
  ]);

  it("sorts by time and marks the models that no other beats", () => {
    expect(front.models.map(({ name, isOnFront }) => [name, isOnFront])).toEqual([
      ["fast", true],
      ["slower and worse", false],
      ["slow and good", true],
      ["slower and equal", false],
    ]);
  });

  it("is printed as a table whose columns stand below their headings", () => {
    const lines = formatZoo(front).split("\n");
    expect(lines[0]).toBe(
      "1000 pictures of Fashion-MNIST with the models of the zoo (measured, processor time of one thread)",
    );
    expect(lines[3]).toMatch(
      /^ {2}\* fast .*1\.00 ms {3}88\.0 % {3}80\.0 % to 95\.0 %.*2\.36 M +0\.084 MB$/,
    );
    expect(new Set(lines.slice(2, 7).map((line) => line.length)).size).toBe(1);
  });
});
