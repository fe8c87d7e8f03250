import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { MAX_VIEWS } from "./views.js";

/** How devices reach the servers. */
type TransportName = "memory" | "ws" | "nats";

/** Who sets the thresholds. */
type ControllerName = (typeof CONTROLLERS)[number];

const CONTROLLERS = ["static", "multitasc", "multitasc++"] as const;

/** What a run is made of. */
export interface RunOptions {
  readonly transport: TransportName;
  readonly clients: number;
  readonly servers: number;
  /** When the first server is killed, in seconds; undefined for never. */
  readonly killAfter: number | undefined;
  readonly seconds: number;
  /** Pictures a second that each device is given, on average. */
  readonly rate: number;
  readonly deadlineMs: number;
  readonly windowMs: number;
  readonly controller: ControllerName;
  /** Threshold that devices start with. */
  readonly threshold: number;
  readonly light: readonly string[];
  readonly heavy: readonly string[];
  /** Views of each picture that servers classify. */
  readonly views: number;
  /** Least time of a batch: so much, and so much for each picture, in ms; undefined for full speed. */
  readonly pace: readonly [number, number] | undefined;
  /** Threads that the devices are spread over. */
  readonly workers: number;
  readonly seed: number;
  /** A NATS server that runs already. */
  readonly nats: string | undefined;
}

/** What the user asked for. */
export interface CommandLine extends RunOptions {
  /** Where the report goes, absolute. */
  readonly report: string;
  readonly json: boolean;
  readonly help: boolean;
}

/** Shown by `--help`. */
export const USAGE = `A cascade: many devices with a light model, servers with a heavy one.

  npm start                                   in memory: one server, 40 devices
  npm run nats                                two servers over NATS, one of them killed
  npm run ws                                  the same over WebSocket

Options
  --transport NAME     memory, ws or nats                               [memory]
  --clients N          devices                                              [40]
  --servers N          server processes; in memory there is one   [1, or 2 with ws, nats]
  --kill-after S       kill the first server (SIGKILL) after S seconds   [never]
  --seconds S          how long devices are given pictures                  [20]
  --rate N             pictures a second and device, on average             [30]
  --deadline MS        time for an answer                                  [150]
  --window MS          time between two updates of the thresholds         [1000]
  --controller NAME    static, multitasc or multitasc++            [multitasc++]
  --threshold C        what devices start with, 0 to 1                     [0.8]
  --light A,B          checkpoints of the zoo, in turn for the devices [ds-net-w8]
  --heavy A,B          checkpoint of the server; several are averaged [resnet-8-w16]
  --views N            views of each picture that servers classify, 1 to 18: as
                       it is, mirrored, shifted by a pixel                   [8]
  --pace A,B           slow servers down: a batch of n pictures takes at least
                       A + B n milliseconds                    [not slowed down]
  --workers N          threads for the devices                               [2]
  --seed N             of the arrivals and of the order of pictures          [1]
  --nats URL           use this NATS server instead of starting one
  --report FILE        where the report goes      [examples/cascade/report.html]
  --json               print the figures as JSON
  --help               this text`;

/** Understands the command line. @throws Error that says what was expected */
export function parseCommandLine(args: readonly string[], cwd: string): CommandLine {
  const { values } = parseStrictly(args);
  const transport = oneOf("--transport", values.transport, ["memory", "ws", "nats"] as const);
  const servers = number(
    "--servers",
    values.servers ?? (transport === "memory" ? "1" : "2"),
    1,
    16,
  );
  const seconds = number("--seconds", values.seconds, 1, 3600);
  const killAfter =
    values["kill-after"] === undefined
      ? undefined
      : number("--kill-after", values["kill-after"], 0, seconds);
  if (transport === "memory" && (servers > 1 || killAfter !== undefined)) {
    throw new Error("--transport memory has one server in this process; kill one with ws or nats");
  }
  return {
    transport,
    servers,
    seconds,
    killAfter,
    clients: number("--clients", values.clients, 1, 10_000),
    rate: number("--rate", values.rate, 0.01, 10_000),
    deadlineMs: number("--deadline", values.deadline, 1, 60_000),
    windowMs: number("--window", values.window, 50, 60_000),
    controller: oneOf("--controller", values.controller, CONTROLLERS),
    threshold: number("--threshold", values.threshold, 0, 1),
    light: values.light.split(","),
    heavy: values.heavy.split(","),
    views: wholeNumber("--views", values.views, 1, MAX_VIEWS),
    pace: paceOf(values.pace),
    workers: number("--workers", values.workers, 1, 64),
    seed: number("--seed", values.seed, 0, 2 ** 32),
    nats: values.nats,
    report:
      values.report === undefined
        ? fileURLToPath(new URL("../report.html", import.meta.url))
        : resolve(cwd, values.report),
    json: values.json,
    help: values.help,
  };
}

function parseStrictly(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      transport: { type: "string", default: "memory" },
      clients: { type: "string", default: "40" },
      servers: { type: "string" },
      "kill-after": { type: "string" },
      seconds: { type: "string", default: "20" },
      rate: { type: "string", default: "30" },
      deadline: { type: "string", default: "150" },
      window: { type: "string", default: "1000" },
      controller: { type: "string", default: "multitasc++" },
      threshold: { type: "string", default: "0.8" },
      light: { type: "string", default: "ds-net-w8" },
      heavy: { type: "string", default: "resnet-8-w16" },
      views: { type: "string", default: "8" },
      pace: { type: "string" },
      workers: { type: "string", default: "2" },
      seed: { type: "string", default: "1" },
      nats: { type: "string" },
      report: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
}

function oneOf<T extends string>(option: string, value: string, names: readonly T[]): T {
  const found = names.find((name) => name === value);
  if (found !== undefined) return found;
  throw new Error(`${option} takes ${names.join(", ")}; got ${value}`);
}

function number(option: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= low && value <= high) return value;
  throw new Error(`${option} takes a number from ${low} to ${high}, got ${text}`);
}

function wholeNumber(option: string, text: string, low: number, high: number): number {
  const value = number(option, text, low, high);
  if (Number.isInteger(value)) return value;
  throw new Error(`${option} takes a whole number from ${low} to ${high}, got ${text}`);
}

function paceOf(text: string | undefined): readonly [number, number] | undefined {
  if (text === undefined) return undefined;
  const [perBatch, perPicture, ...more] = text.split(",");
  if (perBatch === undefined || perPicture === undefined || more.length > 0) {
    throw new Error(`--pace takes two numbers, got ${text}`);
  }
  return [number("--pace", perBatch, 0, 10_000), number("--pace", perPicture, 0, 10_000)];
}
