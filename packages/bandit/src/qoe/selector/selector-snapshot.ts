import { ValidationError } from "@edgewright/core";
import type { ModelSelectorSnapshot } from "./model-selector-options.js";

/**
 * Checks the parts of a snapshot that are the selector's own; the bandit's is checked by the bandit.
 *
 * @throws ValidationError when it is damaged or of another version
 */
export function readSelectorSnapshot(value: ModelSelectorSnapshot): ModelSelectorSnapshot {
  const { format, version, bandit, observed, knowledge } = value ?? {};
  if (format !== "edgewright-model-selector" || version !== 1) {
    throw refusal(`format "edgewright-model-selector" of version 1`, `${format} of ${version}`);
  }
  if (!isRecord(bandit)) throw refusal("a bandit", typeof bandit);
  if (!isRecord(observed)) throw refusal("observed times", typeof observed);
  for (const [id, entry] of Object.entries(observed)) {
    const { latencyMs = Number.NaN, count = Number.NaN } = isRecord(entry) ? entry : {};
    const fine = latencyMs > 0 && latencyMs < Infinity && Number.isSafeInteger(count) && count > 0;
    if (!fine) throw refusal(`a time above 0 observed of "${id}"`, JSON.stringify(entry));
  }
  if (knowledge !== null && !isRecord(knowledge)) throw refusal("knowledge", typeof knowledge);
  return value;
}

function isRecord(value: unknown): value is Record<string, number> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refusal(expected: string, came: string): ValidationError {
  return new ValidationError(
    `createModelSelector: snapshot: ${expected} was expected, got ${came}; it is damaged or of something else`,
  );
}
