import type { DeviceProfile, Engine } from "@edgewright/core";

const CPU: Engine = { id: "cpu-4", runtime: "tflite", unit: "cpu", threads: 4 };
const GPU: Engine = { id: "gpu", runtime: "tflite", unit: "gpu" };
const TPU: Engine = { id: "edgetpu", runtime: "tflite", unit: "npu" };

// [parameters in millions, MACs in millions, then by precision: top-1 and time on each engine], in ms.
const LITE: readonly [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number | undefined,
][] = [
  // params macs top1 cpu gpu32 gpu16 | top1 int8, cpu, tpu
  [4.7, 407, 75.1, 12, 9, 6, 74.4, 6.5, 3.8],
  [5.4, 631, 76.7, 18, 12, 8, 75.9, 9.1, 5.4],
  [6.1, 899, 77.6, 26, 16, 10, 77, 12, 7.9],
  [8.2, 1440, 79.8, 41, 23, 14, 79, 18, 9.7],
  [13, 2640, 81.5, 76, 36, 21, 80.2, 30, undefined],
];

/** EfficientNet-lite on a Pixel 4, the figures of TensorFlow's published table. */
export function createPixel4Profile(): DeviceProfile {
  const variants: NonNullable<DeviceProfile["variants"]>[number][] = [];
  const measurements: DeviceProfile["measurements"][number][] = [];
  LITE.forEach(([parameters, macs, top1, cpu, gpu32, gpu16, top1Int8, cpuInt8, tpu], i) => {
    const model = `efficientnet-lite${i}`;
    const add = (
      precision: string,
      bytes: number,
      accuracy: number,
      times: readonly [Engine, number | undefined][],
    ): void => {
      variants.push({
        task: "image-classification",
        model,
        precision,
        bytes: parameters * 1e6 * bytes,
        macs: macs * 1e6,
        accuracy: { metric: "top1", value: accuracy },
      });
      for (const [engine, mean] of times) {
        if (mean === undefined) continue;
        const measurement = { model, precision, engine: engine.id, kind: "published" as const };
        measurements.push({ ...measurement, latencyMs: { mean } });
      }
    };
    add("fp32", 4, top1, [
      [CPU, cpu],
      [GPU, gpu32],
    ]);
    add("fp16", 2, top1, [[GPU, gpu16]]);
    add("int8", 1, top1Int8, [
      [CPU, cpuInt8],
      [TPU, tpu],
    ]);
  });
  return {
    version: 1,
    device: { name: "Pixel 4", kind: "phone" },
    engines: [CPU, GPU, TPU],
    variants,
    measurements,
    coRuns: [],
  };
}
