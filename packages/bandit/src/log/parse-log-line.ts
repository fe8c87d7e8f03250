import { ValidationError } from "@edgewright/core";
import type { DecisionRecord, ExpiryRecord, LogRecord, RewardRecord } from "./log-record.js";

/**
 * Reads one line of a log and checks every field of it.
 *
 * @param where names the line in errors: `line 3`
 * @throws ValidationError when the line is not a record of this version
 */
export function parseLogLine(line: string, where: string): LogRecord {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw refusal(
      where,
      `JSON was expected, got ${quoteStart(line)}; was the line cut off?`,
      cause,
    );
  }
  if (!isObject(value)) throw refusal(where, `an object was expected, got ${quoteStart(line)}`);
  if (typeof value.id !== "string" || value.id === "") {
    throw refusal(where, `id: text was expected, got ${JSON.stringify(value.id)}`);
  }
  if (!isNumber(value.time)) {
    throw refusal(where, `time: a number was expected, got ${JSON.stringify(value.time)}`);
  }
  if (value.type === "decision") checkDecision(value, where);
  else if (value.type === "reward") checkReward(value, where);
  else if (value.type !== "expired") {
    const came = JSON.stringify(value.type);
    throw refusal(where, `type: "decision", "reward" or "expired" was expected, got ${came}`);
  }
  return value as unknown as DecisionRecord | RewardRecord | ExpiryRecord;
}

type Fields = { readonly [name: string]: unknown };

function checkDecision(value: Fields, where: string): void {
  const expect = (holds: boolean, field: string, expected: string): void => {
    if (holds) return;
    const came = quoteStart(JSON.stringify(value[field]) ?? "nothing");
    throw refusal(where, `${field}: ${expected} was expected, got ${came}`);
  };
  expect(value.version === 1, "version", "1, the version this library reads,");
  expect(typeof value.policy === "string", "policy", "text");
  expect(isListOf(value.context, isNumber), "context", "a list of numbers");
  expect(isListOf(value.arms, isText) && value.arms.length > 0, "arms", "a list of names");
  const arms = value.arms as readonly string[];
  expect(new Set(arms).size === arms.length, "arms", "a list with no name twice");
  const forEveryArm = (list: unknown, holds: (item: unknown) => boolean): boolean =>
    isListOf(list, holds) && list.length === arms.length;
  const isVector = (item: unknown): boolean => isListOf(item, isNumber);
  expect(
    value.armFeatures === undefined || forEveryArm(value.armFeatures, isVector),
    "armFeatures",
    `lists of numbers for ${arms.length} arms`,
  );
  const chosen = arms.indexOf(value.arm as string);
  expect(chosen >= 0, "arm", `one of ${arms.length} arms`);
  expect(
    forEveryArm(value.probabilities, isProbability),
    "probabilities",
    `${arms.length} probabilities`,
  );
  const probabilities = value.probabilities as readonly number[];
  let sum = 0;
  for (const probability of probabilities) sum += probability;
  expect(Math.abs(sum - 1) < 1e-6, "probabilities", "a sum of 1");
  // Loggers other than this library may round what they write.
  expect(
    isProbability(value.propensity) &&
      value.propensity > 0 &&
      Math.abs(value.propensity - probabilities[chosen]!) < 1e-6,
    "propensity",
    `the chosen arm's probability, above 0,`,
  );
  expect(forEveryArm(value.scores, isNumberOrNull), "scores", `${arms.length} numbers or nulls`);
  expect(isNumberOrNull(value.mean), "mean", "a number or null");
  expect(isNumberOrNull(value.width), "width", "a number or null");
  expect(isOptional(value.asked, "boolean"), "asked", "true or false");
}

function checkReward(value: Fields, where: string): void {
  if (!isNumber(value.reward)) {
    throw refusal(where, `reward: a number was expected, got ${JSON.stringify(value.reward)}`);
  }
  for (const field of ["expected", "best", "weight"]) {
    const came = value[field];
    if (came !== undefined && !(isNumber(came) && (field !== "weight" || came > 0))) {
      throw refusal(where, `${field}: a number was expected, got ${JSON.stringify(came)}`);
    }
  }
  if (!isOptional(value.assumed, "boolean")) {
    throw refusal(where, `assumed: true or false was expected, got ${String(value.assumed)}`);
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isNumberOrNull(value: unknown): boolean {
  return value === null || isNumber(value);
}

function isProbability(value: unknown): value is number {
  return isNumber(value) && value >= 0 && value <= 1;
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isOptional(value: unknown, type: "boolean"): boolean {
  return value === undefined || typeof value === type;
}

function isListOf(value: unknown, holds: (item: unknown) => boolean): value is readonly unknown[] {
  return Array.isArray(value) && value.every(holds);
}

function quoteStart(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}

function refusal(where: string, message: string, cause?: unknown): ValidationError {
  return new ValidationError(`readLog: ${where}: ${message}`, { where, cause });
}
