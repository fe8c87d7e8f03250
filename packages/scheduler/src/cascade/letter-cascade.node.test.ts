import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { chooseOptimalBatch, createBatchSignalController } from "./batch-signal-controller.js";
import { calibrateThresholds } from "./calibration.js";
import { listOutcomes, parseCascadeTable } from "./cascade-table.js";
import { createContinuousController } from "./continuous-controller.js";
import type { ThresholdController } from "./controller.js";
import { createGainController } from "./gain-controller.js";
import { simulateCascade } from "./simulate-cascade.js";
import { createStaticController } from "./static-controller.js";

const shared =
  process.env.EDGEWRIGHT_SHARED ?? fileURLToPath(new URL("../../../../../shared", import.meta.url));
const folder = join(shared, "data", "profiles", "cascade");
const there = existsSync(join(folder, "letter_cascade.csv"));
if (!there) console.warn("skipped: no letter_cascade.csv; set EDGEWRIGHT_SHARED");

describe.skipIf(!there)("classifiers of letters", () => {
  const table = there
    ? parseCascadeTable(readFileSync(join(folder, "letter_cascade.csv"), "utf8"))
    : { samples: 0, models: new Map() };
  const latencyOf = (size: number): number => 10 + 2 * size;
  const optimalBatch = chooseOptimalBatch(latencyOf, 150 - 43);
  const tiers = [
    ["light_low", 31],
    ["light_mid", 43],
    ["light_high", 41],
  ] as const;

  test("curves are those that numpy computed when the table was made", () => {
    const { bvsb_curves: curves } = JSON.parse(readFileSync(join(folder, "meta.json"), "utf8")) as {
      bvsb_curves: Record<string, [threshold: number, rate: number, accuracy: number][]>;
    };
    expect(Object.keys(curves)).toHaveLength(6);
    for (const [pair, points] of Object.entries(curves)) {
      const [light, heavy] = pair.split("->") as [string, string];
      const curve = calibrateThresholds(listOutcomes(table, light, heavy), { steps: 20 });
      for (const [threshold, rate, accuracy] of points) {
        if (threshold === 1) continue; // there everything is forwarded, margins of 1 too
        const at = curve.thresholds.indexOf(threshold);
        // The table holds four digits, the curves were made before rounding.
        expect(Math.abs(curve.forwardingRates[at]! - rate)).toBeLessThan(5e-4);
        expect(Math.abs(curve.accuracies[at]! - accuracy)).toBeLessThan(5e-4);
      }
    }
  });

  // 60 s with 15 s of warm-up, the objective 150 ms. Calibrated on samples that are not simulated with.
  const run = (count: number, create: () => ThresholdController) => {
    const kinds = tiers.map(([tier, latencyMs]) => {
      const outcomes = listOutcomes(table, tier, "heavy_fast", { to: 4000 });
      return { tier, latencyMs, calibration: calibrateThresholds(outcomes) };
    });
    return simulateCascade(
      {
        ...{ table, controller: create(), serverModels: [{ name: "heavy_fast", latencyOf }] },
        devices: Array.from({ length: count }, (_, i) => kinds[i % 3]!),
      },
      { samples: [4000, table.samples] },
    );
  };

  test.each([40, 100])(
    "with %i devices, multitasc++ and ours hold their target at good accuracy",
    (count) => {
      const batch = run(count, () => createBatchSignalController({ optimalBatch }));
      const published = run(count, () => createContinuousController());
      const together = run(count, () => createContinuousController({ follow: "all" }));
      const gain = run(count, () => createGainController({ budgetMs: 150 - 43 }));
      for (const { satisfaction } of [published, together, gain]) {
        expect(Math.abs(satisfaction - 0.95)).toBeLessThan(0.01);
      }
      for (const { accuracy } of [together, gain]) {
        expect(accuracy).toBeGreaterThanOrEqual(batch.accuracy);
      }
      // The published rule misses the batch controller by 0.06 points at 40 devices, and leads it from 60 on.
      expect(published.accuracy).toBeGreaterThan(batch.accuracy - 0.0015);
      expect(gain.accuracy).toBeGreaterThan(published.accuracy);
    },
  );

  test("static thresholds break down: 72 % with 70 devices, as many as are not forwarded", () => {
    const { satisfaction } = run(70, () => createStaticController());
    expect(Math.abs(satisfaction - 0.72)).toBeLessThan(0.01);
  });
});
