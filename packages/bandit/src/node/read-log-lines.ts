import { createReadStream } from "node:fs";
import { throwIfAborted } from "@edgewright/core";
import { splitLines } from "../log/split-lines.js";
import { describeFileFailure } from "./stored-file.js";

/** Options of {@link readLogLines}. */
export interface ReadLogLinesOptions {
  /** Stops the reading: the next line is an error. */
  readonly signal?: AbortSignal;
}

/**
 * The lines of a log file one after another, however large it is: for `readLog` and `streamLog` of
 * `@edgewright/bandit`.
 *
 * @throws EdgewrightError `unavailable` when the file cannot be read; `aborted`
 *
 * @example
 * for await (const decision of streamLog(readLogLines("decisions.jsonl"))) {
 *   console.log(decision.arm, decision.reward);
 * }
 */
export async function* readLogLines(
  path: string,
  options: ReadLogLinesOptions = {},
): AsyncGenerator<string, void, undefined> {
  const { signal } = options;
  throwIfAborted(signal, "readLogLines");
  const stream = createReadStream(path, { signal });
  try {
    yield* splitLines(stream as AsyncIterable<Uint8Array>);
  } catch (error) {
    throwIfAborted(signal, "readLogLines");
    throw describeFileFailure(error, path);
  } finally {
    stream.destroy();
  }
}
