import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createRng, ValidationError } from "@edgewright/core";
import { buildFeatures, type Features } from "./build-features.js";
import { readCsv } from "./read-csv.js";

/** Classification data as a bandit problem: a row is a context, naming its label earns 1, any other 0. */
export interface Problem {
  readonly name: string;
  /** By round. */
  readonly contexts: readonly Float64Array[];
  /** By round, index of the arm that earns 1. */
  readonly best: readonly number[];
  /** The labels; the order decides ties. */
  readonly arms: readonly string[];
  readonly dimension: number;
  /** Whether the order was exported with the reference's figures, or is ours. */
  readonly order: "exported" | "shuffled";
  readonly features: Features;
}

/** Rounds at most where the folder has no order: as many as the reference plays. */
const MOST_ROUNDS = 5000;

/** Names of the data sets in a folder: its CSV files. */
export function listProblems(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(".csv"))
    .map((file) => file.slice(0, -".csv".length))
    .sort();
}

/**
 * Reads `<name>.csv`, whose column `label` (the last one where none is named so) has the labels, and the rows' order
 * from `order_<name>.json` beside it where that is there: `perm` are rows counted from 0, `labels` the arms.
 *
 * @throws ValidationError that names the file and what is wrong with it
 */
export function readProblem(folder: string, name: string): Problem {
  const path = join(folder, `${name}.csv`);
  const table = readCsv(readFileSync(path, "utf8"), path);
  const named = table.columns.findIndex((column) => column.toLowerCase() === "label");
  const label = named >= 0 ? named : table.columns.length - 1;
  checkMeta(folder, name, table.rows.length);
  const features = buildFeatures(table, label, path);
  const labels = table.rows.map((row) => row[label]!);
  const { rows, arms, order } = readOrder(folder, name, labels);
  return {
    ...{ name, arms, order, features },
    contexts: rows.map((row) => features.contexts[row]!),
    best: rows.map((row) => arms.indexOf(labels[row]!)),
    dimension: features.contexts[0]!.length,
  };
}

function readOrder(
  folder: string,
  name: string,
  labels: readonly string[],
): { rows: readonly number[]; arms: readonly string[]; order: Problem["order"] } {
  const path = join(folder, `order_${name}.json`);
  const present = [...new Set(labels)];
  if (!existsSync(path)) {
    const numbers = present.every((label) => Number.isFinite(Number(label)));
    const arms = present.sort(numbers ? (a, b) => Number(a) - Number(b) : undefined);
    const all = createRng(0).shuffle(labels.map((_, row) => row));
    return { rows: all.slice(0, MOST_ROUNDS), arms, order: "shuffled" };
  }
  const { perm, labels: arms } = readJson(path) as { perm?: unknown; labels?: unknown };
  const isRow = (row: unknown): boolean =>
    Number.isSafeInteger(row) && (row as number) >= 0 && (row as number) < labels.length;
  if (!Array.isArray(perm) || perm.length === 0 || !perm.every(isRow)) {
    throw new ValidationError(`${path}: perm: rows from 0 to ${labels.length - 1} were expected`);
  }
  if (!Array.isArray(arms) || !present.every((label) => arms.includes(label))) {
    throw new ValidationError(`${path}: labels: all of ${present.join(", ")} were expected`);
  }
  return { rows: perm, arms: arms.map(String), order: "exported" };
}

function checkMeta(folder: string, name: string, rows: number): void {
  const path = join(folder, "meta.json");
  if (!existsSync(path)) return;
  const expected = (readJson(path) as Record<string, { n?: number } | undefined>)[name]?.n;
  if (expected !== undefined && expected !== rows) {
    throw new ValidationError(
      `${path}: ${name} has ${expected} rows there, and ${rows} in its CSV`,
    );
  }
}

function readJson(path: string): object {
  try {
    return (JSON.parse(readFileSync(path, "utf8")) ?? {}) as object;
  } catch (cause) {
    throw new ValidationError(`${path}: ${(cause as Error).message}`, { cause });
  }
}
