import { EdgewrightError, ValidationError } from "@edgewright/core";
import { decodeFloat64, encodeFloat64 } from "../../policy/float64-text.js";

/**
 * What ratings taught a selector, as sums that add up over devices; JSON-able. It holds no single rating and nothing
 * of when they were given.
 */
export interface SelectorKnowledge {
  readonly format: "edgewright-selector-knowledge";
  readonly version: 1;
  /** Says which sums can be added: the policy and its features. */
  readonly kind: string;
  /** Ratings behind it. */
  readonly ratings: number;
  /** The sums as base64 of float64 values. */
  readonly sums: string;
}

/**
 * Adds up what several devices' users taught their selectors: a new device that starts from it chooses as if it had
 * seen all their ratings.
 *
 * @throws EdgewrightError `invalid-argument` for none at all; ValidationError for knowledge that is damaged or of
 * different policies
 */
export function mergeKnowledge(parts: readonly SelectorKnowledge[]): SelectorKnowledge {
  const first = parts[0];
  if (!first) {
    throw new EdgewrightError(
      "invalid-argument",
      "mergeKnowledge: at least one knowledge was expected, got none",
    );
  }
  const sums = readKnowledge(first, first.kind, undefined, "mergeKnowledge");
  let ratings = first.ratings;
  for (const part of parts.slice(1)) {
    readKnowledge(part, first.kind, sums.length, "mergeKnowledge").forEach((value, i) => {
      sums[i]! += value;
    });
    ratings += part.ratings;
  }
  return writeKnowledge(first.kind, ratings, sums);
}

/** Puts sums into their JSON-able form. */
export function writeKnowledge(
  kind: string,
  ratings: number,
  sums: Float64Array,
): SelectorKnowledge {
  const text = encodeFloat64(sums);
  return { format: "edgewright-selector-knowledge", version: 1, kind, ratings, sums: text };
}

/**
 * Reads sums back, of the kind and length expected.
 *
 * @throws ValidationError when they are damaged or of another kind
 */
export function readKnowledge(
  knowledge: SelectorKnowledge,
  kind: string,
  length: number | undefined,
  where: string,
): Float64Array {
  const { format, version, ratings, sums } = knowledge ?? {};
  const isKnown = format === "edgewright-selector-knowledge" && version === 1;
  if (!isKnown || typeof sums !== "string" || !(Number.isSafeInteger(ratings) && ratings >= 0)) {
    throw new ValidationError(
      `${where}: knowledge of a selector, version 1, was expected, got format ${format}, version ${version}, ratings ${ratings}`,
    );
  }
  if (knowledge.kind !== kind) {
    throw new ValidationError(
      `${where}: knowledge of ${kind} was expected, got ${knowledge.kind}: only the same policy with the same options can use it`,
    );
  }
  // Three quarters of the characters of base64 are bytes, less the padding.
  const padding = sums.endsWith("==") ? 2 : sums.endsWith("=") ? 1 : 0;
  return decodeFloat64(sums, length ?? (sums.length * 3) / 4 / 8 - padding / 8, where);
}
