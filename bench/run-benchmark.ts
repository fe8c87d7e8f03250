import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type ParseArgsConfig, parseArgs } from "node:util";
import {
  createReport,
  type FigureInput,
  formatNumber,
  measureInterleaved,
  printReport,
} from "@edgewright/device-bench";
import type { BenchContext, BenchSection } from "./context.js";

/** A benchmark, a reproduction or a conformance run, as the command line sees it. */
export interface BenchmarkDefinition {
  /** As typed: `pnpm bench:kernels`. */
  readonly command: string;
  /** One sentence for `--help`. */
  readonly summary: string;
  readonly sections: readonly BenchSection[];
  /** Options of its own, for `util.parseArgs`, each with the text that `--help` shows. */
  readonly options?: Readonly<
    Record<string, { type: "string" | "boolean"; default?: string | boolean; help: string }>
  >;
}

const COMMON_OPTIONS = {
  json: {
    type: "boolean",
    help: "print one JSON object on standard output, and nothing else there",
  },
  only: { type: "string", help: "sections to run, separated by commas" },
  quick: { type: "boolean", help: "few rounds: to see that it works, not for figures" },
  "max-seconds": { type: "string", help: "longest time for one comparison (10)" },
  "no-peers": { type: "boolean", help: "measure ourselves alone; installs nothing" },
  node: { type: "string", help: "run under this Node instead: 24" },
  help: { type: "boolean", help: "this text" },
} as const;

/** Runs a benchmark as a program: arguments, sections, the report, the exit code. */
export async function runBenchmark(definition: BenchmarkDefinition): Promise<void> {
  const options = { ...COMMON_OPTIONS, ...definition.options };
  const values = readOptions(options as NonNullable<ParseArgsConfig["options"]>);
  if (values.help) {
    process.stdout.write(describeUsage(definition, options));
    return;
  }
  const sections = chooseSections(definition.sections, values.only as string | undefined);
  const abort = new AbortController();
  process.once("SIGINT", () => abort.abort(new Error("interrupted")));
  const versions: Record<string, string> = {};
  const context = createContext(values, versions, abort.signal);

  const rows: FigureInput[] = [];
  for (const section of sections) {
    context.log(`${section.name} ...`);
    const found = await section.run(context);
    rows.push(...found.map((row) => ({ section: section.name, ...row })));
  }
  clearProgress();
  const command = [definition.command, ...process.argv.slice(2).filter((a) => a !== "--json")];
  const report = createReport({ command: command.join(" "), rows, versions });
  printReport(report, { json: values.json === true });
  // Peers leave worker threads and timers behind that would keep the process alive.
  await flushStdout();
  process.exit(process.exitCode ?? 0);
}

/**
 * Every `bench*` function of every file in a folder as a section named after the file; tests, and
 * files that export none, are left out.
 */
export async function discoverSections(folder: URL): Promise<BenchSection[]> {
  if (!existsSync(folder)) return [];
  const files = readdirSync(fileURLToPath(folder)).filter(
    (name) => name.endsWith(".ts") && !name.includes(".test."),
  );
  const sections: BenchSection[] = [];
  for (const file of files.sort()) {
    const name = file.slice(0, -".ts".length);
    sections.push({
      name,
      async run(context) {
        const module: Record<string, unknown> = await import(new URL(file, folder).href);
        const rows: FigureInput[] = [];
        for (const [key, value] of Object.entries(module)) {
          if (!/^bench[A-Z]/.test(key) || typeof value !== "function") continue;
          rows.push(...((await value(context)) as FigureInput[]));
        }
        return rows;
      },
    });
  }
  return sections;
}

function readOptions(
  options: NonNullable<ParseArgsConfig["options"]>,
): Record<string, string | boolean | undefined> {
  try {
    const { values } = parseArgs({ options, allowPositionals: true });
    const seconds = values["max-seconds"];
    if (seconds !== undefined && !(Number(seconds) > 0)) {
      throw new Error(`--max-seconds must be a number above 0, got "${seconds}"`);
    }
    return values as Record<string, string | boolean | undefined>;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}. See --help\n`);
    process.exit(2);
  }
}

function chooseSections(
  sections: readonly BenchSection[],
  only: string | undefined,
): readonly BenchSection[] {
  if (only === undefined) return sections;
  const wanted = only.split(",").map((name) => name.trim());
  const unknown = wanted.filter((name) => !sections.some((section) => section.name === name));
  if (unknown.length > 0) {
    const names = sections.map((section) => section.name).join(", ");
    process.stderr.write(`no section named ${unknown.join(", ")}; there are ${names}\n`);
    process.exit(2);
  }
  return sections.filter((section) => wanted.includes(section.name));
}

function createContext(
  values: Record<string, string | boolean | undefined>,
  versions: Record<string, string>,
  signal: AbortSignal,
): BenchContext {
  const quick = values.quick === true;
  const maxSeconds = Number(values["max-seconds"] ?? (quick ? 1 : 10));
  return {
    quick,
    peers: values["no-peers"] !== true,
    values,
    relaxed: Number(process.versions.node.split(".")[0]) >= 24,
    signal,
    log(text) {
      clearProgress();
      process.stderr.write(`${text}\n`);
    },
    addVersions(added) {
      Object.assign(versions, added);
    },
    measure(candidates, options = {}) {
      return measureInterleaved(candidates, {
        signal,
        ...options,
        ...(quick ? { minRounds: 3, maxRounds: 10, warmupMs: 30 } : {}),
        maxSeconds: Math.min(options.maxSeconds ?? maxSeconds, maxSeconds),
        onProgress({ candidate, round, maxRounds, precision }) {
          if (!process.stderr.isTTY) return;
          const reached = Number.isFinite(precision) ? `, ±${formatNumber(precision * 100)} %` : "";
          clearProgress();
          process.stderr.write(`  ${candidate}: round ${round} of at most ${maxRounds}${reached}`);
        },
      });
    },
  };
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
}

function flushStdout(): Promise<void> {
  return new Promise((resolve) => process.stdout.write("", () => resolve()));
}

function describeUsage(
  definition: BenchmarkDefinition,
  options: Readonly<Record<string, { type: string; help: string }>>,
): string {
  const lines = Object.entries(options).map(([name, option]) => {
    const flag = option.type === "string" ? `--${name} <value>` : `--${name}`;
    return `  ${flag.padEnd(24)} ${option.help}`;
  });
  const names = definition.sections.map((section) => section.name).join(", ");
  return `${definition.command} [options]\n\n${definition.summary}\n\nSections: ${names || "none yet"}\n\n${lines.join("\n")}\n`;
}
