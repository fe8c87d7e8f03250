import { mean, standardDeviation } from "@edgewright/core";
import { effectiveSampleSize } from "./estimate.js";
import type { LoggedData } from "./logged-data.js";
import type { WeightedLog } from "./weigh-log.js";

/** What may be wrong with an evaluation, as a word and as a sentence. */
export interface OverlapWarning {
  readonly code:
    | "no-propensities"
    | "no-overlap"
    | "unsupported-choices"
    | "unlogged-arms"
    | "mean-weight"
    | "few-effective-rows"
    | "dominant-row"
    | "rare-rewards"
    | "model-bias"
    | "model-alone"
    | "no-spread";
  readonly message: string;
}

/** Share of the target's choice from which a missing arm is worth a word. */
const NOTABLE_SHARE = 0.001;
/** Effective rows below which intervals by normal approximation or resampling are not to be trusted. */
const FEW_ROWS = 50;
/** Share of the whole weight that one row may carry. */
const DOMINANT = 0.05;
/** Standard errors by which the rewards may correct the model before it counts as biased. */
const CORRECTION_ERRORS = 3;
/** Rewards that differ from the one of most rows: the usual rule of thumb for proportions asks for tens. */
const FEW_REWARDS = 30;

/**
 * Says in plain words where a log cannot speak for a target: choices that were never logged, weights that do not
 * average 1, few effective rows, rows that carry everything.
 *
 * @example
 * const data = createLoggedData({ arms: ["a", "b"], chosen: ["a", "a"], rewards: [0, 1], propensities: [1, 1] });
 * const target = fixedTarget({ b: 1 });
 * console.log(diagnoseOverlap(data, weighLog(data, target))[0]?.code); // no-overlap
 */
export function diagnoseOverlap(data: LoggedData, log: WeightedLog): OverlapWarning[] {
  const warnings: OverlapWarning[] = [];
  const warn = (code: OverlapWarning["code"], message: string): void => {
    warnings.push({ code, message });
  };
  if (log.weights?.every((w) => w === 0)) {
    warn(
      "no-overlap",
      "The target would have chosen otherwise in every row of the log: nothing in it speaks for the target.",
    );
  }
  if (log.unsupportedShare > NOTABLE_SHARE) {
    warn(
      "unsupported-choices",
      `${percent(log.unsupportedShare)} of what the target would choose had probability 0 in the log: weighting cannot see what that earns, only a reward model guesses it.`,
    );
  }
  const counts = new Int32Array(data.arms.length);
  for (let row = 0; row < data.rows; row++) {
    counts[data.candidates[row]![data.chosen[row]!]!]!++;
  }
  const missing = data.arms.filter(
    (_, a) => counts[a] === 0 && log.targetShares[a]! > NOTABLE_SHARE,
  );
  if (missing.length > 0) {
    const share = data.arms.reduce(
      (sum, _, a) => sum + (counts[a] === 0 ? log.targetShares[a]! : 0),
      0,
    );
    warn(
      "unlogged-arms",
      `The log never chose ${listSome(missing)}, which the target would choose ${percent(share)} of the time: no reward of it is known.`,
    );
  }
  diagnoseRewards(data, warn);
  if (!log.weights) {
    warn(
      "no-propensities",
      "The log has no propensities: only the direct method can be had, and it is as wrong as its reward model. Log the probability of every choice.",
    );
    return warnings;
  }
  diagnoseWeights(log.weights, warn);
  diagnoseModel(log, warn);
  return warnings;
}

// Doubly robust is the model plus a correction by what was observed: a sure one means that the model is off.
function diagnoseModel(
  { rows, rewards, weights, predicted, baseline }: WeightedLog,
  warn: (code: OverlapWarning["code"], message: string) => void,
): void {
  if (!weights || !predicted || !baseline) return;
  const corrections = weights.map((w, row) => w * (rewards[row]! - predicted[row]!));
  const correction = mean(corrections);
  const error = standardDeviation(corrections) / Math.sqrt(rows);
  if (!(Math.abs(correction) > CORRECTION_ERRORS * error && error > 0)) return;
  const model = mean(baseline);
  warn(
    "model-bias",
    `The reward model gives the target ${model.toPrecision(3)}, the rewards correct that to ${(model + correction).toPrecision(3)}, ${(Math.abs(correction) / error).toPrecision(2)} standard errors away: do not trust the direct method, whose interval leaves out how wrong the model is.`,
  );
}

function diagnoseWeights(
  weights: Float64Array,
  warn: (code: OverlapWarning["code"], message: string) => void,
): void {
  const rows = weights.length;
  const sum = weights.reduce((total, w) => total + w, 0);
  if (sum === 0) return;
  const average = sum / rows;
  let squares = 0;
  for (const w of weights) squares += (w - average) ** 2;
  const error = Math.sqrt(squares / Math.max(1, rows - 1) / rows);
  if (Math.abs(average - 1) > Math.max(0.05, 4 * error)) {
    const reason =
      average < 1
        ? "the target chooses what the log hardly ever did, or propensities are too large"
        : "propensities are too small, or not those that the log was made with";
    warn(
      "mean-weight",
      `Importance weights average ${average.toPrecision(3)} where 1 is due (4 standard errors are ${(4 * error).toPrecision(2)}): ${reason}.`,
    );
  }
  const effective = effectiveSampleSize(weights);
  if (effective < FEW_ROWS) {
    warn(
      "few-effective-rows",
      `The ${rows} rows tell as much about the target as ${effective.toPrecision(3)} of its own would: expect wide intervals, and do not trust narrow ones.`,
    );
  }
  const largest = weights.reduce((most, w) => Math.max(most, w), 0);
  if (largest > DOMINANT * sum && rows > 1 / DOMINANT) {
    const row = weights.indexOf(largest);
    warn(
      "dominant-row",
      `Row ${row} alone carries ${percent(largest / sum)} of the weight (${largest.toPrecision(3)}): its propensity is tiny for what the target would choose. Clip, switch or shrink.`,
    );
  }
}

function diagnoseRewards(
  data: LoggedData,
  warn: (code: OverlapWarning["code"], message: string) => void,
): void {
  // The value of more than half of the rows, if there is one (Boyer and Moore's vote).
  let common = 0;
  let votes = 0;
  for (const reward of data.rewards) {
    if (votes === 0) common = reward;
    votes += reward === common ? 1 : -1;
  }
  let rare = 0;
  for (const reward of data.rewards) if (reward !== common) rare++;
  if (rare >= FEW_REWARDS || 2 * rare > data.rows) return;
  warn(
    "rare-rewards",
    `Only ${rare} of ${data.rows} rewards differ from the rest: every estimate hangs on these.`,
  );
}

function listSome(names: readonly string[]): string {
  if (names.length <= 5) return names.join(", ");
  return `${names.slice(0, 5).join(", ")} and ${names.length - 5} others`;
}

function percent(share: number): string {
  return `${(100 * share).toPrecision(3)} %`;
}
