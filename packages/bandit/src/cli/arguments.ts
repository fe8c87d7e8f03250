import { parseArgs } from "node:util";

/** What the command line asks for. */
export interface CliOptions {
  readonly command: "report" | "evaluate" | "help" | "version";
  /** Files to read; `-` is standard input. */
  readonly logs: readonly string[];
  /** Where the report goes; `-` is standard output. */
  readonly out: string;
  readonly title: string | undefined;
  /** Names of policies and arms to evaluate; `undefined`: the usual ones. */
  readonly targets: readonly string[] | undefined;
  readonly damaged: "throw" | "skip";
  /** Decisions held at most while they wait for their rewards. */
  readonly pending: number;
  readonly estimates: boolean;
  /** Decisions that estimates are made from at most. */
  readonly rows: number;
  readonly seed: number;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** What `--help` prints. */
export const USAGE: string = `bandit report <log.jsonl ...> [-o report.html] [options]
bandit evaluate <log.jsonl> [--target <name> ...] [options]

Reads logs that bandits wrote, one JSON object a line; - reads standard input.

report draws rewards, regret, shares of arms, probabilities, feedback and off-policy estimates on one page of HTML
without outside parts. Several logs are compared.
  -o, --out <file>       where the page goes; - is standard output; default bandit-report.html
  --title <text>         heading of the page; default Bandit report
  --no-estimates         leave out off-policy estimates

evaluate prints what other policies would have earned, with 95 % intervals.
  --target <name>        uniform, logging (the policy that ran), or an arm that is always chosen (arm:uniform where
                         one has such a name); may be given several times; default: logging, uniform and the six arms
                         that were chosen most
  --json                 print one JSON object instead of the table

Both
  --damaged <how>        skip leaves damaged lines out and says how many; stop ends at the first; default stop
  --pending <count>      decisions held in memory at most while they wait for their rewards; default 20000
  --rows <count>         answered decisions to estimate from at most, drawn evenly; default 10000
  --seed <number>        of what is drawn at random for the estimates; default 1
  --quiet                no progress
  --version, --help

Ends with 0, with 1 where a log cannot be read, with 2 for a mistake in the arguments.
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
  const [name, ...logs] = positionals;
  const command = values.help ? "help" : values.version ? "version" : asCommand(name);
  const options: CliOptions = {
    command,
    logs,
    out: values.out ?? "bandit-report.html",
    title: values.title,
    targets: values.target,
    damaged: asDamaged(values.damaged ?? "stop"),
    pending: wholeFrom(1, values.pending ?? "20000", "--pending"),
    estimates: !values["no-estimates"],
    rows: wholeFrom(1, values.rows ?? "10000", "--rows"),
    seed: wholeFrom(0, values.seed ?? "1", "--seed"),
    json: values.json ?? false,
    quiet: values.quiet ?? false,
  };
  if (command === "report" || command === "evaluate") checkUse(options, values);
  return options;
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      out: { type: "string", short: "o" },
      title: { type: "string" },
      target: { type: "string", multiple: true },
      damaged: { type: "string" },
      pending: { type: "string" },
      "no-estimates": { type: "boolean" },
      rows: { type: "string" },
      seed: { type: "string" },
      json: { type: "boolean" },
      quiet: { type: "boolean" },
      version: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
}

function checkUse({ command, logs }: CliOptions, given: object): void {
  if (logs.length === 0) throw new UsageError("no log given; - reads standard input");
  if (command === "evaluate" && logs.length > 1) {
    throw new UsageError(`evaluate takes one log, got ${logs.length}`);
  }
  if (logs.filter((log) => log === "-").length > 1) {
    throw new UsageError("standard input (-) can be read once");
  }
  const foreign = command === "report" ? ["target", "json"] : ["out", "title", "no-estimates"];
  const wrong = foreign.find((option) => option in given);
  if (wrong !== undefined) throw new UsageError(`--${wrong}: ${command} has no such option`);
}

function asCommand(name: string | undefined): "report" | "evaluate" {
  if (name === "report" || name === "evaluate") return name;
  throw new UsageError(
    name === undefined ? "no command given" : `report or evaluate was expected, got "${name}"`,
  );
}

function asDamaged(text: string): "throw" | "skip" {
  if (text === "skip") return "skip";
  if (text === "stop") return "throw";
  throw new UsageError(`--damaged: skip or stop was expected, got "${text}"`);
}

function wholeFrom(least: number, text: string, option: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(value) && value >= least && value < 2 ** 32) {
    return value;
  }
  throw new UsageError(`${option}: a whole number from ${least} was expected, got "${text}"`);
}
