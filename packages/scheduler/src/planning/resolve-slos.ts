import { ValidationError } from "@edgewright/core";
import { formatSlo } from "./format-slos.js";
import { parseSlos } from "./parse-slos.js";
import type { Slo } from "./slo.js";

/**
 * The objectives of a text, or those given as objects after the same checks.
 *
 * @throws SloSyntaxError for a text that makes no sense
 * @throws ValidationError for an object that does not, with its place in `where`
 */
export function resolveSlos(slos: string | readonly Slo[]): Slo[] {
  if (typeof slos === "string" || !Array.isArray(slos)) return parseSlos(slos as string);
  return slos.map((slo, i) => checkSlo(slo, `slos[${i}]`));
}

// What the language can say is what is valid, so that the rules stand in one place: an object that does not come back
// as it was has a field that is misspelt, of another kind, or more than one objective in it.
function checkSlo(slo: Slo, where: string): Slo {
  let read: Slo[] = [];
  let why: unknown;
  try {
    read = parseSlos(formatSlo(slo));
  } catch (error) {
    why = error;
  }
  if (read.length === 1 && describe(read[0]!) === describe(slo)) return read[0]!;
  const kind = `"broad" with direction and metric, or "narrow" with metric, comparison and bound`;
  throw new ValidationError(
    `createPlanningProblem: at ${where}: an objective was expected (${kind}), got ${describe(slo)}`,
    { where, cause: why },
  );
}

function describe(slo: Slo): string {
  if (typeof slo !== "object" || slo === null) return String(slo);
  // A percent that is false says nothing.
  const fields = Object.entries(slo).filter(([key, value]) => {
    return value !== undefined && !(key === "percent" && value === false);
  });
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{ ${fields.map(([key, value]) => `${key}: ${describeValue(value)}`).join(", ")} }`;
}

function describeValue(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
