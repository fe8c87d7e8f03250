import { ValidationError } from "@edgewright/core";

/** One run of the reference scheduler, with what it reported. */
export interface ReferenceRun {
  readonly seed: number;
  /** Arrivals in a second. */
  readonly rate: number;
  /** Time to the deadline over the mean time of the model. */
  readonly sloMultiplier: number;
  /** As the reference writes it: `sjf_sparse`. */
  readonly scheduler: string;
  /** Violations over requests. */
  readonly violation: number;
  /** Inferences a second. */
  readonly stp: number;
  readonly antt: number;
}

/** A request of a reference run. */
export interface ReferenceRequest {
  readonly arrival: number;
  readonly model: string;
  readonly priority: number;
  readonly sample: number;
}

/** What {@link parseReferenceRuns} reads. */
export interface ReferenceFile {
  readonly runs: readonly ReferenceRun[];
  /** Names of the models that the reference knew. */
  readonly models: readonly string[];
  /** Mean time alone in seconds, by model or architecture; what the file does not name is computed. */
  readonly meanIsolated: ReadonlyMap<string, number>;
  /**
   * The requests of a run, the same for all schedulers.
   *
   * @throws ValidationError where the file has none for its seed and rate
   */
  requestsOf(run: ReferenceRun): readonly ReferenceRequest[];
}

/**
 * Reads runs of the reference scheduler of Sparse-DySta from JSON: `requests` by `"seed1_ar30"` as rows of arrival,
 * model, priority and sample; `runs` of `seed`, `ar`, `slo`, `sched`, `violation`, `stp` and `antt`; and, if they
 * are there, `models` (otherwise those that are requested) and `target_lat_per_model`.
 *
 * @param file name for messages
 * @throws ValidationError with file and path for anything else
 */
export function parseReferenceRuns(text: string, file = "reference runs"): ReferenceFile {
  const read = createReader(file);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ValidationError(`${file}: JSON was expected: ${(cause as Error).message}`, {
      cause,
      where: file,
    });
  }
  const root = read.object(json, "");
  const runs = read.array(root.runs, "runs").map((value, i): ReferenceRun => {
    const at = `runs[${i}]`;
    const run = read.object(value, at);
    return {
      seed: read.number(run.seed, `${at}.seed`),
      rate: read.number(run.ar, `${at}.ar`),
      sloMultiplier: read.number(run.slo, `${at}.slo`),
      scheduler: read.string(run.sched, `${at}.sched`),
      violation: read.number(run.violation, `${at}.violation`),
      stp: read.number(run.stp, `${at}.stp`),
      antt: read.number(run.antt, `${at}.antt`),
    };
  });
  const requests = new Map<string, readonly ReferenceRequest[]>();
  for (const [key, rows] of Object.entries(read.object(root.requests, "requests"))) {
    const at = `requests.${key}`;
    const [, seed, rate] = /^seed(\d+)_ar(\d+(?:\.\d+)?)$/.exec(key) ?? [];
    if (seed === undefined || rate === undefined) {
      read.refuse("requests", `keys such as "seed1_ar30" were expected, got "${key}"`);
    }
    const list = read.array(rows, at).map((row, i) => readRequest(read, row, `${at}[${i}]`));
    requests.set(keyOf(Number(seed), Number(rate)), list);
  }
  const targets = read.object(root.target_lat_per_model ?? {}, "target_lat_per_model");
  const meanIsolated = new Map<string, number>();
  for (const [model, value] of Object.entries(targets)) {
    meanIsolated.set(model, read.number(value, `target_lat_per_model.${model}`));
  }
  const requested = [...requests.values()].flatMap((list) => list.map(({ model }) => model));
  const models =
    root.models === undefined
      ? [...new Set(requested)]
      : read.array(root.models, "models").map((name, i) => read.string(name, `models[${i}]`));
  return {
    runs,
    models,
    meanIsolated,
    requestsOf({ seed, rate }) {
      const found = requests.get(keyOf(seed, rate));
      if (found !== undefined) return found;
      return read.refuse("requests", `requests "seed${seed}_ar${rate}" of a run were expected`);
    },
  };
}

function readRequest(read: Reader, value: unknown, at: string): ReferenceRequest {
  const row = read.array(value, at);
  return {
    arrival: read.number(row[0], `${at}[0]`),
    model: read.string(row[1], `${at}[1]`),
    priority: read.number(row[2], `${at}[2]`),
    sample: read.number(row[3], `${at}[3]`),
  };
}

function keyOf(seed: number, rate: number): string {
  return `${seed}/${rate}`;
}

interface Reader {
  refuse(at: string, message: string): never;
  object(value: unknown, at: string): Record<string, unknown>;
  array(value: unknown, at: string): readonly unknown[];
  number(value: unknown, at: string): number;
  string(value: unknown, at: string): string;
}

function createReader(file: string): Reader {
  const refuse = (at: string, message: string): never => {
    const where = at === "" ? file : `${file}: ${at}`;
    throw new ValidationError(`${where}: ${message}`, { where });
  };
  const expected = (at: string, what: string, value: unknown): never => {
    return refuse(at, `${what} was expected, got ${JSON.stringify(value)?.slice(0, 60)}`);
  };
  return {
    refuse,
    object(value, at) {
      const fits = typeof value === "object" && value !== null && !Array.isArray(value);
      return fits ? (value as Record<string, unknown>) : expected(at, "an object", value);
    },
    array: (value, at) => (Array.isArray(value) ? value : expected(at, "an array", value)),
    number: (value, at) => {
      return typeof value === "number" ? value : expected(at, "a number", value);
    },
    string: (value, at) => {
      return typeof value === "string" ? value : expected(at, "a string", value);
    },
  };
}
