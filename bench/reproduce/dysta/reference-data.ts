// Finds and reads runs of the reference scheduler and the traces that they ran on.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import {
  type ModelTable,
  parseEyerissTrace,
  parseReferenceRuns,
  parseSangerTrace,
  type ReferenceFile,
} from "@edgewright/scheduler";
import type { BenchContext } from "../../context.js";

/** Runs of the reference, and the models of their traces. */
export interface ReferenceData {
  readonly path: string;
  readonly file: ReferenceFile;
  /** Those that the file knows. */
  readonly models: readonly ModelTable[];
}

/** What `--replay` and `--traces` name, or the shared data; undefined, with a line that says so, without either. */
export function readReferenceData(context: BenchContext): ReferenceData | undefined {
  const shared =
    env.EDGEWRIGHT_SHARED ?? fileURLToPath(new URL("../../../../shared", import.meta.url));
  const folder = join(shared, "data", "dysta");
  const path = context.values.replay ?? join(folder, "ref_synth_attnn.json");
  const traces = context.values.traces ?? join(folder, "traces");
  for (const place of [path, traces] as string[]) {
    if (existsSync(place)) continue;
    context.log(`  left out: ${place} is not there; give --replay <ref.json> --traces <folder>`);
    if (context.values.replay !== undefined) process.exitCode = 1;
    return undefined;
  }
  const file = parseReferenceRuns(readFileSync(path as string, "utf8"), path as string);
  const known = new Set(file.models);
  const files = listTraces(traces as string).filter((one) => known.has(basename(one, ".csv")));
  return { path: path as string, file, models: files.map(readTrace) };
}

// In the folder itself and in those that lie in it.
function listTraces(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        return readdirSync(path)
          .filter((name) => name.endsWith(".csv"))
          .map((name) => join(path, name));
      }
      return entry.name.endsWith(".csv") ? [path] : [];
    });
}

// The head says which simulator wrote it.
function readTrace(path: string): ModelTable {
  const text = readFileSync(path, "utf8");
  const name = basename(path, ".csv");
  const head = text.split("\n", 1)[0]!;
  const parse = head.includes("sim_lat") ? parseEyerissTrace : parseSangerTrace;
  return parse(text, { name, file: path });
}
