import {
  createRng,
  createTurnTaker,
  EdgewrightError,
  type Interval,
  type Rng,
  throwIfAborted,
} from "@edgewright/core";
import { bernsteinOfEstimate } from "./bernstein-of-estimate.js";
import { checkLevel, createResampler, intervalOf } from "./bootstrap.js";
import { chooseLambda, estimateWith, type TunableEstimator } from "./choose-lambda.js";
import { normalInterval } from "./closed-form-intervals.js";
import { completeEstimate, type Estimate, type EstimatorName } from "./estimate.js";
import type { EvaluationOptions } from "./evaluation-options.js";
import type { LoggedData } from "./logged-data.js";
import { logisticRewardModel } from "./logistic-reward-model.js";
import {
  directMethod,
  doublyRobust,
  selfNormalizedDoublyRobust,
} from "./model-based-estimators.js";
import { createCrossFitter, type RewardModel, type RewardPredictor } from "./reward-model.js";
import { ridgeRewardModel } from "./ridge-reward-model.js";
import type { TargetPolicy } from "./target-policy.js";
import { createWeigher, type WeightedLog } from "./weigh-log.js";
import { ips, replay, snips } from "./weighting-estimators.js";

/** One target's estimates with all that intervals and comparisons need. */
export interface TargetEstimates {
  readonly log: WeightedLog;
  readonly estimates: readonly Estimate[];
  /** Resampled values of each estimate, from draws that all targets share; absent where nothing was resampled. */
  readonly resampled?: readonly Float64Array[];
}

/** What {@link estimateTargets} gives. */
export interface EstimatedTargets {
  readonly targets: readonly TargetEstimates[];
  /** The log's own mean reward. */
  readonly logging: Estimate;
  readonly loggingResampled?: Float64Array;
}

/** All estimators in the order of tables. */
const ESTIMATORS: readonly EstimatorName[] = [
  "ips",
  "clipped-ips",
  "snips",
  "dm",
  "dr",
  "sndr",
  "switch-dr",
  "dros",
  "replay",
];

/** Estimates what targets earn, resampling all of them with the same draws. */
export async function estimateTargets(
  where: string,
  data: LoggedData,
  targets: readonly TargetPolicy[],
  options: EvaluationOptions,
  resample: boolean,
): Promise<EstimatedTargets> {
  const { signal, onProgress, resamples = 1000 } = options;
  checkLevel(where, options.level ?? 0.95);
  const rng = createRng(options.seed);
  const [forFolds, forReplay, forDraws] = [rng.split(), rng.split(), rng.split()];
  const takeTurn = createTurnTaker();
  const pause = async (): Promise<void> => {
    await takeTurn();
    throwIfAborted(signal, where);
  };
  throwIfAborted(signal, where);

  const names = chooseEstimators(where, data, options);
  let predictor: RewardPredictor | undefined;
  if (names.some(needsModel)) {
    const fitter = createCrossFitter(data, chooseRewardModel(data, options), {
      ...options,
      seed: seedFrom(forFolds),
    });
    for (let fold = 0; fold < fitter.folds; fold++) {
      fitter.fitFold(fold);
      onProgress?.({ phase: "fitting", done: fold + 1, total: fitter.folds });
      await pause();
    }
    predictor = fitter.predictor;
  }

  const replaySeed = seedFrom(forReplay);
  const found: { log: WeightedLog; estimates: Estimate[] }[] = [];
  for (const [t, target] of targets.entries()) {
    const weigher = createWeigher(data, target, predictor);
    for (let row = 0; row < data.rows; row++) {
      weigher.take(row);
      if (row % 1000 === 999 || row === data.rows - 1) {
        await pause();
        onProgress?.({
          phase: "weighing",
          done: t * data.rows + row + 1,
          total: targets.length * data.rows,
        });
      }
    }
    const log = weigher.result();
    found.push({ log, estimates: names.map((name) => estimate(name, log, options, replaySeed)) });
  }

  const logging = completeEstimate("ips", { summands: data.rewards }, undefined);
  if (!resample) return { targets: found, logging };
  const terms = [logging, ...found.flatMap(({ estimates }) => estimates)].map((one) => one.terms);
  const resampler = createResampler(terms, forDraws, resamples);
  for (let index = 0; index < resamples; index++) {
    resampler.draw(index);
    await pause();
    if (index % 50 === 49 || index === resamples - 1) {
      onProgress?.({ phase: "resampling", done: index + 1, total: resamples });
    }
  }
  const [loggingResampled, ...rest] = resampler.values;
  return {
    targets: found.map((one, t) => ({
      ...one,
      resampled: rest.slice(t * names.length, (t + 1) * names.length),
    })),
    logging,
    loggingResampled: loggingResampled!,
  };
}

