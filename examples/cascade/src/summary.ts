import { quantile } from "@edgewright/core";
import type { AnswerReason } from "@edgewright/scheduler";
import { BIN_SECONDS, type Bin, joinBins, type RunRecord } from "./run-record.js";

/** The share of pictures in time that controllers hold, in percent. */
export const TARGET_PERCENT = 95;

/** The figures of a run; shares in percent. */
export interface RunSummary {
  readonly transport: string;
  readonly clients: number;
  readonly servers: number;
  readonly seconds: number;
  readonly given: number;
  readonly answered: number;
  readonly lost: number;
  readonly twice: number;
  readonly forwarded: number;
  readonly resent: number;
  readonly recovered: number;
  readonly surplus: number;
  readonly reasons: Readonly<Record<AnswerReason, number>>;
  readonly satisfied: number;
  /** Only for runs with a kill. */
  readonly kill?: KillFigures;
  readonly accuracy: { readonly light: number; readonly cascade: number; readonly heavy: number };
  readonly heavyMedianMs: number;
  readonly heavyP95Ms: number;
  readonly batches: number;
  readonly meanBatch: number;
}

/** Satisfaction around the kill. */
interface KillFigures {
  readonly atSeconds: number;
  readonly before: number;
  /** In the first two seconds after it. */
  readonly during: number;
  /** In the last third of what followed. */
  readonly after: number;
  /** From the kill until two seconds in a row met the target; undefined when they never did. */
  readonly recoverySeconds: number | undefined;
}

/** Works out the figures of a run. */
export function summarize(record: RunRecord): RunSummary {
  const { options, bins, totals, heavyMs, batches, killedAt } = record;
  const all = joinBins(bins);
  const share = (part: number) => (100 * part) / Math.max(1, all.samples);
  const sorted = [...heavyMs].sort((a, b) => a - b);
  const at = (p: number) => (sorted.length === 0 ? Number.NaN : quantile(sorted, p));
  const batched = batches.reduce((sum, { size }) => sum + size, 0);
  return {
    ...{ transport: options.transport, clients: options.clients, servers: options.servers },
    ...{ seconds: options.seconds, ...totals },
    satisfied: satisfaction(bins),
    ...(killedAt !== undefined && { kill: aroundKill(bins, killedAt) }),
    accuracy: {
      light: share(all.lightRight),
      cascade: share(all.cascadeRight),
      heavy: share(all.heavyRight),
    },
    heavyMedianMs: at(0.5),
    heavyP95Ms: at(0.95),
    batches: batches.length,
    meanBatch: batched / Math.max(1, batches.length),
  };
}

/** Share of pictures that were answered in time by the model that was asked, in percent. */
function satisfaction(bins: readonly Bin[]): number {
  const { satisfied, samples } = joinBins(bins);
  return (100 * satisfied) / Math.max(1, samples);
}

function aroundKill(bins: readonly Bin[], killedAt: number): KillFigures {
  const first = Math.floor(killedAt / BIN_SECONDS);
  const twoSeconds = Math.round(2 / BIN_SECONDS);
  let recovered: number | undefined;
  for (let i = first; i + twoSeconds <= bins.length && recovered === undefined; i++) {
    if (satisfaction(bins.slice(i, i + twoSeconds)) >= TARGET_PERCENT) recovered = i;
  }
  const rest = bins.length - first;
  return {
    atSeconds: killedAt,
    before: satisfaction(bins.slice(Math.floor(first / 2), first)),
    during: satisfaction(bins.slice(first, first + twoSeconds)),
    after: satisfaction(bins.slice(bins.length - Math.max(1, Math.floor(rest / 3)))),
    recoverySeconds:
      recovered === undefined ? undefined : Math.max(0, recovered * BIN_SECONDS - killedAt),
  };
}

/** The figures as lines for a terminal. */
export function summaryText(summary: RunSummary): string {
  const { accuracy, kill, reasons } = summary;
  const kept = (["busy", "late", "failed", "refused", "unavailable"] as const)
    .map((reason) => `${reasons[reason]} ${reason}`)
    .join(", ");
  const lines = [
    `${summary.clients} devices, ${summary.servers} server(s), ${summary.transport}, ${summary.seconds} s`,
    `pictures      ${summary.given} given, ${summary.answered} answered, ${summary.lost} lost, ${summary.twice} answered twice`,
    `forwarded     ${summary.forwarded}: ${reasons.answered} answered by the heavy model; light answer kept: ${kept}`,
    `sent again    ${summary.resent}, ${summary.recovered} of them then answered; ${summary.surplus} surplus replies dropped`,
    `in time       ${percent(summary.satisfied)}`,
  ];
  if (kill) {
    const { recoverySeconds: recovery } = kill;
    lines.push(
      `  the kill    at ${kill.atSeconds.toFixed(1)} s: ${percent(kill.before)} before, ${percent(kill.during)} in the next 2 s, ` +
        `${percent(kill.after)} at the end; ` +
        (recovery === undefined
          ? "not recovered"
          : `back at ${TARGET_PERCENT} % after ${recovery.toFixed(1)} s`),
    );
  }
  lines.push(
    `accuracy      light ${percent(accuracy.light)}, cascade ${percent(accuracy.cascade)}, heavy ${percent(accuracy.heavy)}`,
    `heavy answers ${summary.heavyMedianMs.toFixed(0)} ms median, ${summary.heavyP95Ms.toFixed(0)} ms p95; ` +
      `${summary.batches} batches of ${summary.meanBatch.toFixed(1)}`,
  );
  return lines.join("\n");
}

/** A share for people. */
export function percent(value: number): string {
  return `${value.toFixed(1)} %`;
}
