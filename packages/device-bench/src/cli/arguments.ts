import { parseArgs } from "node:util";
import { RUNTIMES, type Runtime } from "./find-engines.js";

/** What the command line asks for. */
export interface CliOptions {
  readonly command: "measure" | "import" | "help";
  readonly paths: readonly string[];
  readonly threads: readonly number[];
  /** `undefined`: all that are installed. */
  readonly runtimes: readonly Runtime[] | undefined;
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly values: Readonly<Record<string, number>>;
  readonly from: string;
  readonly maxSeconds: number;
  readonly precision: number;
  readonly kernels: boolean;
  readonly memory: boolean;
  readonly json: boolean;
  readonly out: string | undefined;
  readonly models: string | undefined;
  readonly deviceName: string | undefined;
  readonly task: string | undefined;
}

/** What `--help` prints. */
export const USAGE: string = `device-bench <model.onnx ...> [options]
device-bench import <table.csv> [--models models.json] [--out folder]

Measures ONNX models on this device, the engines taking turns, and prints a table. \`import\` turns a
published table of latencies (ncnn, Qualcomm AI Hub, TensorFlow Lite on Pixel, HELP's NAS-Bench-201,
MLPerf Tiny) into device profiles.

  --engine <names>       ${RUNTIMES.join(",")}; default: all installed
  --threads <counts>     thread counts to measure, such as 1,2; default 1
  --shape <input=1x3x..> shape of an input that the model leaves open; may be given for each
  --value <input=n>      one value for all of an input, such as a sampling rate
  --max-seconds <n>      longest time for one model; default 10
  --precision <share>    stop when every median is known to this share; default 0.02
  --no-kernels           leave out what the kernels alone reach
  --no-memory            leave out peak memory (a process for each engine and model)
  --from <folder>        where to look for the other engines; default: here
  --name <text>          name of the device in the profile
  --task <text>          what the models do, such as image-classification
  --out <file>           write the DeviceProfile there (import: a folder, a file a device)
  --json                 print one JSON object instead of the table
  --help                 this text
`;

/** A mistake on the command line: printed without a stack. */
export class UsageError extends Error {}

/** Reads the command line. @throws UsageError */
export function readArguments(args: readonly string[]): CliOptions {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const { values, positionals } = parsed;
  const importing = positionals[0] === "import";
  const paths = importing ? positionals.slice(1) : positionals;
  if (!values.help && paths.length === 0) {
    throw new UsageError(importing ? "no table given" : "no model given");
  }
  return {
    command: values.help ? "help" : importing ? "import" : "measure",
    paths,
    threads: (values.threads ?? "1").split(",").map((text) => positive(text, "--threads", true)),
    runtimes: values.engine?.split(",").map(asRuntime),
    shapes: Object.fromEntries((values.shape ?? []).map(readShape)),
    values: Object.fromEntries((values.value ?? []).map(readValue)),
    from: values.from ?? ".",
    maxSeconds: positive(values["max-seconds"] ?? "10", "--max-seconds"),
    precision: positive(values.precision ?? "0.02", "--precision"),
    kernels: !values["no-kernels"],
    memory: !values["no-memory"],
    json: values.json ?? false,
    out: values.out,
    models: values.models,
    deviceName: values.name,
    task: values.task,
  };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      engine: { type: "string" },
      threads: { type: "string" },
      shape: { type: "string", multiple: true },
      value: { type: "string", multiple: true },
      "max-seconds": { type: "string" },
      precision: { type: "string" },
      "no-kernels": { type: "boolean" },
      "no-memory": { type: "boolean" },
      from: { type: "string" },
      name: { type: "string" },
      task: { type: "string" },
      out: { type: "string" },
      models: { type: "string" },
      json: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
}

function asRuntime(text: string): Runtime {
  const runtime = RUNTIMES.find((known) => known === text);
  if (runtime) return runtime;
  throw new UsageError(`--engine: ${RUNTIMES.join(", ")} were expected, got "${text}"`);
}

function positive(text: string, option: string, whole = false): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value) && (!whole || Number.isInteger(value))) return value;
  throw new UsageError(
    `${option}: a ${whole ? "whole " : ""}number above 0 was expected, got "${text}"`,
  );
}

function readShape(text: string): [string, number[]] {
  const match = /^(.+)=(\d+(?:x\d+)*)$/.exec(text);
  if (match) return [match[1]!, match[2]!.split("x").map(Number)];
  throw new UsageError(`--shape: something like x=1x3x224x224 was expected, got "${text}"`);
}

function readValue(text: string): [string, number] {
  const match = /^(.+)=([^=]+)$/.exec(text);
  const value = Number(match?.[2]);
  if (match && Number.isFinite(value)) return [match[1]!, value];
  throw new UsageError(`--value: something like sr=16000 was expected, got "${text}"`);
}
