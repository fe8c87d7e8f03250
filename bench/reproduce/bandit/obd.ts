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
  ips,
  type LoggedData,
  logisticRewardModel,
  type OffPolicyEvaluation,
  readOpenBandit,
  snips,
  type TargetPolicy,
  uniformTarget,
  weighLog,
} from "@edgewright/bandit/off-policy";
import { mean } from "@edgewright/core";
import type { FigureInput } from "@edgewright/device-bench";
import type { BenchContext } from "../../context.js";
import { dealNumpyFolds, simulateSlates } from "./obd/numpy-random.js";
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
/** The reference's seed of folds and of the slates that it simulated, and how many. */
const SEED = 12345;
const SIMULATIONS = 100_000;
/** What depends on no reward model: must equal the reference in every digit that it printed. */
const MODEL_FREE = ["ips", "snips"] as const;

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
    const bts = await readLog(folder, "bts", campaign);
    const random = await readLog(folder, "random", campaign);
    rows.push(
      ...(await evaluate(context, {
        ...{ name: `${campaign} bts->random`, data: bts, target: uniformTarget() },
        truth: mean(random.rewards),
      })),
    );
    const prior = PRODUCTION_PRIOR[campaign];
    if (!prior) {
      context.log(`  ${campaign} random->bts left out: its production prior is not known`);
      continue;
    }
    const name = `${campaign} random->bts`;
    const { alphas, betas } = prior;
    const exact = betaSlateProbabilities(alphas, betas, random.positionCount);
    // The reference's own slates where there is a reference, what they are shares of elsewhere.
    const slate = referenceOf(name, random)
      ? simulateSlates(alphas, betas, { places: 3, simulations: SIMULATIONS, seed: SEED })
      : exact;
    rows.push(
      ...(await evaluate(context, {
        ...{ name, data: random, target: ({ position }) => slate[position]! },
        truth: mean(bts.rewards),
      })),
      ...describeExactSlates(name, random, exact),
    );
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

interface Evaluated {
  readonly name: string;
  readonly data: LoggedData;
  readonly target: TargetPolicy;
  /** Mean click of the target's own log. */
  readonly truth: number;
}

async function evaluate(
  context: BenchContext,
  { name, data, target, truth }: Evaluated,
): Promise<FigureInput[]> {
  const reference = referenceOf(name, data);
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
  context.log(`  ${name}: ${data.rows} rows, ${seconds.toFixed(2)} s`);
  for (const { message } of fixed.warnings) context.log(`  ${name}: ${message}`);
  return [
    describeTruth(name, truth, reference),
    ...describeDistances(name, fixed, reference),
    ...describeEstimates(name, fixed, reference, truth),
    ...tuned.estimates.map(
      ({ estimator, value, lambda, interval, effectiveSampleSize: rows }): FigureInput => ({
        metric: `${name}, ${estimator}, lambda chosen`,
        value,
        unit: "",
        note: `${value.toFixed(8)}; lambda ${lambda!.toPrecision(3)}; ${formatInterval(interval)}; ESS ${rows.toFixed(0)}`,
      }),
    ),
  ];
}

function referenceOf(name: string, data: LoggedData): ReferenceFigures | undefined {
  return data.rows === REFERENCE_ROWS ? REFERENCE[name] : undefined;
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

function describeDistances(
  name: string,
  evaluation: OffPolicyEvaluation,
  reference: ReferenceFigures | undefined,
): FigureInput[] {
  if (!reference) return [];
  return MODEL_FREE.map((estimator) => {
    const { value } = evaluation.estimates.find((one) => one.estimator === estimator)!;
    const published = reference.estimates[estimator];
    return {
      metric: `${name}, ${estimator}, distance from the reference`,
      value: Math.abs(value - published),
      unit: "",
      target: { atMost: PRINTED },
      note: `${value.toFixed(8)}, reference ${published.toFixed(8)}: eight decimals are all it printed`,
    };
  });
}

// The reference's slates are simulated: how far what they are shares of is away, and how far it may be.
function describeExactSlates(
  name: string,
  data: LoggedData,
  exact: readonly Float64Array[],
): FigureInput[] {
  const reference = referenceOf(name, data);
  if (!reference) return [];
  const log = weighLog(data, ({ position }) => exact[position]!);
  const errors = simulationError(data, exact, SIMULATIONS);
  return [ips(log), snips(log)].map(({ value }, i): FigureInput => {
    const estimator = MODEL_FREE[i]!;
    return {
      metric: `${name}, ${estimator} with exact slate probabilities, distance`,
      value: Math.abs(value - reference.estimates[estimator]),
      unit: "",
      target: { atMost: 4 * errors[estimator] },
      note: `${value.toFixed(8)}; the bar is four standard errors of ${SIMULATIONS} simulated slates`,
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
          value.toFixed(8),
          ...(published
            ? [`reference ${published.toFixed(8)}, apart ${(100 * apart!).toFixed(4)} %`]
            : []),
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
