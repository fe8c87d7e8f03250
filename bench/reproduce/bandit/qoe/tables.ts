// The two published tables as devices and models.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRng, type DeviceProfile, type ModelVariant } from "@edgewright/core";
import { importDeviceTable } from "@edgewright/device-bench";
import type { BenchContext } from "../../../context.js";
import { CLASSIFIER_FIGURES, imagenetClassifiers } from "../../carin/imagenet-classifiers.js";
import { drawArchitectures, NASBENCH_FIGURES } from "./nasbench-models.js";

const { env } = process;
const SHARED =
  env.EDGEWRIGHT_SHARED ?? fileURLToPath(new URL("../../../../../shared", import.meta.url));

/** Devices and models of one table, and how users are fitted to them. */
export interface QoeTable {
  readonly name: string;
  readonly profiles: readonly DeviceProfile[];
  readonly variants: readonly ModelVariant[];
  /** The models that every device is timed on beforehand. */
  readonly probes: readonly ModelVariant[];
  /** How many times less than usual the users' midpoints are, because the models are so much smaller. */
  readonly smaller: number;
  /** Where the figures come from. */
  readonly source: string;
  energyMj(profile: DeviceProfile, variant: ModelVariant, latencyMs: number): number;
}

/** The tables of the folder that `--qoe` names; those that are not there are said to be missing. */
export function loadTables(context: BenchContext): QoeTable[] {
  const folder = String(context.values.qoe ?? join(SHARED, "data", "profiles"));
  const read = (file: string): DeviceProfile[] => {
    const path = join(folder, file);
    if (existsSync(path)) return importDeviceTable(readFileSync(path, "utf8"), { file });
    context.log(`${path} is not there: name the folder with --qoe <dir>`);
    return [];
  };
  return [
    ...nasbenchTable(read("nasbench201-device-latency.csv")),
    ...ncnnTable(read("ncnn-bench.csv")),
  ];
}

// Watts that a device takes while it computes: round figures of ours.
const WATTS: readonly (readonly [pattern: RegExp, watts: number])[] = [
  [/eyeriss/, 0.3],
  [/pixel|samsung|essential/, 3],
  [/raspi/, 5],
  [/fpga/, 8],
  [/gold|silver/, 100],
  [/1080ti|titan/, 200],
];

function nasbenchTable(profiles: readonly DeviceProfile[]): QoeTable[] {
  if (profiles.length === 0) return [];
  // Architectures that every device could time: failed entries are left out of the profiles.
  const timed = profiles.map(({ measurements }) => new Set(measurements.map(({ model }) => model)));
  const architectures = [...timed[0]!].filter((model) => timed.every((set) => set.has(model)));
  const variants = drawArchitectures(architectures.sort(), 24, createRng(201));
  const models = new Set(variants.map(({ model }) => model));
  return [
    {
      name: "NAS-Bench-201",
      profiles: profiles.map((profile) => ({
        ...profile,
        measurements: profile.measurements.filter(({ model }) => models.has(model)),
      })),
      variants,
      probes: spreadByMacs(variants, 5),
      smaller: 2.5,
      source: NASBENCH_FIGURES,
      energyMj: ({ device }, _variant, latencyMs) =>
        latencyMs * WATTS.find(([pattern]) => pattern.test(device.name))![1],
    },
  ];
}

function ncnnTable(profiles: readonly DeviceProfile[]): QoeTable[] {
  if (profiles.length === 0) return [];
  const variants = imagenetClassifiers("image-classification");
  const models = new Set(variants.map(({ model }) => model));
  const probes = spreadByMacs(variants, 3);
  return [
    {
      name: "ncnn",
      profiles: profiles
        .map((profile) => ({
          ...profile,
          measurements: profile.measurements.filter(
            ({ model, precision }) => models.has(model) && precision === "float",
          ),
        }))
        .filter(({ measurements }) =>
          probes.every((probe) => measurements.some(({ model }) => model === probe.model)),
        ),
      variants,
      probes,
      smaller: 1,
      source: `${CLASSIFIER_FIGURES}; energy MODELLED: 4 W on the CPU, 8 W where there is a GPU, x latency`,
      energyMj: ({ engines }, _variant, latencyMs) =>
        latencyMs * (engines.some(({ unit }) => unit === "gpu") ? 8 : 4),
    },
  ];
}

/** Variants whose operations are spread over those of all: the first, the last, and what lies between by rank. */
function spreadByMacs(variants: readonly ModelVariant[], count: number): ModelVariant[] {
  const sorted = variants.toSorted((a, b) => a.macs! - b.macs!);
  return Array.from(
    { length: count },
    (_, i) => sorted[Math.round((i * (sorted.length - 1)) / (count - 1))]!,
  );
}
