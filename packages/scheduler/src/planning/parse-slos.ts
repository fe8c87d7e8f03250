import { EdgewrightError } from "@edgewright/core";
import {
  type BroadSlo,
  type NarrowSlo,
  type Slo,
  type SloMetric,
  type SloStatistic,
  sloMetricNames,
  sloStatisticNames,
  sloUnits,
} from "./slo.js";
import { SloSyntaxError } from "./slo-syntax-error.js";
import { type SloToken, tokenizeSlos } from "./slo-tokens.js";

/** Longest text that {@link parseSlos} takes, in UTF-16 code units. */
export const MAX_SLO_TEXT = 65_536;

/**
 * Reads objectives from text, separated by semicolons or line ends:
 *
 * - broad: `max|min [statistic] metric [weight n | xn] [for task]`
 * - narrow: `[statistic] metric <=|>= number [unit] [for task]`
 *
 * Statistics are mean, median, std, min, max, p90, p95, p99; metrics those of {@link SloMetric}; units us, ms, s; B, kB,
 * MB, GB, KiB, MiB, GiB; uJ, mJ, J; fps; MACs, MMACs, GMACs; % of an accuracy. Words are read without regard to case, units
 * where that leaves no doubt; the name of a task as it stands, or in quotation marks.
 *
 * @throws SloSyntaxError with line, column and what was expected there
 * @throws EdgewrightError (`invalid-argument`) for what is no text
 * @throws EdgewrightError (`limit-exceeded`) for a text above {@link MAX_SLO_TEXT}
 *
 * @example
 * ```ts
 * const slos = parseSlos("max accuracy; min p95 latency x2; latency <= 41.7ms; memory <= 90MB for ocr");
 * // slos[3] = { kind: "narrow", metric: "memory", comparison: "<=", bound: 90e6, task: "ocr" }
 * ```
 */
export function parseSlos(text: string): Slo[] {
  if (typeof text !== "string") {
    throw new EdgewrightError(
      "invalid-argument",
      `parseSlos: a text was expected, got ${text === null ? "null" : typeof text}`,
    );
  }
  if (text.length > MAX_SLO_TEXT) {
    throw new EdgewrightError(
      "limit-exceeded",
      `parseSlos: at most ${MAX_SLO_TEXT} characters were expected, got ${text.length}`,
    );
  }
  const reader = new SloReader(text);
  const slos: Slo[] = [];
  while (!reader.skipSeparators()) {
    slos.push(reader.readSlo());
    reader.expectEndOfSlo();
  }
  return slos;
}

