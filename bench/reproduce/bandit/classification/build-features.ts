import { ValidationError } from "@edgewright/core";
import type { CsvTable } from "./read-csv.js";

/** How tables write that a value is not known. */
const MISSING = new Set(["", "?", "na", "n/a", "nan", "null"]);

/** Every level is a feature, and time and memory grow with the square of their number. */
const MOST_LEVELS = 500;

/** Contexts made of a table's columns. */
export interface Features {
  /** By row, all of the same length. */
  readonly contexts: readonly Float64Array[];
  /** Columns of numbers. */
  readonly numeric: number;
  /** Columns of names. */
  readonly categorical: number;
  /** Values that are not known. */
  readonly missing: number;
}

/**
 * Contexts as the reference has them: numbers less their mean over their standard deviation (that of the population,
 * over all rows; a column that never changes gives zeros), a 1 for the level of a categorical column (levels sorted),
 * and a constant 1 at the end. A number that is not known is the mean, a level that is not known is no level.
 *
 * @param label index of the column that is no feature
 * @param where the file, for the message of an error
 * @throws ValidationError for a column with a name of its own in nearly every row
 */
export function buildFeatures({ columns, rows }: CsvTable, label: number, where: string): Features {
  const features: Float64Array[] = []; // by feature, then by row
  let numeric = 0;
  let categorical = 0;
  let missing = 0;
  columns.forEach((name, column) => {
    if (column === label) return;
    const texts = rows.map((row) => row[column]!);
    const known = texts.filter(isKnown);
    missing += texts.length - known.length;
    if (known.length > 0 && known.every((text) => Number.isFinite(Number(text)))) {
      numeric++;
      features.push(standardize(texts));
    } else {
      categorical++;
      const levels = [...new Set(known)].sort();
      if (levels.length > MOST_LEVELS) {
        throw new ValidationError(
          `${where}: column "${name}": at most ${MOST_LEVELS} levels were expected, got ${levels.length}; leave it out where it names the rows`,
        );
      }
      features.push(
        ...levels.map((level) => Float64Array.from(texts, (text) => (text === level ? 1 : 0))),
      );
    }
  });
  const dimension = features.length + 1;
  const contexts = rows.map((_, row) =>
    Float64Array.from({ length: dimension }, (_, i) => features[i]?.[row] ?? 1),
  );
  return { contexts, numeric, categorical, missing };
}

function isKnown(text: string): boolean {
  return !MISSING.has(text.toLowerCase());
}

function standardize(texts: readonly string[]): Float64Array {
  const values = texts.filter(isKnown).map(Number);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const deviation = Math.sqrt(variance);
  // A constant column's mean may be a last bit off its value, which is no deviation.
  const constant = values.every((value) => value === values[0]);
  return Float64Array.from(texts, (text) =>
    constant || !isKnown(text) ? 0 : (Number(text) - mean) / deviation,
  );
}
