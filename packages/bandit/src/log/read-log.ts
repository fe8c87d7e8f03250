import { EdgewrightError } from "@edgewright/core";
import { createRecordJoiner, type OpenDecision } from "./join-records.js";
import type { LoggedDecision } from "./logged-decision.js";
import { parseLogLine } from "./parse-log-line.js";

/** Options of {@link readLog}. */
export interface ReadLogOptions {
  /**
   * What to do with a line that is damaged or fits no decision: stop with an error that names it, or go on without
   * it and count it.
   *
   * @default "throw"
   */
  readonly damaged?: "throw" | "skip";
}

/** Options of {@link streamLog}. */
export interface StreamLogOptions extends ReadLogOptions {
  /**
   * Decisions held in memory at most while the first of them waits for its reward; beyond it, that one is given out
   * without.
   *
   * @default 10000
   */
  readonly capacity?: number;
  /** Told of every line that `damaged: "skip"` leaves out. */
  readonly onSkip?: (problem: EdgewrightError) => void;
}

/** What {@link readLog} found. */
export interface LogReading {
  /** Every decision, in the order in which they were made, with the reward that came for it. */
  readonly decisions: readonly LoggedDecision[];
  /** Lines that were left out. */
  readonly skipped: number;
  /** What was wrong with the first of them, its number included. */
  readonly firstProblem: string | undefined;
}

/**
 * The decisions of a log in JSONL, each with its reward. Empty lines mean nothing.
 *
 * @param source the whole text, or its lines one after another; of an asynchronous source (lines of a file, see
 * {@link splitLines}) the result comes as a promise
 *
 * @throws ValidationError that names the line: not JSON (the last one, when writing was cut off), not a record of
 * this version, a reward for no decision or for one that has it already
 *
 * @example
 * const lines: string[] = [];
 * const log = (record: LogRecord) => lines.push(formatLogLine(record));
 * const bandit = createBandit({ policy: ucb1(), arms: ["a", "b"], seed: 1, log });
 * bandit.update(bandit.decide().id, 1);
 * const { decisions } = readLog(lines);
 * console.log(decisions[0]?.arm, decisions[0]?.reward); // a 1
 */
export function readLog(source: string | Iterable<string>, options?: ReadLogOptions): LogReading;
export function readLog(
  source: AsyncIterable<string>,
  options?: ReadLogOptions,
): Promise<LogReading>;
export function readLog(
  source: string | Iterable<string> | AsyncIterable<string>,
  options: ReadLogOptions = {},
): LogReading | Promise<LogReading> {
  const decisions: LoggedDecision[] = [];
  let skipped = 0;
  let firstProblem: string | undefined;
  const take = createLineTaker(options.damaged, (problem) => {
    skipped++;
    firstProblem ??= problem.message;
  });
  const push = (line: string): void => {
    const opened = take.line(line);
    if (opened) decisions.push(opened);
  };
  const result = (): LogReading => ({ decisions, skipped, firstProblem });
  if (typeof source !== "string" && Symbol.asyncIterator in source) {
    return (async () => {
      for await (const line of source) push(line);
      return result();
    })();
  }
  for (const line of typeof source === "string" ? source.split("\n") : source) push(line);
  return result();
}

/**
 * The decisions of a log one after another, in the order in which they were made, in bounded memory: for logs larger
 * than that. A decision is given out once its reward came, it expired, or `capacity` later ones were read; a reward
 * that comes later still counts as one for an unknown decision.
 *
 * @throws ValidationError as {@link readLog}
 *
 * @example
 * const text = '{"type":"decision","version":1,"id":"d0","time":0,"policy":"random","context":[],"arms":["a"],' +
 *   '"arm":"a","propensity":1,"probabilities":[1],"scores":[1],"mean":null,"width":null}';
 * for await (const decision of streamLog([text])) console.log(decision.arm, decision.reward); // a undefined
 */
export async function* streamLog(
  source: Iterable<string> | AsyncIterable<string>,
  options: StreamLogOptions = {},
): AsyncGenerator<LoggedDecision, void, undefined> {
  const { capacity = 10_000, damaged, onSkip } = options;
  if (!(Number.isSafeInteger(capacity) && capacity > 0)) {
    throw new EdgewrightError(
      "invalid-argument",
      `streamLog: a whole capacity above 0 was expected, got ${capacity}`,
    );
  }
  const take = createLineTaker(damaged, onSkip);
  let waiting: OpenDecision[] = [];
  let first = 0;
  for await (const line of source) {
    const opened = take.line(line);
    if (opened) waiting.push(opened);
    for (; first < waiting.length; first++) {
      const head = waiting[first]!;
      if (head.reward === undefined && !head.expired && waiting.length - first <= capacity) break;
      take.drop(head.id);
      yield head;
    }
    if (first > capacity) {
      waiting = waiting.slice(first);
      first = 0;
    }
  }
  for (; first < waiting.length; first++) yield waiting[first]!;
}

interface LineTaker {
  line(text: string): OpenDecision | undefined;
  drop(id: string): void;
}

function createLineTaker(
  damaged: "throw" | "skip" = "throw",
  onSkip?: (problem: EdgewrightError) => void,
): LineTaker {
  const joiner = createRecordJoiner();
  let number = 0;
  return {
    line(text) {
      number++;
      if (text.trim() === "") return undefined;
      const where = `line ${number}`;
      try {
        return joiner.take(parseLogLine(text, where), where);
      } catch (problem) {
        if (damaged === "throw" || !EdgewrightError.isInstance(problem)) throw problem;
        onSkip?.(problem);
        return undefined;
      }
    },
    drop: joiner.drop,
  };
}
