import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { realProfiles, realVariants } from "../devices.test-support.js";
import { qoeUtility } from "../utility/qoe-utility.js";
import { USER_TYPES } from "../utility/user-types.js";
import { deviceFeatureNames, encodeDevice } from "./encode-device.js";
import { encodeModel, metricsOf, modelFeatureNames } from "./encode-model.js";
import { encodeOnKnots } from "./encode-on-knots.js";
import { encodeUser, userFeatureNames } from "./encode-user.js";
import { measuredEnergyMj, measuredLatencyMs } from "./measured-latency.js";
import { metricInteractions } from "./metric-interactions.js";
import { predictLatencies } from "./predict-latency.js";
import { qoeFeatures } from "./qoe-features.js";
import { variantId } from "./variant-id.js";

const [pi5, zero, phone] = realProfiles() as [
  ReturnType<typeof realProfiles>[0],
  ReturnType<typeof realProfiles>[0],
  ReturnType<typeof realProfiles>[0],
];

function named(names: readonly string[], values: Float64Array): Record<string, number> {
  expect(values.length).toBe(names.length);
  return Object.fromEntries(names.map((name, i) => [name, values[i]!]));
}

describe("encodeOnKnots", () => {
  test("shares add up to 1 and give a value inside the knots back", () => {
    const knots = [0, 1, 2.5, 4];
    fc.assert(
      fc.property(fc.double({ min: -2, max: 6, noNaN: true }), (x) => {
        const out = new Float64Array(6);
        encodeOnKnots(x, knots, out, 1);
        expect(out.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
        expect([out[0], out[5]]).toEqual([0, 0]);
        const back = knots.reduce((sum, knot, i) => sum + knot * out[i + 1]!, 0);
        expect(back).toBeCloseTo(Math.min(4, Math.max(0, x)), 10);
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});

describe("encodeDevice", () => {
  test("of a real profile: threads of its engine, kind, unit, probes, and what is not known", () => {
    const probes = [
      { model: "resnet50", precision: "float" },
      { model: "vgg16", precision: "float" },
    ];
    const features = named(deviceFeatureNames({ probes }), encodeDevice(zero, { probes }));
    expect(features["log threads"]).toBeCloseTo(2 / 6, 12);
    expect(features["log threads unknown"]).toBe(0);
    expect([features["log memory"], features["log memory unknown"]]).toEqual([0, 1]);
    expect([features["kind board"], features["kind phone"]]).toEqual([1, 0]);
    expect([features["unit cpu"], features["unit gpu"]]).toEqual([1, 0]);
    expect(features["log latency of resnet50 float"]).toBeCloseTo(Math.log10(782.63) / 3, 12);
    expect(features["log latency of vgg16 float unknown"]).toBe(1);
  });

  test("of a description alone, and of nothing but a name", () => {
    const names = deviceFeatureNames();
    const device = { name: "x", threads: 8, memoryBytes: 2 ** 32, features: { clockGhz: 2 } };
    const features = named(names, encodeDevice(device));
    expect(features["log threads"]).toBe(0.5);
    expect(features["log memory"]).toBe(0.5);
    expect(features["log clock"]).toBe(0.5);
    const bare = named(names, encodeDevice({ name: "x" }));
    expect(names.filter((name) => bare[name] === 1)).toEqual([
      "log threads unknown",
      "log memory unknown",
      "log clock unknown",
    ]);
  });

  test("is finite whatever a profile holds", () => {
    const odd = { name: "x", threads: 0, memoryBytes: Number.NaN, features: { clockGhz: -1 } };
    expect(encodeDevice(odd).every(Number.isFinite)).toBe(true);
  });
});

describe("encodeModel", () => {
  test("each known metric has its place among knots; unknown ones say so", () => {
    const [squeezenet] = realVariants();
    const known = named(modelFeatureNames(), encodeModel(squeezenet!, { latencyMs: 10 }));
    expect(known["latencyMs knot 3"]).toBe(1);
    expect(known["energyMj unknown"]).toBe(1);
    expect(known["accuracy unknown"]).toBe(0);
    for (const metric of ["latencyMs", "energyMj", "accuracy", "bytes"]) {
      const sum = Object.entries(known)
        .filter(([name]) => name.startsWith(metric))
        .reduce((total, [, value]) => total + value, 0);
      expect(sum).toBeCloseTo(1, 12);
    }
    const bare = { task: "t", model: "m", precision: "fp32" };
    const unknown = named(modelFeatureNames(), encodeModel(bare));
    expect(Object.values(unknown).reduce((a, b) => a + b)).toBe(5);
    expect(unknown["log macs unknown"]).toBe(1);
  });

  test("takes accuracies in percent, as shares and as error rates alike", () => {
    const variant = (value: number, higherIsBetter = true) => ({
      ...{ task: "t", model: "m", precision: "fp32" },
      accuracy: { metric: "x", value, higherIsBetter },
    });
    expect(encodeModel(variant(75))).toEqual(encodeModel(variant(0.75)));
    expect(encodeModel(variant(0.25, false))).toEqual(encodeModel(variant(0.75)));
    expect(metricsOf(variant(250))).toEqual({});
  });

  test.each([
    ["int8", 1],
    ["w4a16", 1],
    ["ternary", 1],
    ["q4_0", 1],
    ["fp32", 0],
    ["fp16", 0],
    ["int16", 0],
    ["float", 0],
  ])("precision %s: 8 bits or fewer %i", (precision, expected) => {
    const features = named(modelFeatureNames(), encodeModel({ task: "t", model: "m", precision }));
    expect(features["8 bits or fewer"]).toBe(expected);
  });
});

describe("encodeUser", () => {
  test("shares of the weights, and midpoints by their distance from usual ones", () => {
    const user = {
      name: "x",
      utilities: {
        latencyMs: { weight: 3, midpoint: 60, slope: 2 },
        bytes: { weight: 1, midpoint: 30e6 * Math.E, slope: 2 },
      },
    };
    const features = named(userFeatureNames(), encodeUser(user));
    expect(features["weight of latencyMs"]).toBe(0.75);
    expect(features["midpoint of latencyMs"]).toBeCloseTo(0, 12);
    expect(features["midpoint of bytes"]).toBeCloseTo(0.25, 12);
    expect(features["weight of accuracy"]).toBe(0);
  });
});

describe("measured and predicted latencies", () => {
  const variants = realVariants();

  test("the fastest engine counts, in batches of one, of whole models", () => {
    const measurement = { ...phone.measurements[0]!, engine: "cpu-8" };
    const profile = {
      ...phone,
      engines: [...phone.engines, { id: "cpu-8", runtime: "ncnn", unit: "cpu" as const }],
      measurements: [
        ...phone.measurements,
        { ...measurement, latencyMs: { median: 5 }, energyMj: { mean: 40 } },
        { ...measurement, latencyMs: { mean: 1 }, batch: 8 },
        { ...measurement, latencyMs: { mean: 1 }, component: "encoder" },
      ],
    };
    expect(measuredLatencyMs(profile, variants[0]!)).toBe(5);
    expect(measuredEnergyMj(profile, variants[0]!)).toBe(40);
    expect(measuredEnergyMj(pi5, variants[0]!)).toBeUndefined();
    expect(measuredLatencyMs(zero, variants[6]!)).toBeUndefined();
  });

  test("what is measured stays, the rest follows a line in logarithms", () => {
    const at = (model: string, macs?: number) => ({
      ...{ task: "t", model, precision: "p" },
      ...(macs !== undefined && { macs }),
    });
    const list = [at("a", 1e8), at("b", 4e8), at("c", 16e8), at("d")];
    const [a, b, c, d] = predictLatencies(list, ({ model }) => ({ a: 5, c: 80 })[model]);
    expect([a, c, d]).toEqual([5, 80, undefined]);
    // Slope 1 through both points, and 1 is what the line leans to: exactly in the middle.
    expect(b).toBeCloseTo(20, 9);
    expect(predictLatencies(list, () => undefined)).toEqual(Array(4).fill(undefined));
    // One point: as many times as slow as it has more operations.
    const one = predictLatencies(list, ({ model }) => ({ a: 5 })[model]);
    expect(one[2]).toBeCloseTo(80, 9);
  });

  test("three probes of a real board tell the others within a factor of three", () => {
    const probes = ["squeezenet", "efficientnet_b0", "resnet50"];
    const predicted = predictLatencies(variants, (variant) =>
      probes.includes(variant.model) ? measuredLatencyMs(zero, variant) : undefined,
    );
    variants.forEach((variant, i) => {
      const real = measuredLatencyMs(zero, variant);
      if (real === undefined) return;
      expect(predicted[i]! / real).toBeLessThan(3);
      expect(predicted[i]! / real).toBeGreaterThan(1 / 3);
    });
  });
});

describe("metricInteractions", () => {
  test("can write any sum of per-metric curves that users weigh: a linear model of it exists", () => {
    const features = qoeFeatures();
    const joint = metricInteractions();
    const z = new Float64Array(joint.dimension);
    const user = { ...USER_TYPES.impatient };
    const context = features.context(user, pi5);
    const [variant] = realVariants();
    const arm = features.arm(variant!, { latencyMs: 10 });
    joint.write(context, arm, z);
    expect([...z.subarray(0, arm.length)]).toEqual([...arm]);
    // 10 ms is the third knot; the user's weight of latency stands at its product, and of the accuracy with its knots.
    const share = user.utilities.latencyMs!.weight;
    expect(z[arm.length + 2]).toBeCloseTo(share, 12);
    const total = z.subarray(arm.length).reduce((sum, value) => sum + value, 0);
    expect(total).toBeCloseTo(
      context.reduce((a, b) => a + b),
      12,
    );
    expect(qoeUtility(user)({ latencyMs: 10 })).toBeGreaterThan(0);
  });

  test("passes over features of the device after those of the user", () => {
    const joint = metricInteractions();
    const arm = encodeModel(realVariants()[1]!, { latencyMs: 3 });
    const [plain, more] = [new Float64Array(joint.dimension), new Float64Array(joint.dimension)];
    const user = USER_TYPES.careful;
    joint.write(qoeFeatures().context(user, pi5), arm, plain);
    joint.write(qoeFeatures({ device: true }).context(user, pi5), arm, more);
    expect(more).toEqual(plain);
  });
});

test("variantId tells precisions apart", () => {
  expect(variantId({ model: "resnet18", precision: "int8" })).toBe("resnet18 int8");
});
