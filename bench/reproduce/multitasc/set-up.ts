import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import {
  type CascadeResult,
  type CascadeTable,
  calibrateThresholds,
  chooseOptimalBatch,
  createBatchSignalController,
  createContinuousController,
  createGainController,
  createStaticController,
  listOutcomes,
  parseCascadeTable,
  type SimulateCascadeOptions,
  type SimulatedDevice,
  type ThresholdController,
} from "@edgewright/scheduler";
import type { BenchContext } from "../../context.js";

/** What the objective of 150 ms leaves the server on the slowest device. */
const BUDGET_MS = 150 - 43;
/** Samples that calibrate; the others are simulated with. */
const CALIBRATION_SAMPLES = 4000;

/** The heavy models, from the fastest: their names in the table and times modelled as a + b n. */
export const SERVER_MODELS = [
  { name: "heavy_fast", latencyOf: (size: number): number => 10 + 2 * size },
  { name: "heavy_accurate", latencyOf: (size: number): number => 14 + 5 * size },
] as const;

/** A controller in the set-up that it is made for. */
export interface Contender {
  readonly name: string;
  /** Given which of the server's models runs. */
  create(model: () => number): ThresholdController;
  readonly batching?: SimulateCascadeOptions["batching"];
}

const OPTIMAL_BATCHES = SERVER_MODELS.map(({ latencyOf }) =>
  chooseOptimalBatch(latencyOf, BUDGET_MS),
);

/** The papers' controllers and ours. */
export const CONTENDERS: readonly Contender[] = [
  { name: "static", create: () => createStaticController() },
  {
    name: "multitasc",
    create: (model) =>
      createBatchSignalController({ optimalBatch: () => OPTIMAL_BATCHES[model()]! }),
  },
  { name: "multitasc++", create: () => createContinuousController() },
  {
    name: "multitasc++ together (ours)",
    create: () => createContinuousController({ follow: "all" }),
  },
  { name: "gain (ours)", create: () => createGainController({ budgetMs: BUDGET_MS }) },
  {
    name: "gain + early drop (ours)",
    create: () => createGainController({ budgetMs: BUDGET_MS, targetPercent: 98 }),
    batching: { earlyDrop: true, dropWindow: OPTIMAL_BATCHES[0]! },
  },
];

/** The data, and devices that know their calibration. */
export interface SetUp {
  readonly table: CascadeTable;
  /** So many, of three tiers in turn. */
  makeDevices(count: number): SimulatedDevice[];
  readonly samples: readonly [number, number];
  readonly seeds: number;
}

/** Reads the table that the command line names, or the shared one; undefined, with a line, where there is none. */
export function loadSetUp({ values, quick, log }: BenchContext): SetUp | undefined {
  const shared =
    env.EDGEWRIGHT_SHARED ?? fileURLToPath(new URL("../../../../shared", import.meta.url));
  const folder = (values.profiles as string | undefined) ?? join(shared, "data", "profiles");
  const file = join(folder, "cascade", "letter_cascade.csv");
  if (!existsSync(file)) {
    log(`no ${file}: give --profiles <folder with cascade/letter_cascade.csv>`);
    process.exitCode = 2;
    return undefined;
  }
  const seeds = Number(values.seeds ?? (quick ? 1 : 5));
  if (!(Number.isInteger(seeds) && seeds >= 1)) {
    throw new Error(`--seeds must be a whole number from 1, got "${values.seeds}"`);
  }
  const table = parseCascadeTable(readFileSync(file, "utf8"));
  const tiers = [
    ["light_low", 31],
    ["light_mid", 43],
    ["light_high", 41],
  ] as const;
  const kinds = tiers.map(([tier, latencyMs]): SimulatedDevice => {
    const outcomes = listOutcomes(table, tier, SERVER_MODELS[0].name, { to: CALIBRATION_SAMPLES });
    return { tier, latencyMs, calibration: calibrateThresholds(outcomes) };
  });
  return {
    ...{ table, seeds, samples: [CALIBRATION_SAMPLES, table.samples] },
    makeDevices: (count) => Array.from({ length: count }, (_, i) => kinds[i % kinds.length]!),
  };
}

/** Means over the seeds, in percent. */
export interface MeanResult {
  readonly satisfaction: number;
  /** Standard deviation over the seeds. */
  readonly satisfactionSpread: number;
  readonly accuracy: number;
  readonly accuracyInTime: number;
  readonly forwarded: number;
  readonly worstDevice: number;
}

/** Averages runs. */
export function averageRuns(runs: readonly CascadeResult[]): MeanResult {
  const mean = (read: (run: CascadeResult) => number): number =>
    (100 * runs.reduce((sum, run) => sum + read(run), 0)) / runs.length;
  const satisfaction = mean((run) => run.satisfaction);
  const squares = runs.reduce((sum, run) => sum + (100 * run.satisfaction - satisfaction) ** 2, 0);
  return {
    satisfaction,
    satisfactionSpread: Math.sqrt(squares / Math.max(1, runs.length - 1)),
    accuracy: mean((run) => run.accuracy),
    accuracyInTime: mean((run) => run.accuracyInTime),
    forwarded: mean((run) => run.forwarded),
    worstDevice: mean((run) => run.worstDevice),
  };
}

/** The other figures of a cell, in words. */
export function describeMeans(means: MeanResult): string {
  const { satisfactionSpread, accuracy, accuracyInTime, forwarded, worstDevice } = means;
  return [
    `±${satisfactionSpread.toFixed(2)}`,
    `accuracy ${accuracy.toFixed(2)} %`,
    `in time ${accuracyInTime.toFixed(2)} %`,
    `forwarded ${forwarded.toFixed(1)} %`,
    `worst device ${worstDevice.toFixed(1)} %`,
  ].join(", ");
}
