import type { DeviceProfile, ModelVariant } from "@edgewright/core";

// Rows of the benchmark table of Tencent's ncnn (BSD-3-Clause): mean milliseconds of float models on four CPU threads,
// of a Snapdragon 8 Gen 2 on its GPU.
const TIMES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "Raspberry Pi 5": {
    squeezenet: 7.38,
    shufflenet_v2: 3.39,
    mobilenet_v2: 10.52,
    mobilenet_v3: 7.35,
    efficientnet_b0: 12.33,
    resnet50: 46.21,
    vgg16: 129.24,
  },
  "Raspberry Pi Zero 2 W": {
    squeezenet: 119.93,
    shufflenet_v2: 64.13,
    mobilenet_v2: 147.39,
    mobilenet_v3: 119.04,
    efficientnet_b0: 202.14,
    resnet50: 782.63,
  },
  "Snapdragon 8 Gen 2": {
    squeezenet: 10.55,
    shufflenet_v2: 14.96,
    mobilenet_v2: 15.96,
    mobilenet_v3: 18.4,
    efficientnet_b0: 36.83,
    resnet50: 44.29,
    vgg16: 39.29,
  },
};

/** Three real devices. */
export function realProfiles(): DeviceProfile[] {
  return Object.entries(TIMES).map(([name, times]): DeviceProfile => {
    const isPhone = name.startsWith("Snapdragon");
    const id = isPhone ? "gpu-0" : "cpu-4";
    return {
      version: 1,
      device: { name, kind: isPhone ? "phone" : "board" },
      engines: [
        isPhone
          ? { id, runtime: "ncnn", unit: "gpu" }
          : { id, runtime: "ncnn", unit: "cpu", threads: 4 },
      ],
      measurements: Object.entries(times).map(([model, mean]) => ({
        ...{ model, precision: "float", engine: id, kind: "published" as const },
        latencyMs: { mean },
      })),
      coRuns: [],
      source: "Tencent/ncnn benchmark/README (BSD-3-Clause)",
    };
  });
}

/** The classifiers of {@link realProfiles}, with ImageNet figures of about the right size. */
export function realVariants(): ModelVariant[] {
  const rows: readonly [model: string, top1: number, parameters: number, macs: number][] = [
    ["squeezenet", 58.2, 1.2, 350],
    ["shufflenet_v2", 69.4, 2.3, 140],
    ["mobilenet_v2", 71.9, 3.5, 300],
    ["mobilenet_v3", 74, 5.5, 220],
    ["efficientnet_b0", 77.7, 5.3, 390],
    ["resnet50", 76.1, 25.6, 4090],
    ["vgg16", 71.6, 138.4, 15470],
  ];
  return rows.map(([model, top1, parameters, macs]) => ({
    task: "image-classification",
    model,
    precision: "float",
    bytes: parameters * 4e6,
    macs: macs * 1e6,
    accuracy: { metric: "top1", value: top1 },
  }));
}
