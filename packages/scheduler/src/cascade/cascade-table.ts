import { ValidationError } from "@edgewright/core";
import type { CascadeOutcome } from "./calibration.js";

/** What one classifier made of every sample. */
export interface ClassifierOutcomes {
  /** 1 where its answer is right. */
  readonly correct: Uint8Array;
  /** Probability of its best class. */
  readonly top1: Float64Array;
  /** That less the probability of the second best (BvSB). */
  readonly margin: Float64Array;
}

/** What several classifiers made of the same samples, by name. */
export interface CascadeTable {
  readonly samples: number;
  readonly models: ReadonlyMap<string, ClassifierOutcomes>;
}

/**
 * Reads a table of outcomes: comma-separated, a header, and for each classifier the columns `<name>_ok` (0 or 1),
 * `<name>_top1` and `<name>_bvsb`; other columns are passed over.
 *
 * @example
 * const table = parseCascadeTable("i,tiny_ok,tiny_top1,tiny_bvsb\n0,1,0.7,0.5\n");
 * table.models.get("tiny")?.margin[0]; // 0.5
 *
 * @throws ValidationError with the line that is not as it should be
 */
export function parseCascadeTable(text: string): CascadeTable {
  const lines = text.split(/\r?\n/).filter((line) => line !== "");
  const header = (lines[0] ?? "").split(",");
  const names = header.filter((name) => name.endsWith("_ok")).map((name) => name.slice(0, -3));
  if (names.length === 0 || lines.length < 2) {
    throw new ValidationError(
      "parseCascadeTable: a header with columns <name>_ok, <name>_top1, <name>_bvsb and at least one line were expected",
    );
  }
  const samples = lines.length - 1;
  const models = new Map<string, ClassifierOutcomes>();
  const columns: { at: number; values: { [index: number]: number } }[] = [];
  for (const name of names) {
    const outcomes = {
      correct: new Uint8Array(samples),
      top1: new Float64Array(samples),
      margin: new Float64Array(samples),
    };
    models.set(name, outcomes);
    for (const [suffix, values] of [
      ["ok", outcomes.correct],
      ["top1", outcomes.top1],
      ["bvsb", outcomes.margin],
    ] as const) {
      const at = header.indexOf(`${name}_${suffix}`);
      if (at < 0) throw new ValidationError(`parseCascadeTable: no column ${name}_${suffix}`);
      columns.push({ at, values });
    }
  }
  for (let sample = 0; sample < samples; sample++) {
    const cells = lines[sample + 1]!.split(",");
    for (const { at, values } of columns) {
      const cell = cells[at];
      const value = Number(cell);
      if (cell === undefined || cell.trim() === "" || !(value >= 0 && value <= 1)) {
        throw new ValidationError(
          `parseCascadeTable: line ${sample + 2}: ${header[at]} must be from 0 to 1, got "${cell}"`,
        );
      }
      values[sample] = value;
    }
  }
  return { samples, models };
}

/** Options of {@link listOutcomes}. */
export interface ListOutcomesOptions {
  /** Certainty of the light model. @default "margin" */
  readonly measure?: "margin" | "top1";
  /** First sample. @default 0 */
  readonly from?: number;
  /** Sample after the last. @default all */
  readonly to?: number;
}

/**
 * Samples of a table as a pair of its models sees them, for {@link calibrateThresholds}.
 *
 * @throws ValidationError where the table does not know a model
 */
export function listOutcomes(
  table: CascadeTable,
  light: string,
  heavy: string,
  { measure = "margin", from = 0, to = table.samples }: ListOutcomesOptions = {},
): CascadeOutcome[] {
  const first = findModel(table, light);
  const second = findModel(table, heavy);
  const outcomes: CascadeOutcome[] = [];
  for (let sample = from; sample < Math.min(to, table.samples); sample++) {
    outcomes.push({
      certainty: first[measure][sample]!,
      lightCorrect: first.correct[sample] === 1,
      heavyCorrect: second.correct[sample] === 1,
    });
  }
  return outcomes;
}

/** The outcomes of one model. @throws ValidationError where the table does not know it */
export function findModel(table: CascadeTable, name: string): ClassifierOutcomes {
  const found = table.models.get(name);
  if (found) return found;
  throw new ValidationError(
    `The table of the cascade has no model "${name}"; it has ${[...table.models.keys()].join(", ")}`,
  );
}
