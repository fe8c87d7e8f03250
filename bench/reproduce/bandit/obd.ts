// `pnpm reproduce bandit --obd <dir>`: the Open Bandit logs, each policy's value from the other's log, against what
// obp's estimators gave. The folder holds {bts,random}/<campaign>/<campaign>.csv with item_context.csv beside it; logs
// of the released size work as well as the small ones.
import { createReadStream, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import {
  betaSlateProbabilities,
  evaluateOffPolicy,
  type LoggedData,
  logisticRewardModel,
  type OffPolicyEvaluation,
  readOpenBandit,
  type TargetPolicy,
  uniformTarget,
} from "@edgewright/bandit/off-policy";
import { mean } from "@edgewright/core";
import type { FigureInput } from "@edgewright/device-bench";
import type { BenchContext } from "../../context.js";
import { dealNumpyFolds } from "./obd/numpy-folds.js";
import { PRODUCTION_PRIOR } from "./obd/production-prior.js";
import {
  REFERENCE,
  REFERENCE_ROWS,
  type ReferenceEstimator,
  type ReferenceFigures,
} from "./obd/reference-figures.js";
import { simulationError } from "./obd/simulation-error.js";

/** Eight printed decimals, half a unit of the last one. */
const PRINTED = 5e-9;
/** The reference's seed of folds and of its simulated slates, and how many it simulated. */
const SEED = 12345;
const SIMULATIONS = 100_000;
const MODEL_FREE: readonly string[] = ["ips", "snips"];

/** Values of both policies from each other's logs, for every campaign in the folder. */
export async function obd(context: BenchContext): Promise<FigureInput[]> {
  const shared =
    env.EDGEWRIGHT_SHARED ?? fileURLToPath(new URL("../../../../shared", import.meta.url));
  const folder = (context.values.obd as string | undefined) ?? join(shared, "data/bandit/obd");
  const campaigns = findCampaigns(folder);
  if (campaigns.length === 0) {
    context.log(
      `  left out: ${folder} holds no {bts,random}/<campaign>/<campaign>.csv; give --obd <dir>`,
    );
    if (context.values.obd !== undefined) process.exitCode = 1;
    return [];
  }
  const rows: FigureInput[] = [];
  for (const campaign of campaigns) {
    const logs = { bts: await readLog(folder, "bts", campaign), random: undefined as never };
    const both = { ...logs, random: await readLog(folder, "random", campaign) };
    rows.push(...(await evaluate(context, campaign, "bts", both)));
    if (PRODUCTION_PRIOR[campaign])
      rows.push(...(await evaluate(context, campaign, "random", both)));
  }
  return rows;
}

function findCampaigns(folder: string): string[] {
  const first = join(folder, "bts");
  if (!existsSync(first)) return [];
  const has = (policy: string, campaign: string): boolean =>
    existsSync(join(folder, policy, campaign, `${campaign}.csv`));
  return readdirSync(first)
    .sort()
    .filter((campaign) => has("bts", campaign) && has("random", campaign));
}

async function readLog(folder: string, policy: string, campaign: string): Promise<LoggedData> {
  const place = join(folder, policy, campaign);
  const items = join(place, "item_context.csv");
  return readOpenBandit(createReadStream(join(place, `${campaign}.csv`)), {
    where: `${policy}/${campaign}/${campaign}.csv`,
    ...(existsSync(items) && { items: createReadStream(items) }),
  });
}

async function evaluate(
  context: BenchContext,
  campaign: string,
  logged: "bts" | "random",
  logs: { readonly bts: LoggedData; readonly random: LoggedData },
): Promise<FigureInput[]> {
  const data = logs[logged];
  const name = `${campaign} ${logged === "bts" ? "bts->random" : "random->bts"}`;
  const reference = data.rows === REFERENCE_ROWS ? REFERENCE[name] : undefined;
  const slate = logged === "random" ? slateOf(campaign, data) : undefined;
  const target: TargetPolicy = slate ? ({ position }) => slate[position]! : uniformTarget();
  const shared = {
    seed: SEED,
    signal: context.signal,
    foldOf: dealNumpyFolds(data.rows, 3, SEED),
    // Resamples of millions of rows take minutes and say what the normal approximation does.
    ...(data.rows > 200_000 && { interval: "normal" as const }),
    rewardModel: logisticRewardModel({
      penalty: 0.01,
      armTerms: data.armDimension > 0 ? "features" : "one-hot",
    }),
  };
  const started = performance.now();
  const fixed = await evaluateOffPolicy(data, target, { ...shared, lambda: 100 });
  const seconds = (performance.now() - started) / 1000;
  const tuned = await evaluateOffPolicy(data, target, {
    ...shared,
    estimators: ["clipped-ips", "switch-dr", "dros"],
  });
  const truth = mean(logs[logged === "bts" ? "random" : "bts"].rewards);
  context.log(`  ${name}: ${data.rows} rows, ${seconds.toFixed(2)} s`);
  for (const { message } of fixed.warnings) context.log(`  ${name}: ${message}`);
  return [
    describeTruth(name, truth, reference),
    ...describeExactness(name, data, fixed, slate, reference),
    ...describeEstimates(name, fixed, reference, truth),
    ...tuned.estimates.map(
      ({ estimator, value, lambda, interval, effectiveSampleSize: rows }): FigureInput => ({
        metric: `${name}, ${estimator}, lambda chosen`,
        value,
        unit: "",
        note: `lambda ${lambda!.toPrecision(3)}, ${formatInterval(interval)}, ESS ${rows.toFixed(0)}`,
      }),
    ),
  ];
}

// The reference drew slates of three from the production prior.
function slateOf(campaign: string, data: LoggedData): Float64Array[] {
  const { alphas, betas } = PRODUCTION_PRIOR[campaign]!;
  return betaSlateProbabilities(alphas, betas, data.positionCount);
}

function describeTruth(
  name: string,
  truth: number,
  reference: ReferenceFigures | undefined,
): FigureInput {
  return {
    metric: `${name}, mean click of the target's own log`,
    value: truth,
    unit: "",
    ...(reference && { note: `reference ${reference.onPolicy}` }),
  };
}

// IPS and SNIPS depend on nothing that is drawn, but for the slates that the reference simulated and we integrate.
function describeExactness(
  name: string,
  data: LoggedData,
  evaluation: OffPolicyEvaluation,
  slate: readonly Float64Array[] | undefined,
  reference: ReferenceFigures | undefined,
): FigureInput[] {
  if (!reference) return [];
  return evaluation.estimates
    .filter(({ estimator }) => MODEL_FREE.includes(estimator))
    .map(({ estimator, value }) => {
      const published = reference.estimates[estimator as "ips" | "snips"];
      const noise = slate ? simulationError(data, slate, SIMULATIONS)[estimator as "ips"] : 0;
      return {
        metric: `${name}, ${estimator}, distance from the reference`,
        value: Math.abs(value - published),
        unit: "",
        target: { atMost: PRINTED + 4 * noise },
        note: slate
          ? `reference ${published} from ${SIMULATIONS} simulated slates; 4 of their standard errors allowed`
          : `reference ${published}, printed to 8 decimals: equal in every digit`,
      };
    });
}

function describeEstimates(
  name: string,
  evaluation: OffPolicyEvaluation,
  reference: ReferenceFigures | undefined,
  truth: number,
): FigureInput[] {
  return evaluation.estimates.map(
    ({ estimator, value, interval, lambda, effectiveSampleSize: rows, maxWeight }) => {
      const published = reference?.estimates[estimator as ReferenceEstimator];
      const apart = published && Math.abs(value / published - 1);
      return {
        metric: `${name}, ${estimator}${lambda === undefined ? "" : ` (lambda ${lambda})`}`,
        value,
        unit: "",
        note: [
          ...(published ? [`reference ${published}, apart ${(100 * apart!).toFixed(4)} %`] : []),
          formatInterval(interval),
          `ESS ${rows.toFixed(0)}, largest weight ${maxWeight.toPrecision(3)}`,
          ...(Number.isFinite(value) ? [`${(value / truth).toFixed(2)} x the truth`] : []),
        ].join("; "),
      };
    },
  );
}

function formatInterval(interval: { low: number; high: number } | undefined): string {
  if (!interval) return "no interval";
  return `95 % ${interval.low.toFixed(5)} to ${interval.high.toFixed(5)}`;
}
