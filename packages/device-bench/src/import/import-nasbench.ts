import { type DeviceProfile, type Engine, median } from "@edgewright/core";
import { ProfileBuilder } from "./profile-builder.js";
import type { CsvTable } from "./read-csv.js";

/** The columns that only this table has together. */
export const NASBENCH_COLUMNS: readonly string[] = ["arch", "pixel3_ms", "raspi4_ms", "eyeriss_ms"];

// A handful of entries of two devices are about 0: measurements that failed.
const FAILED_SHARE = 0.01;

/**
 * Profiles from the latency tables of HELP (Lee et al., NeurIPS 2021): the 15 625 architectures of
 * NAS-Bench-201 on twelve devices. Entries below a hundredth of their device's median are failed
 * measurements and left out.
 */
export function importNasbench(table: CsvTable): DeviceProfile[] {
  const builder = new ProfileBuilder("HayeonLee/HELP, NAS-Bench-201 latencies (MIT)");
  for (const column of table.columns.filter((name) => name.endsWith("_ms"))) {
    const name = column.slice(0, -"_ms".length);
    const engine = engineOf(name);
    const latencies = table.rows.map((row) => row.amount(column));
    const least = latencies.length === 0 ? 0 : median(latencies) * FAILED_SHARE;
    table.rows.forEach((row, i) => {
      const latency = latencies[i]!;
      if (latency < least) return;
      const model = row.text("arch");
      builder.add({ name }, engine, { model, precision: "fp32", latencyMs: { mean: latency } });
    });
  }
  return builder.build();
}

function engineOf(device: string): Engine {
  if (device === "fpga") return { id: "fpga", runtime: "help", unit: "fpga" };
  if (device === "eyeriss") return { id: "accelerator", runtime: "help", unit: "accelerator" };
  const gpu = /1080ti|titan|2080|v100/.test(device);
  return gpu
    ? { id: "gpu", runtime: "help", unit: "gpu" }
    : { id: "cpu", runtime: "help", unit: "cpu" };
}
