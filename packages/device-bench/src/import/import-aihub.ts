import {
  type ComputeUnit,
  type DeviceProfile,
  type ModelVariant,
  ValidationError,
} from "@edgewright/core";
import { ProfileBuilder } from "./profile-builder.js";
import { type CsvTable, fault } from "./read-csv.js";

/** The columns that only this table has together. */
export const AIHUB_COLUMNS: readonly string[] = [
  "component",
  "runtime",
  "primary_unit",
  "layers_npu",
];

const UNITS: Record<string, ComputeUnit> = { NPU: "npu", GPU: "gpu", CPU: "cpu" };

/** What the table of models says of one of them. */
interface AihubModel {
  readonly use_case?: string;
  readonly technical_details?: Readonly<Record<string, string>>;
  readonly accuracy?: readonly (readonly [
    dataset: string,
    metric: string,
    unit: string,
    reference: number,
    device: string,
    precision: string,
    runtime: string,
    value: number,
  ])[];
}

/**
 * Profiles from Qualcomm AI Hub's performance table: latency, peak memory, and how many layers ran on
 * NPU, GPU and CPU, so that the share that fell back is known.
 *
 * @param modelsJson the text of the JSON that lies beside the table, with sizes, parameters and
 * accuracies; without it the profiles have no variants
 */
export function importAihub(table: CsvTable, file: string, modelsJson?: string): DeviceProfile[] {
  const models = parseModels(modelsJson);
  const builder = new ProfileBuilder("quic/ai-hub-models perf.yaml (BSD-3-Clause)");
  for (const row of table.rows) {
    const unit = UNITS[row.text("primary_unit")];
    if (!unit) {
      throw fault(
        file,
        row.line,
        `column primary_unit: NPU, GPU or CPU was expected, got "${row.text("primary_unit")}"`,
      );
    }
    const layers = row.amount("layers");
    const byUnit = {
      npu: row.amount("layers_npu"),
      gpu: row.amount("layers_gpu"),
      cpu: row.amount("layers_cpu"),
    };
    const own = byUnit[unit as keyof typeof byUnit];
    if (own > layers)
      throw fault(file, row.line, `${own} layers on the ${unit} of ${layers} in all`);
    const [model, precision] = [row.text("model"), row.text("precision")];
    const runtime = row.text("runtime");
    builder.add(
      { name: row.text("device") },
      { id: `${runtime}-${unit}`, runtime, unit },
      {
        model,
        precision,
        component: row.text("component"),
        latencyMs: { mean: row.amount("latency_ms") },
        memoryBytes: {
          min: row.amount("peak_mem_min_mb") * 1e6,
          max: row.amount("peak_mem_max_mb") * 1e6,
        },
        layersByUnit: byUnit,
        ...(layers === 0 ? {} : { fallbackShare: (layers - own) / layers }),
      },
      describeVariant(models[model], model, precision),
    );
  }
  return builder.build();
}

function describeVariant(
  known: AihubModel | undefined,
  model: string,
  precision: string,
): ModelVariant | undefined {
  if (!known) return undefined;
  const details = known.technical_details ?? {};
  const bytes = parseQuantity(details[`Model size (${precision})`]);
  const parameters = parseQuantity(details["Number of parameters"]);
  // Runtimes differ a little in accuracy; the variant states the best that its weights reach.
  const best = (known.accuracy ?? [])
    .filter((entry) => entry[5] === precision)
    .sort((a, b) => b[7] - a[7])[0];
  return {
    task: known.use_case?.toLowerCase().replaceAll(" ", "-") || "unknown",
    model,
    precision,
    ...(bytes === undefined ? {} : { bytes }),
    ...(parameters === undefined ? {} : { parameters }),
    ...(best === undefined ? {} : { accuracy: { metric: best[1], value: best[7] } }),
  };
}

// "43.9 MB", "11.8M", "1.24B"
function parseQuantity(text: string | undefined): number | undefined {
  const match = /^([\d.]+)\s*([kKMGB])?B?$/.exec(text?.trim() ?? "");
  if (!match) return undefined;
  const scales: Record<string, number> = { k: 1e3, K: 1e3, M: 1e6, G: 1e9, B: 1e9 };
  return Number(match[1]) * (scales[match[2] ?? ""] ?? 1);
}

function parseModels(text: string | undefined): Record<string, AihubModel> {
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ValidationError("importAihub: the table of models is not JSON", { cause });
  }
  if (typeof value === "object" && value !== null) return value as Record<string, AihubModel>;
  throw new ValidationError("importAihub: the table of models must be an object by model name");
}
