import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseDeviceProfile } from "@edgewright/core";
import { describe, expect, test } from "vitest";
import { importDeviceTable } from "./import-device-table.js";

const shared =
  process.env.EDGEWRIGHT_SHARED ?? fileURLToPath(new URL("../../../../../shared", import.meta.url));
const folder = `${shared}/data/profiles`;

// Skipped where the tables are not at hand: set EDGEWRIGHT_SHARED to the folder that has them.
describe.skipIf(!existsSync(folder))("the real tables", () => {
  test.each([
    ["ncnn-bench.csv", 102, 8554],
    ["qualcomm-aihub-perf.csv", 14, 7233],
    ["tflite-pixel-tables.csv", 2, undefined],
    ["nasbench201-device-latency.csv", 12, undefined],
    ["mlperf-tiny-v1.1.csv", undefined, 111],
  ])("%s", (name, devices, measurements) => {
    const models = `${folder}/qualcomm-aihub-models.json`;
    const profiles = importDeviceTable(readFileSync(`${folder}/${name}`, "utf8"), {
      file: name,
      models: readFileSync(models, "utf8"),
    });
    if (devices !== undefined) expect(profiles.length).toBe(devices);
    const rows = profiles.reduce((sum, profile) => sum + profile.measurements.length, 0);
    if (measurements !== undefined) expect(rows).toBe(measurements);
    for (const profile of profiles.slice(0, 3)) parseDeviceProfile(profile);
  });

  test("EfficientNet-lite on a Pixel 4 gives the 24 designs of the scheduler's golden case", () => {
    const text = readFileSync(`${folder}/tflite-pixel-tables.csv`, "utf8");
    const pixel = importDeviceTable(text).find(({ device }) => device.name === "Pixel 4")!;
    expect(pixel.measurements.length).toBe(24);
    expect(pixel.measurements.filter((m) => m.latencyMs!.mean! <= 41.67).length).toBe(23);
  });
});
