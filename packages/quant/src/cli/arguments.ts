import { parseArgs } from "node:util";
import type { WeightRecipe } from "../decoder/weight-recipe.js";

/** What the command line asks for. */
export interface CliOptions {
  readonly help: boolean;
  readonly model: string;
  /** `undefined`: matrices keep the format they have. */
  readonly linear: WeightRecipe | undefined;
  readonly embedding: WeightRecipe | undefined;
  readonly out: string | undefined;
  readonly to: "ewq" | "gguf";
  readonly tokenizer: string | undefined;
  readonly calibrate: string | undefined;
  readonly gptq: boolean;
  readonly evaluate: string | undefined;
  readonly separator: string | undefined;
  readonly length: number | undefined;
  readonly texts: number;
  readonly report: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** What `--help` prints. */
export const USAGE: string = `edgewright-quant <model> [format] [options]

Stores a language model in few bits: .ewq, GGUF, a checkpoint of llama2.c or a folder from Hugging Face in, .ewq or
GGUF out. Without a format the matrices stay as they are and only the file's kind changes.

formats of the linear layers, one of
  --nested <low..high>     nested codes for every width in between, such as 3..6
  --binary-coded <low..high>  sums of signed scales, one bit plane each
  --int8, --int4           rounding to nearest with a scale a group of columns
  --ternary                -1, 0 and 1 (for models that were trained so)
  --f16, --f32

  --group-size <n>         columns that share a scale; default 32 (binary-coded: 64)
  --asymmetric             --int4 with a zero point a group
  --rows-per-codebook <n>  --nested with codebooks that n rows share; default 1
  --embedding <format>     int8, int4, f16, f32, keep or same; default int8 (f16 and f32: same)

  --calibrate <text file>  measure how much each weight matters, for nested and binary codes
  --gptq                   with --calibrate: compensate errors (--int4, --nested); takes longer
  --evaluate <text file>   measure nll before and after
  --separator <text>       stands between texts of those files; default: pieces of --length
  --length <n>             tokens of a text; default: the model's context, at most 512
  --texts <n>              texts that are read at most; default 64
  --tokenizer <file>       tokenizer.bin or tokenizer.json, for models without one

  -o, --out <file>         where to write; without it only the report is made
  --to <ewq|gguf>          kind of file; default by the ending of --out
  --report <file>          write a report there: .html, .md or .json by its ending
  --json                   print the report as JSON
  --quiet                  no progress
  --help                   this text
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
  if (!values.help && positionals.length !== 1) {
    throw new UsageError(
      positionals.length === 0
        ? "no model given"
        : `one model expected, got ${positionals.join(", ")}`,
    );
  }
  const linear = readFormat(values);
  const { out } = values;
  const to = readKind(values.to, out);
  const { calibrate, gptq = false, evaluate } = values;
  if (gptq && (calibrate === undefined || !(values.int4 || values.nested))) {
    throw new UsageError("--gptq needs --calibrate <text file>, and --int4 or --nested");
  }
  if (
    !values.help &&
    out === undefined &&
    values.report === undefined &&
    !values.json &&
    !evaluate
  ) {
    throw new UsageError("nothing to do: give --out, --report, --evaluate or --json");
  }
  if (out !== undefined && to === "gguf") checkGguf(linear);
  return {
    help: values.help ?? false,
    model: positionals[0] ?? "",
    linear,
    embedding: readEmbedding(values.embedding, linear),
    out,
    to,
    tokenizer: values.tokenizer,
    calibrate,
    gptq,
    evaluate,
    separator: values.separator,
    length: values.length === undefined ? undefined : whole(values.length, "--length", 2),
    texts: whole(values.texts ?? "64", "--texts", 1),
    report: readReport(values.report),
    json: values.json ?? false,
    quiet: values.quiet ?? false,
  };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      nested: { type: "string" },
      "binary-coded": { type: "string" },
      int8: { type: "boolean" },
      int4: { type: "boolean" },
      ternary: { type: "boolean" },
      f16: { type: "boolean" },
      f32: { type: "boolean" },
      "group-size": { type: "string" },
      asymmetric: { type: "boolean" },
      "rows-per-codebook": { type: "string" },
      embedding: { type: "string" },
      calibrate: { type: "string" },
      gptq: { type: "boolean" },
      evaluate: { type: "string" },
      separator: { type: "string" },
      length: { type: "string" },
      texts: { type: "string" },
      tokenizer: { type: "string" },
      out: { type: "string", short: "o" },
      to: { type: "string" },
      report: { type: "string" },
      json: { type: "boolean" },
      quiet: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
}

type Values = ReturnType<typeof parse>["values"];

const FORMATS = ["nested", "binary-coded", "int8", "int4", "ternary", "f16", "f32"] as const;

function readFormat(values: Values): WeightRecipe | undefined {
  const given = FORMATS.filter((format) => values[format] !== undefined);
  if (given.length > 1) {
    throw new UsageError(
      `one format expected, got ${given.map((one) => `--${one}`).join(" and ")}`,
    );
  }
  const size = values["group-size"];
  const group = size === undefined ? {} : { groupSize: whole(size, "--group-size", 8) };
  const rows = values["rows-per-codebook"];
  const format = given[0];
  refuse(
    size !== undefined && !["int8", "int4", "binary-coded"].includes(format ?? ""),
    "--group-size",
  );
  refuse(values.asymmetric === true && format !== "int4", "--asymmetric");
  refuse(rows !== undefined && format !== "nested", "--rows-per-codebook");
  switch (format) {
    case undefined:
      return undefined;
    case "nested": {
      const gptq = values.gptq ?? false;
      const shared =
        rows === undefined ? {} : { rowsPerCodebook: whole(rows, "--rows-per-codebook", 1) };
      return { format: "nested", ...widths(values.nested!, "--nested"), ...shared, gptq };
    }
    case "binary-coded":
      return { format, ...widths(values[format]!, "--binary-coded"), ...group };
    case "int8":
      return { format: "int8-group", ...group };
    case "int4":
      return {
        format: "int4-group",
        ...group,
        symmetric: !values.asymmetric,
        gptq: values.gptq ?? false,
      };
    default:
      return { format };
  }
}

function readEmbedding(
  text: string | undefined,
  linear: WeightRecipe | undefined,
): WeightRecipe | undefined {
  switch (text) {
    case undefined:
      return undefined;
    case "int8":
      return { format: "int8-group" };
    case "int4":
      return { format: "int4-group" };
    case "f16":
    case "f32":
    case "keep":
      return { format: text };
    case "same":
      // Nothing is known of what an embedding is multiplied by.
      return linear && "gptq" in linear
        ? { ...linear, gptq: false }
        : (linear ?? { format: "keep" });
    default:
      throw new UsageError(
        `--embedding: int8, int4, f16, f32, keep or same expected, got "${text}"`,
      );
  }
}

function readKind(to: string | undefined, out: string | undefined): "ewq" | "gguf" {
  if (to === "ewq" || to === "gguf") return to;
  if (to !== undefined) throw new UsageError(`--to: ewq or gguf expected, got "${to}"`);
  if (out === undefined || out.endsWith(".ewq")) return "ewq";
  if (out.endsWith(".gguf")) return "gguf";
  throw new UsageError(
    `--out: a name that ends in .ewq or .gguf expected, got "${out}"; or give --to`,
  );
}

function readReport(path: string | undefined): string | undefined {
  if (path === undefined || /\.(html|md|json)$/.test(path)) return path;
  throw new UsageError(`--report: a name that ends in .html, .md or .json expected, got "${path}"`);
}

function widths(text: string, option: string): { seedBits: number; bits: number } {
  const match = /^(\d)(?:\.\.(\d))?$/.exec(text);
  const low = Number(match?.[1]);
  const high = Number(match?.[2] ?? match?.[1]);
  if (match && low >= 1 && low <= high && high <= 8) return { seedBits: low, bits: high };
  throw new UsageError(`${option}: widths from 1 to 8 such as 3..6 expected, got "${text}"`);
}

function whole(text: string, option: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`${option}: a whole number from ${least} expected, got "${text}"`);
}

function refuse(wrong: boolean, option: string): void {
  if (wrong) throw new UsageError(`${option} does not go with the format that is asked for`);
}

function checkGguf(linear: WeightRecipe | undefined): void {
  if (linear?.format === "nested" || linear?.format === "binary-coded") {
    throw new UsageError(
      "GGUF has no nested or binary codes; write .ewq, or give --int4, --int8, --f16 or --f32",
    );
  }
  const plain = linear?.format !== "int4-group" || linear.symmetric !== false;
  const size = linear && "groupSize" in linear ? linear.groupSize : undefined;
  if (plain && (size === undefined || size === 32)) return;
  throw new UsageError(
    "GGUF has symmetric groups of 32 columns: leave out --asymmetric, --group-size",
  );
}
