import { expect, test } from "vitest";
import { EdgewrightError } from "../errors.js";
import type { DeviceProfile } from "./device-profile.js";
import { parseDeviceProfile } from "./parse-device-profile.js";
import { parseModelVariant } from "./parse-model-variant.js";

const profile: DeviceProfile = {
  version: 1,
  device: { name: "Pixel 4", kind: "phone", threads: 8, features: { clockGhz: 2.84 } },
  engines: [
    { id: "cpu-4", runtime: "tflite", unit: "cpu", threads: 4, options: { xnnpack: true } },
    { id: "tpu", runtime: "tflite", unit: "npu" },
  ],
  variants: [
    {
      task: "image-classification",
      model: "efficientnet-lite0",
      precision: "int8",
      bytes: 5.4e6,
      accuracy: { metric: "top1", value: 74.4 },
    },
  ],
  measurements: [
    {
      model: "efficientnet-lite0",
      precision: "int8",
      engine: "cpu-4",
      kind: "published",
      latencyMs: { mean: 6.5 },
      fallbackShare: 0,
    },
  ],
  coRuns: [
    {
      members: [
        { model: "efficientnet-lite0", precision: "int8", engine: "cpu-4" },
        { model: "yamnet", precision: "fp32", engine: "tpu" },
      ],
      latencyMs: [{ mean: 7.1 }, { median: 3, p95: 4 }],
      kind: "modelled",
    },
  ],
};

test("a profile survives JSON", () => {
  expect(parseDeviceProfile(JSON.parse(JSON.stringify(profile)))).toEqual(profile);
});

test.each<[string, unknown, string]>([
  ["device.name", { ...profile, device: {} }, "string expected"],
  [
    "engines[0].unit",
    { ...profile, engines: [{ id: "a", runtime: "b", unit: "abacus" }] },
    'one of "cpu", "gpu"',
  ],
  ["engines[1].id", { ...profile, engines: [profile.engines[0], profile.engines[0]] }, "twice"],
  [
    "measurements[0].engine",
    { ...profile, measurements: [{ ...profile.measurements[0], engine: "gpu" }] },
    'no engine has id "gpu"',
  ],
  [
    "measurements[0].latencyMs",
    { ...profile, measurements: [{ ...profile.measurements[0], latencyMs: {} }] },
    "at least one statistic is needed",
  ],
  [
    "measurements[0].fallbackShare",
    { ...profile, measurements: [{ ...profile.measurements[0], fallbackShare: 2 }] },
    "at most 1 expected",
  ],
  [
    "coRuns[0].latencyMs",
    { ...profile, coRuns: [{ ...profile.coRuns[0], latencyMs: [] }] },
    "one entry for each of 2 members was expected, got 0",
  ],
  [
    "coRuns[0].members[1].engine",
    { ...profile, engines: [profile.engines[0]] },
    'no engine has id "tpu"',
  ],
])("a fault at %s is named", (path, value, message) => {
  const error = faultOf(() => parseDeviceProfile(value));
  expect(error.code).toBe("invalid-data");
  expect(error.where).toBe(path);
  expect(error.message).toContain(`at ${path}: `);
  expect(error.message).toContain(message);
});

test("a key that nobody knows is refused, not dropped", () => {
  const value = { ...profile, latency: [] };
  expect(faultOf(() => parseDeviceProfile(value)).message).toContain('unknown key "latency"');
});

test("model variants", () => {
  expect(parseModelVariant(profile.variants![0])).toEqual(profile.variants![0]);
  expect(faultOf(() => parseModelVariant({ task: "x", model: "y" })).where).toBe("precision");
  expect(faultOf(() => parseModelVariant(7)).message).toContain("at the top");
});

function faultOf(run: () => unknown): EdgewrightError {
  try {
    run();
  } catch (error) {
    if (EdgewrightError.isInstance(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
