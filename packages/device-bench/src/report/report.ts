import { EdgewrightError, type FigureKind } from "@edgewright/core";
import { describeMachine, describeRuntime, type Machine } from "../device/machine.js";

/** A bar that a figure has to clear: at least so much, or at most. */
export type Target = { readonly atLeast: number } | { readonly atMost: number };

/** One figure as a benchmark states it. */
export interface FigureInput {
  /** What it is, said so that the row stands alone: `conv 3x3 32->64 56x56, baseline`. */
  readonly metric: string;
  readonly value: number;
  /** `ms`, `GFLOP/s`, `MB`, `x`, or `""` for a bare number. */
  readonly unit: string;
  /** @default "measured" */
  readonly kind?: FigureKind;
  /** What it is compared with. */
  readonly peer?: string;
  /** How many times better than the peer. */
  readonly ratio?: number;
  /** The bar for `ratio` where there is one, otherwise for `value`. */
  readonly target?: Target;
  /** The group under which the table shows it. */
  readonly section?: string;
  /** Anything worth a few words: noise, the variant, why a row is missing. */
  readonly note?: string;
}

/** One figure of a report. `pass` is present exactly when a target is. */
export interface Row {
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  readonly kind: FigureKind;
  readonly peer?: string;
  readonly ratio?: number;
  readonly target?: Target;
  readonly pass?: boolean;
  readonly section?: string;
  readonly note?: string;
}

/** Everything that a benchmark or a reproduction prints. */
export interface Report {
  /** The command that makes these figures again. */
  readonly command: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  /** ISO 8601. */
  readonly date: string;
  readonly rows: readonly Row[];
}

/** Options of {@link createReport}. */
export interface CreateReportOptions {
  readonly command: string;
  readonly rows: readonly FigureInput[];
  /** Versions beside the runtime's own: peers, kernel variant. */
  readonly versions?: Readonly<Record<string, string>>;
  /** @default now */
  readonly date?: Date;
  /** @default this machine */
  readonly machine?: Machine;
}

/** Completes figures into a report: machine, versions, date, and whether each target is met. */
export function createReport(options: CreateReportOptions): Report {
  return {
    command: options.command,
    machine: options.machine ?? describeMachine(),
    versions: { ...describeRuntime(), ...options.versions },
    date: (options.date ?? new Date()).toISOString(),
    rows: options.rows.map(createRow),
  };
}

/** Completes one figure; a `NaN` misses every target. */
export function createRow(figure: FigureInput): Row {
  const { kind = "measured", target, ratio, value, metric } = figure;
  if (metric === "") {
    throw new EdgewrightError("invalid-argument", 'createRow: a figure needs a metric, got ""');
  }
  const row: Row = { ...figure, kind };
  if (target === undefined) return row;
  const judged = ratio ?? value;
  const pass = "atLeast" in target ? judged >= target.atLeast : judged <= target.atMost;
  return { ...row, pass };
}

/** Rows whose target is missed. */
export function missedTargets(report: Report): readonly Row[] {
  return report.rows.filter((row) => row.pass === false);
}
