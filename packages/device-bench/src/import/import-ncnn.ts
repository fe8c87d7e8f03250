import type { ComputeUnit, DeviceProfile } from "@edgewright/core";
import { ProfileBuilder } from "./profile-builder.js";
import { type CsvTable, fault } from "./read-csv.js";

/** The columns that only this table has together. */
export const NCNN_COLUMNS: readonly string[] = [
  "device",
  "unit",
  "powersave",
  "gpu_device",
  "avg_ms",
];

// What benchncnn's `powersave` argument chooses.
const CORES = ["all", "little", "big"];

/**
 * Profiles from the benchmark table of Tencent's ncnn: 102 devices, CPU at several thread counts and
 * core clusters, and GPU, with the least, greatest and mean time.
 */
export function importNcnn(table: CsvTable, file: string): DeviceProfile[] {
  const builder = new ProfileBuilder("Tencent/ncnn benchmark/README (BSD-3-Clause)");
  for (const row of table.rows) {
    const unit = row.text("unit");
    if (unit !== "cpu" && unit !== "gpu") {
      throw fault(file, row.line, `column unit: cpu or gpu was expected, got "${unit}"`);
    }
    const [min, mean, max] = [row.amount("min_ms"), row.amount("avg_ms"), row.amount("max_ms")];
    if (min > mean || mean > max) {
      throw fault(file, row.line, `min ${min}, avg ${mean} and max ${max} are out of order`);
    }
    const threads = row.amount("threads");
    const cores = CORES[row.amount("powersave")];
    if (cores === undefined) {
      throw fault(file, row.line, `column powersave: 0, 1 or 2 was expected`);
    }
    const name = row.text("model");
    const model = name.replace(/[-_]int8$/, "").replaceAll("-", "_");
    const gpu = row.text("gpu_device");
    builder.add(
      { name: row.text("device") },
      {
        id: unit === "cpu" ? `cpu-${threads}${cores === "all" ? "" : `-${cores}`}` : `gpu-${gpu}`,
        runtime: "ncnn",
        unit: unit satisfies ComputeUnit,
        ...(unit === "cpu"
          ? { threads, options: { cores } }
          : { options: { device: Number(gpu) } }),
      },
      {
        model,
        // ncnn computes its float models in 16 bits where the processor can.
        precision: model.length === name.length ? "float" : "int8",
        latencyMs: { min, mean, max, count: row.amount("loops") },
      },
    );
  }
  return builder.build();
}
