/**
 * Contextual bandits: policies that learn online which arm earns most in which context.
 *
 * @packageDocumentation
 */
export { type Bandit, type BanditOptions, createBandit } from "./bandit/create-bandit.js";
export type { ArmOffer, Decision } from "./bandit/decision.js";
export { formatLogLine } from "./log/format-log-line.js";
export type { DecisionRecord, ExpiryRecord, LogRecord, RewardRecord } from "./log/log-record.js";
export type { LoggedDecision } from "./log/logged-decision.js";
export {
  type LogReading,
  type ReadLogOptions,
  readLog,
  type StreamLogOptions,
  streamLog,
} from "./log/read-log.js";
export { splitLines } from "./log/split-lines.js";
export type { AdditiveSums } from "./policy/additive-sums.js";
export { decodeFloat64, encodeFloat64 } from "./policy/float64-text.js";
export type { ChoiceSet, Evaluation, Example, Policy } from "./policy/policy.js";
