import type { DeviceProfile, ModelVariant } from "@edgewright/core";
import { ProfileBuilder } from "./profile-builder.js";
import { type CsvTable, fault } from "./read-csv.js";

/** The columns that only this table has together. */
export const MLPERF_TINY_COLUMNS: readonly string[] = [
  "division",
  "submitter",
  "system",
  "energy_per_inf",
];

// The four reference models of the benchmark.
const MODELS: Record<string, { task: string; model: string }> = {
  ad: { task: "anomaly-detection", model: "fc-autoencoder" },
  ic: { task: "image-classification", model: "resnet-8" },
  kws: { task: "keyword-spotting", model: "ds-cnn" },
  vww: { task: "visual-wake-words", model: "mobilenet-v1-0.25" },
};

/** Profiles from the results of MLPerf Tiny 1.1: microcontrollers and FPGAs, with energy where given. */
export function importMlperfTiny(table: CsvTable, file: string): DeviceProfile[] {
  const builder = new ProfileBuilder("mlcommons/tiny_results_v1.1 (Apache-2.0)");
  for (const row of table.rows) {
    const known = MODELS[row.text("task")];
    if (!known) {
      throw fault(
        file,
        row.line,
        `column task: ad, ic, kws or vww was expected, got "${row.text("task")}"`,
      );
    }
    // Open submissions change the model, so it is only theirs.
    const open = row.text("division") === "open";
    const model = open ? `${known.model} (${row.text("submitter")})` : known.model;
    const energy = parseEnergy(row.text("energy_per_inf"), file, row.line);
    const accuracy = parseAccuracy(row.text("accuracy_raw"));
    const variant: ModelVariant = {
      task: known.task,
      model,
      precision: "as-submitted",
      ...(accuracy === undefined ? {} : { accuracy }),
    };
    builder.add(
      { name: row.text("system"), kind: "microcontroller" },
      { id: row.text("submitter") || "submission", runtime: "mlperf-tiny", unit: "cpu" },
      {
        model,
        precision: variant.precision,
        latencyMs: { median: row.amount("latency_ms") },
        ...(energy === undefined ? {} : { energyMj: { median: energy } }),
      },
      variant,
    );
  }
  return builder.build();
}

// "529.299 uJ/inf."
function parseEnergy(text: string, file: string, line: number): number | undefined {
  if (text === "") return undefined;
  const match = /^([\d.]+) uJ\/inf\.?$/.exec(text.trim());
  if (match) return Number(match[1]) / 1000;
  throw fault(file, line, `column energy_per_inf: "<number> uJ/inf." was expected, got "${text}"`);
}

// "33822.075 ulp-mlperf: Top-1: 77.8% | 33822.079 ulp-mlperf: AUC: 0.86"
function parseAccuracy(text: string): { metric: string; value: number } | undefined {
  const top1 = /Top-1: ([\d.]+)%/.exec(text)?.[1];
  const auc = /AUC: ([\d.]+)/.exec(text)?.[1];
  if (top1 !== undefined) return { metric: "top1", value: Number(top1) };
  return auc === undefined ? undefined : { metric: "auc", value: Number(auc) };
}
