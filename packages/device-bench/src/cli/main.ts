import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { EdgewrightError } from "@edgewright/core";
import { parseModel } from "@edgewright/graph";
import { loadKernels } from "@edgewright/kernels";
import type { BenchEngine } from "../engines/bench-engine.js";
import { importDeviceTable } from "../import/import-device-table.js";
import { measureKernels } from "../profile/measure-kernels.js";
import {
  type ModelToMeasure,
  measureModels,
  type ProfileProgress,
} from "../profile/measure-models.js";
import { reportProfile } from "../profile/report-profile.js";
import { printReport } from "../report/print-report.js";
import { createReport, type FigureInput } from "../report/report.js";
import { type CliOptions, readArguments, USAGE, UsageError } from "./arguments.js";
import { findRuntimes, loadEngine, type Runtime } from "./find-engines.js";
import { measurePeakMemory, runMemoryTask } from "./peak-memory.js";

/** Runs the command line. @returns the exit code */
export async function main(args: readonly string[]): Promise<number> {
  if (args[0] === "measure-memory" && args[1] !== undefined) {
    await runMemoryTask(args[1]);
    return 0;
  }
  try {
    const options = readArguments(args);
    if (options.command === "help") process.stdout.write(USAGE);
    else if (options.command === "import") importTables(options);
    else await measure(options);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    clearProgress();
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n\n${USAGE}`);
      return 2;
    }
    if (EdgewrightError.isInstance(error) || (error as NodeJS.ErrnoException).code !== undefined) {
      process.stderr.write(`${(error as Error).message}\n`);
      return 1;
    }
    throw error;
  }
}

async function measure(options: CliOptions): Promise<void> {
  const abort = new AbortController();
  process.once("SIGINT", () => abort.abort(new Error("interrupted")));
  const { signal } = abort;
  const models = readModels(options);
  const engines = await loadEngines(options);
  const limits = { maxSeconds: options.maxSeconds, precision: options.precision, signal };
  const figures = options.kernels ? await measureOwnKernels(limits) : undefined;
  const profile = await measureModels(
    models,
    engines.map(({ engine }) => engine),
    {
      ...limits,
      ...(options.deviceName === undefined ? {} : { deviceName: options.deviceName }),
      ...(figures === undefined ? {} : { features: figures.features }),
      ...(options.memory
        ? {
            peakMemory: async (model, engine) => {
              const found = engines.find((one) => one.engine === engine)!;
              const { path } = model as ModelFile;
              const { shapes = {}, values = {} } = model;
              const { runtime, threads } = found;
              const task = { runtime, threads, from: options.from, path, shapes, values };
              return measurePeakMemory(task, signal);
            },
          }
        : {}),
      onProgress: showProgress,
    },
  );
  clearProgress();
  if (options.out !== undefined) {
    writeFileSync(options.out, `${JSON.stringify(profile, undefined, 2)}\n`);
    process.stderr.write(`wrote ${options.out}\n`);
  }
  const rows: FigureInput[] = [
    ...(figures?.rows.map((row) => ({ section: "kernels", ...row })) ?? []),
    ...reportProfile(profile),
  ];
  const versions = Object.fromEntries(
    profile.engines.flatMap(({ runtime, version }) => (version ? [[runtime, version]] : [])),
  );
  const command = ["device-bench", ...process.argv.slice(2)].join(" ");
  printReport(createReport({ command, rows, versions }), { json: options.json });
}

interface ModelFile extends ModelToMeasure {
  readonly path: string;
}

// Several models need not have inputs of the same names: each gets the shapes and values that are its.
function readModels(options: CliOptions): ModelFile[] {
  const seen = new Set<string>();
  const models = options.paths.map((path): ModelFile => {
    const bytes = new Uint8Array(readFileSync(path));
    const inputs = new Set(parseModel(bytes).graph.inputs.map(({ name }) => name));
    for (const name of inputs) seen.add(name);
    const own = <T>(given: Readonly<Record<string, T>>): Record<string, T> =>
      Object.fromEntries(Object.entries(given).filter(([name]) => inputs.has(name)));
    return {
      path,
      name: basename(path).replace(/\.onnx$/i, ""),
      bytes,
      shapes: own(options.shapes),
      values: own(options.values),
      ...(options.task === undefined ? {} : { task: options.task }),
    };
  });
  for (const name of [...Object.keys(options.shapes), ...Object.keys(options.values)]) {
    if (seen.has(name)) continue;
    throw new UsageError(`no model has an input "${name}"; there are ${[...seen].join(", ")}`);
  }
  return models;
}

async function measureOwnKernels(limits: { maxSeconds: number; signal: AbortSignal }) {
  const kernels = await loadKernels();
  try {
    return await measureKernels(kernels, {
      ...limits,
      onProgress: ({ candidate, round }) => show(`kernels: ${candidate}, round ${round}`),
    });
  } finally {
    kernels.dispose();
  }
}

interface LoadedEngine {
  readonly engine: BenchEngine;
  readonly runtime: Runtime;
  readonly threads: number;
}

async function loadEngines(options: CliOptions): Promise<LoadedEngine[]> {
  const loaded: LoadedEngine[] = [];
  // The two share a registry of backends that keeps the first: the native one must come first.
  const order = ["edgewright", "onnxruntime-node", "onnxruntime-web"];
  const runtimes = [...(options.runtimes ?? findRuntimes(options.from))].sort(
    (a, b) => order.indexOf(a) - order.indexOf(b),
  );
  for (const runtime of runtimes) {
    // A process keeps the threads of onnxruntime-web's first session, so it gets one count only.
    const counts = runtime === "onnxruntime-web" ? options.threads.slice(0, 1) : options.threads;
    for (const threads of counts) {
      try {
        loaded.push({ engine: await loadEngine(runtime, threads, options.from), runtime, threads });
      } catch (error) {
        throw new UsageError((error as Error).message);
      }
    }
  }
  return loaded;
}

function importTables(options: CliOptions): void {
  const models = options.models === undefined ? undefined : readFileSync(options.models, "utf8");
  const profiles = options.paths.flatMap((path) =>
    importDeviceTable(readFileSync(path, "utf8"), {
      file: basename(path),
      ...(models === undefined ? {} : { models }),
    }),
  );
  if (options.out !== undefined) {
    mkdirSync(options.out, { recursive: true });
    for (const profile of profiles) {
      const name = profile.device.name.replace(/[^\w.-]+/g, "-").replace(/^-|-$/g, "");
      writeFileSync(join(options.out, `${name}.json`), `${JSON.stringify(profile)}\n`);
    }
    process.stderr.write(`wrote ${profiles.length} profiles into ${options.out}\n`);
  }
  const rows = profiles.map(
    ({ device, engines, measurements }): FigureInput => ({
      metric: device.name,
      value: measurements.length,
      unit: "measurements",
      kind: "published",
      note: engines.map(({ id }) => id).join(", "),
    }),
  );
  const command = ["device-bench", ...process.argv.slice(2)].join(" ");
  printReport(createReport({ command, rows }), { json: options.json });
}

function showProgress({ stage, model, engine, round, done, models }: ProfileProgress): void {
  const at = round === undefined ? "" : `, round ${round}`;
  show(`[${done + 1}/${models}] ${model}: ${stage} on ${engine}${at}`);
}

function show(text: string): void {
  if (!process.stderr.isTTY) return;
  clearProgress();
  process.stderr.write(text.slice(0, (process.stderr.columns ?? 80) - 1));
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
}