/** The interval of the kind that was asked for; undefined where there is none of it. */
export function intervalFor(
  where: string,
  one: Estimate,
  resampled: Float64Array | undefined,
  target: WeightedLog,
  options: EvaluationOptions,
): Interval | undefined {
  const { interval = "bootstrap", level = 0.95 } = options;
  if (interval === "none") return undefined;
  if (interval === "normal") return normalInterval(one, level);
  if (interval === "empirical-bernstein") {
    const weightBound = Math.max(target.weightBound, options.weightBound ?? 0);
    const rewardRange = rewardRangeOf(where, target.rewards, options);
    return bernsteinOfEstimate(one, { ...target, weightBound }, rewardRange, level);
  }
  return intervalOf(one, resampled!, level, interval === "bootstrap" ? "bca" : "percentile");
}

/** What rewards can be: said by the caller, or from 0 to 1 where all are. */
function rewardRangeOf(
  where: string,
  rewards: Float64Array,
  { rewardRange }: EvaluationOptions,
): readonly [number, number] {
  if (rewardRange) return rewardRange;
  if (rewards.every((reward) => reward >= 0 && reward <= 1)) return [0, 1];
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: empirical Bernstein intervals need rewardRange, the least and the most that a reward can be: rewards lie outside 0 to 1`,
  );
}

function chooseEstimators(
  where: string,
  data: LoggedData,
  { estimators, rewardModel }: EvaluationOptions,
): readonly EstimatorName[] {
  for (const name of estimators ?? []) {
    if (ESTIMATORS.includes(name)) continue;
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: estimators among ${ESTIMATORS.join(", ")} were expected, got ${name}`,
    );
  }
  return (estimators ?? ESTIMATORS).filter(
    (name) =>
      (data.propensities !== undefined || name === "dm") &&
      (rewardModel !== "none" || !needsModel(name)),
  );
}

function needsModel(name: EstimatorName): boolean {
  return !["ips", "clipped-ips", "snips", "replay"].includes(name);
}

function chooseRewardModel(data: LoggedData, { rewardModel }: EvaluationOptions): RewardModel {
  if (rewardModel && rewardModel !== "none") return rewardModel;
  const binary = data.rewards.every((reward) => reward === 0 || reward === 1);
  return binary ? logisticRewardModel() : ridgeRewardModel();
}

function estimate(
  name: EstimatorName,
  log: WeightedLog,
  options: EvaluationOptions,
  replaySeed: number,
): Estimate {
  switch (name) {
    case "ips":
      return ips(log);
    case "snips":
      return snips(log);
    case "dm":
      return directMethod(log);
    case "dr":
      return doublyRobust(log);
    case "sndr":
      return selfNormalizedDoublyRobust(log);
    case "replay":
      return replay(log, { seed: replaySeed });
    default:
      return estimateWith(name, log, lambdaFor(name, log, options));
  }
}

function lambdaFor(
  name: TunableEstimator,
  log: WeightedLog,
  { lambda = "auto", lambdaMethod = "mse" }: EvaluationOptions,
): number {
  return lambda === "auto" ? chooseLambda(name, log, { method: lambdaMethod }) : lambda;
}

function seedFrom(rng: Rng): number {
  return rng.nextUint32();
}