// Recursive descent with one token of look-ahead: the language has two rules.
class SloReader {
  readonly #text: string;
  readonly #tokens: readonly SloToken[];
  readonly #metrics = invert(sloMetricNames());
  readonly #statistics = invert(sloStatisticNames());
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenizeSlos(text);
  }

  /** @returns whether the text has ended */
  skipSeparators(): boolean {
    while (this.#next.kind === "separator") this.#at++;
    return this.#next.kind === "end";
  }

  expectEndOfSlo(): void {
    if (this.#next.kind !== "separator" && this.#next.kind !== "end") {
      this.#fail([";", "the end"]);
    }
  }

  readSlo(): Slo {
    const first = this.#next;
    const direction = first.kind === "word" ? directionOf(first.text) : undefined;
    if (!direction) {
      const subject = this.#readSubject(["max", "min"]);
      if (this.#next.kind !== "comparison") this.#fail(["<=", ">="]);
      return this.#readNarrow(subject);
    }
    this.#at++;
    const subject = this.#readSubject([]);
    if (this.#next.kind !== "comparison") return this.#readBroad(direction, subject);
    // "max latency <= 50ms": the word was the statistic.
    if (subject.statistic) this.#fail(["weight", "for", ";", "the end"]);
    if (!this.#statistics.has(first.text.toLowerCase())) this.#fail(["for", ";", "the end"]);
    return this.#readNarrow({ ...subject, statistic: direction });
  }

  #readSubject(before: readonly string[]): { metric: SloMetric; statistic?: SloStatistic } {
    const statistic = this.#statistics.get(this.#word());
    if (statistic) this.#at++;
    const metric = this.#metrics.get(this.#word());
    if (!metric) {
      const statistics = statistic ? [] : Object.keys(sloStatisticNames());
      this.#fail([...new Set([...before, ...statistics, ...Object.keys(sloMetricNames())])]);
    }
    this.#at++;
    return statistic ? { metric, statistic } : { metric };
  }

  #readBroad(
    direction: "max" | "min",
    subject: { metric: SloMetric; statistic?: SloStatistic },
  ): BroadSlo {
    let weight: number | undefined;
    let task: string | undefined;
    while (this.#next.kind === "word") {
      if (task === undefined && this.#word() === "for") task = this.#readTask();
      else if (weight === undefined) weight = this.#readWeight(task === undefined);
      else break;
    }
    return {
      kind: "broad",
      direction,
      ...subject,
      ...(weight === undefined ? {} : { weight }),
      ...(task === undefined ? {} : { task }),
    };
  }

  #readNarrow(subject: { metric: SloMetric; statistic?: SloStatistic }): NarrowSlo {
    const comparison = "<=≤".includes(this.#next.text) ? "<=" : ">=";
    this.#at++;
    const number = this.#readNumber();
    const percent = subject.metric === "accuracy" && this.#next.kind === "percent";
    if (percent) this.#at++;
    const bound = percent ? number : number * this.#readUnit(subject.metric);
    if (!Number.isFinite(bound)) this.#fail(["a bound that is finite"], this.#at - 1);
    const task = this.#word() === "for" ? this.#readTask() : undefined;
    return {
      kind: "narrow",
      ...subject,
      comparison,
      bound,
      ...(percent ? { percent } : {}),
      ...(task === undefined ? {} : { task }),
    };
  }

  #readUnit(metric: SloMetric): number {
    const units = sloUnits(metric);
    if (units.length === 0) return 1;
    const { kind, text } = this.#next;
    const written = text.replace(/^[µμ]/, "u");
    const same = units.filter(([unit]) => unit.toLowerCase() === written.toLowerCase());
    const found =
      units.find(([unit]) => unit === written) ?? (same.length === 1 ? same[0] : undefined);
    if (kind !== "word" || !found) {
      // Counts need none; of a time or an amount of bytes nobody could tell which was meant.
      const optional = metric === "throughput" || metric === "workload";
      if (optional && (kind !== "word" || this.#word() === "for")) return 1;
      this.#fail(units.map(([unit]) => unit));
    }
    this.#at++;
    return found[1];
  }

  #readWeight(mayNameTask: boolean): number {
    const word = this.#word();
    const joined = /^x(\d+(?:\.\d*)?(?:e\d+)?)$/.exec(word)?.[1];
    if (joined === undefined) {
      if (word !== "weight" && word !== "x") {
        this.#fail(["weight", "x2", ...(mayNameTask ? ["for"] : []), ";", "the end"]);
      }
      this.#at++;
      const weight = this.#readNumber();
      if (!(weight > 0)) this.#fail(["a weight above 0"], this.#at - 1);
      return weight;
    }
    const weight = Number(joined);
    if (!(weight > 0 && Number.isFinite(weight))) this.#fail(["a weight above 0, such as x2"]);
    this.#at++;
    return weight;
  }

  #readNumber(): number {
    const { kind, text } = this.#next;
    const value = kind === "number" ? Number(text) : Number.NaN;
    if (!Number.isFinite(value)) this.#fail(["a number"]);
    this.#at++;
    return value;
  }

  #readTask(): string {
    this.#at++;
    const { kind, text } = this.#next;
    const name = kind === "word" ? text : kind === "string" ? readString(text) : undefined;
    if (!name) this.#fail(["the name of a task"]);
    this.#at++;
    return name;
  }

  // The next token as a word of the language; empty when it is none.
  #word(): string {
    const { kind, text } = this.#next;
    return kind === "word" ? text.toLowerCase() : "";
  }

  get #next(): SloToken {
    return this.#tokens[this.#at]!;
  }

  #fail(expected: readonly string[], at: number = this.#at): never {
    const { kind, text, offset } = this.#tokens[at]!;
    const found =
      kind === "end" ? "the end" : text === "\n" ? "the end of the line" : shorten(text);
    throw new SloSyntaxError(this.#text, offset, expected, found);
  }
}

function directionOf(word: string): "max" | "min" | undefined {
  return /^max(imi[sz]e)?$/i.test(word)
    ? "max"
    : /^min(imi[sz]e)?$/i.test(word)
      ? "min"
      : undefined;
}

function invert<K extends string>(names: Record<K, readonly string[]>): Map<string, K> {
  return new Map(
    (Object.entries(names) as [K, readonly string[]][]).flatMap(([key, words]) =>
      words.map((word): [string, K] => [word, key]),
    ),
  );
}

function readString(text: string): string | undefined {
  try {
    return JSON.parse(text) as string;
  } catch {
    return undefined; // an escape that JSON does not know
  }
}

function shorten(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text);
}
