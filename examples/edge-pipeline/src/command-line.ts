import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { EdgewrightError } from "@edgewright/core";
import { checkpointFolder } from "zoo";

/** What the user asked for. */
export interface CommandLine {
  /** The picture to read, absolute; `undefined` for the page that ships with the example. */
  readonly image: string | undefined;
  /** Where the report goes, absolute. */
  readonly report: string;
  readonly threads: number | "auto";
  /** Pictures are made smaller until no side is longer, in pixels. */
  readonly maxSide: number;
  readonly compare: boolean;
  /** Folder with the checkpoints that classify pictures; `undefined` leaves the stage out. */
  readonly zoo: string | undefined;
  /** Whether to plan for this machine and serve requests; needs the checkpoints. */
  readonly schedule: boolean;
  /** Whether a bandit is to learn which model suits whom; needs the checkpoints. */
  readonly choose: boolean;
  /** How the story begins; `undefined` leaves the stage out. */
  readonly story: string | undefined;
  readonly json: boolean;
  readonly help: boolean;
}

/** Shown by `--help`. */
export const USAGE = `Reads the text in a picture, with PaddleOCR's models on @edgewright/graph.

  npm start                         read the page that ships with the example
  npm start -- photo.jpg            read your own picture (PNG or JPEG)
  npm start -- photo.jpg --json     the result as JSON on standard output

Options
  --out FILE        where the report goes     [examples/edge-pipeline/report.html]
  --threads N       threads to read with, 1 to 16               [one a core, up to 8]
  --max-side N      make larger pictures smaller, in pixels                 [1600]
  --no-compare      do not measure engines against each other afterwards
  --zoo FOLDER      checkpoints that classify pictures  [examples/zoo/checkpoints]
  --no-zoo          do not classify pictures
  --no-schedule     do not plan for this machine, and serve no requests
  --no-choose       let no bandit learn which model suits whom
  --story TEXT      how the story begins                          [Once upon a time]
  --no-story        do not tell one
  --json            print one JSON object instead of text
  --help            this text`;

/**
 * Understands the command line.
 *
 * @param cwd paths are relative to it
 * @throws EdgewrightError `invalid-argument` for an unknown option or a value out of range
 */
export function parseCommandLine(args: readonly string[], cwd: string): CommandLine {
  const { values, positionals } = parseStrictly(args);
  if (positionals.length > 1) {
    throw invalid(`one picture at a time, got ${positionals.length}: ${positionals.join(", ")}`);
  }
  const [image] = positionals;
  return {
    image: image === undefined ? undefined : resolve(cwd, image),
    report:
      values.out === undefined
        ? fileURLToPath(new URL("../report.html", import.meta.url))
        : resolve(cwd, values.out),
    threads: values.threads === undefined ? "auto" : readNumber("--threads", values.threads, 1, 16),
    maxSide: readNumber("--max-side", values["max-side"], 64, 8192),
    compare: !values["no-compare"],
    zoo: readZooFolder(values, cwd),
    schedule: !values["no-schedule"] && !values["no-zoo"],
    choose: !values["no-choose"] && !values["no-zoo"],
    story: readStory(values),
    json: values.json,
    help: values.help,
  };
}

function parseStrictly(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        out: { type: "string" },
        threads: { type: "string" },
        "max-side": { type: "string", default: "1600" },
        "no-compare": { type: "boolean", default: false },
        zoo: { type: "string" },
        "no-zoo": { type: "boolean", default: false },
        "no-schedule": { type: "boolean", default: false },
        "no-choose": { type: "boolean", default: false },
        story: { type: "string" },
        "no-story": { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error));
  }
}

function readZooFolder(
  values: { zoo?: string | undefined; "no-zoo": boolean },
  cwd: string,
): string | undefined {
  if (!values["no-zoo"])
    return values.zoo === undefined ? checkpointFolder() : resolve(cwd, values.zoo);
  if (values.zoo === undefined) return undefined;
  throw invalid("--zoo and --no-zoo exclude each other");
}

function readStory(values: {
  story?: string | undefined;
  "no-story": boolean;
}): string | undefined {
  if (!values["no-story"]) return values.story ?? "Once upon a time";
  if (values.story === undefined) return undefined;
  throw invalid("--story and --no-story exclude each other");
}

function readNumber(option: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < low || value > high) {
    throw invalid(`${option} must be a whole number from ${low} to ${high}, got "${text}"`);
  }
  return value;
}

function invalid(message: string): EdgewrightError {
  return new EdgewrightError("invalid-argument", `${message}. See --help`);
}
