import type { DeviceProfile, Engine, ModelVariant } from "@edgewright/core";
import { ProfileBuilder } from "./profile-builder.js";
import { type CsvTable, fault } from "./read-csv.js";

/** The columns that only this table has together. */
export const TFLITE_COLUMNS: readonly string[] = [
  "source",
  "top1",
  "cpu4_ms",
  "nnapi_ms",
  "tpu_ms",
];

const ENGINES: readonly { column: string; engine: Engine; precision?: string }[] = [
  { column: "cpu4_ms", engine: { id: "cpu-4", runtime: "tflite", unit: "cpu", threads: 4 } },
  { column: "gpu_fp32_ms", engine: { id: "gpu", runtime: "tflite", unit: "gpu" } },
  // The same model, computed in half precision.
  {
    column: "gpu_fp16_ms",
    engine: { id: "gpu", runtime: "tflite", unit: "gpu" },
    precision: "fp16",
  },
  { column: "nnapi_ms", engine: { id: "nnapi", runtime: "tflite-nnapi", unit: "accelerator" } },
  { column: "tpu_ms", engine: { id: "edgetpu", runtime: "tflite", unit: "npu" } },
];

const BYTES_PER_WEIGHT: Record<string, number> = { fp32: 4, fp16: 2, int8: 1 };

/**
 * Profiles from TensorFlow's published tables: EfficientNet-lite on a Pixel 4 and the hosted TFLite
 * models on a Pixel 3, each with size and ImageNet accuracy.
 */
export function importTflite(table: CsvTable, file: string): DeviceProfile[] {
  const builder = new ProfileBuilder(
    "TensorFlow Lite hosted models and EfficientNet-lite (Apache-2.0)",
  );
  for (const row of table.rows) {
    const stored = row.text("precision");
    if (BYTES_PER_WEIGHT[stored] === undefined) {
      throw fault(
        file,
        row.line,
        `column precision: fp32, fp16 or int8 was expected, got "${stored}"`,
      );
    }
    const parameters = row.optionalAmount("params_m");
    const macs = row.optionalAmount("madds_m");
    const megabytes = row.optionalAmount("size_mb");
    const top1 = row.optionalAmount("top1");
    for (const { column, engine, precision = stored } of ENGINES) {
      const latency = row.optionalAmount(column);
      if (latency === undefined) continue;
      const bytes =
        parameters !== undefined
          ? parameters * 1e6 * BYTES_PER_WEIGHT[precision]!
          : megabytes === undefined
            ? undefined
            : (megabytes * 1e6 * BYTES_PER_WEIGHT[precision]!) / BYTES_PER_WEIGHT[stored]!;
      const variant: ModelVariant = {
        task: "image-classification",
        model: row.text("model"),
        precision,
        ...(bytes === undefined ? {} : { bytes }),
        ...(macs === undefined ? {} : { macs: macs * 1e6 }),
        ...(parameters === undefined ? {} : { parameters: parameters * 1e6 }),
        ...(top1 === undefined ? {} : { accuracy: { metric: "top1", value: top1 } }),
      };
      builder.add(
        { name: row.text("device"), kind: "phone" },
        engine,
        { model: variant.model, precision, latencyMs: { mean: latency } },
        variant,
      );
    }
  }
  return builder.build();
}
