import type { LogRecord } from "./log-record.js";

/**
 * A record as one line of JSONL, without the line break. NaN and infinities become null; every other number comes
 * back from {@link readLog} with the same bits, but for the sign of zero.
 *
 * @example
 * const lines: string[] = [];
 * const bandit = createBandit({
 *   policy: ucb1(),
 *   arms: ["a", "b"],
 *   seed: 1,
 *   log: (record) => lines.push(formatLogLine(record)),
 * });
 * bandit.update(bandit.decide().id, 1);
 * console.log(lines.length); // 2
 */
export function formatLogLine(record: LogRecord): string {
  return JSON.stringify(record);
}
