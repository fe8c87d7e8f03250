import { describe, expect, it } from "vitest";
import { formatChosen } from "../print-results.js";
import { findZooFront, type ZooFront } from "../zoo-front.js";
import { chooseVariants } from "./choose-variants.js";
import { alwaysAskingPlayer, askingPlayer } from "./chosen-variants.js";
import { playedDevices, zooVariants } from "./simulated-devices.js";

/** Two models that suit different people: one fast, one right. */
function twoModels(): ZooFront {
  const model = (name: string, median: number, accuracy: number, bytes: number) => ({
    ...{ name, parameters: bytes / 4, macs: 10 * bytes, bytes },
    time: {
      ...{ median, mean: median, p95: median, min: median, max: median, noise: 0 },
      interval: { low: median, high: median },
    },
    accuracy: {
      ...{ correct: 1000 * accuracy, count: 1000, accuracy },
      interval: { low: accuracy, high: accuracy },
    },
  });
  return findZooFront("Fashion-MNIST", 1000, [
    model("fast", 0.05, 0.925, 250e3),
    model("right", 0.5, 0.945, 300e3),
  ]);
}

describe("playedDevices", () => {
  const zoo = twoModels();
  const devices = playedDevices(zoo, { name: "my machine" });

  it("has this machine with its measured times, and others that say they are simulated", () => {
    const real = devices.filter(({ isReal }) => isReal);
    expect(real).toHaveLength(1);
    expect(real[0]!.profile.device.name).toBe("my machine");
    expect(real[0]!.profile.measurements).toMatchObject([
      { model: "fast", kind: "measured", latencyMs: { median: 5 } },
      { model: "right", kind: "measured", latencyMs: { median: 50 } },
    ]);
    for (const { isReal, factor, profile } of devices) {
      if (isReal) continue;
      const [fast] = profile.measurements;
      expect(fast!.kind).toBe("simulated");
      expect(fast!.latencyMs!.median).toBeCloseTo(5 * factor, 9);
    }
  });

  it("takes the variants' accuracies and sizes from the zoo", () => {
    expect(zooVariants(zoo)[1]).toMatchObject({
      ...{ model: "right", bytes: 300e3 },
      accuracy: { metric: "top1", value: 0.945 },
    });
  });
});

describe("chooseVariants", () => {
  it("learns from thumbs what suits whom, better than any choice that knows no users", async () => {
    const seen = new Set<string>();
    const chosen = await chooseVariants(
      twoModels(),
      { name: "my machine" },
      { rounds: 1000, runs: 2, onProgress: (player) => seen.add(player) },
    );
    const [asking, always] = [askingPlayer(chosen), alwaysAskingPlayer(chosen)];
    const of = (name: string) => chosen.players.find((player) => player.name === name)!;
    for (const player of chosen.players) {
      expect(seen).toContain(player.name);
      expect(player.qoe.mean).toBeLessThan(chosen.oracleQoe);
    }
    for (const player of [asking, always]) {
      expect(player.qoe.mean).toBeGreaterThan(of("the best for each device").qoe.mean);
      expect(player.qoe.mean).toBeGreaterThan(of("UCB1, asks always").qoe.mean);
    }
    expect(always.askedShare).toBe(1);
    expect(asking.askedShare).toBeLessThan(0.6);
    expect(asking.askedShare).toBeGreaterThan(0);
    expect(of("any variant").askedShare).toBeUndefined();

    const slowest = chosen.devices.length - 1;
    const picks = (type: string) => chosen.picks[slowest]![chosen.userTypes.indexOf(type)]!.variant;
    expect(picks("of two minds")).toBe("fast");
    expect(chosen.picks[0]![chosen.userTypes.indexOf("wants it right")]!.variant).toBe("right");
    for (const { share, qoe, bestQoe } of chosen.picks.flat()) {
      expect(share).toBeGreaterThanOrEqual(0.5);
      expect(qoe).toBeLessThanOrEqual(bestQoe + 1e-9);
    }

    const text = formatChosen(chosen);
    expect(text).toContain("5 of 6 devices SIMULATED");
    expect(text).toMatch(/LinUCB, asks when unsure +0\.\d{3} +\d+ +\d+\.\d %/);
    expect(text).toMatch(/on this machine, .*wants it right: right/);
  });

  it("shows the player that asks when unsure, also where it was unsure every time", async () => {
    const options = { rounds: 10, runs: 1 };
    const chosen = await chooseVariants(twoModels(), { name: "my machine" }, options);
    expect(askingPlayer(chosen)).toMatchObject({ name: "LinUCB, asks when unsure", askedShare: 1 });
  });

  it("stops when asked to", async () => {
    const abort = new AbortController();
    abort.abort();
    const { signal } = abort;
    await expect(
      chooseVariants(twoModels(), { name: "my machine" }, { signal }),
    ).rejects.toMatchObject({ code: "aborted" });
  });
});
