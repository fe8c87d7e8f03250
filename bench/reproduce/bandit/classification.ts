// `pnpm reproduce bandit --classification <dir>`: classification data played as bandit problems, against the regrets of
// MABWiser 2.7.4 where its orders were exported with the data. Any folder of CSV files with a column of labels will do.
import { join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { mean, standardDeviation } from "@edgewright/core";
import type { FigureInput } from "@edgewright/device-bench";
import type { BenchContext } from "../../context.js";
import { playProblem } from "./classification/play.js";
import { CONTENDERS, type Contender } from "./classification/policies.js";
import { listProblems, type Problem, readProblem } from "./classification/read-problem.js";
import {
  REFERENCE_REGRETS,
  REFERENCE_SPREADS,
  type ReferencePolicy,
  type SeedSpread,
} from "./classification/reference-regrets.js";

/** Runs of a policy in which chance has a part: of the reference's table, and of the others. */
const REFERENCE_SEEDS = 20;
const OTHER_SEEDS = 3;
/** How far the mean of ours may be from the reference, in percent. */
const TOLERANCE = 10;

/** Cumulative regret of every policy on every data set of the folder; and how far it is from the reference's. */
export async function classification(context: BenchContext): Promise<FigureInput[]> {
  const shared =
    env.EDGEWRIGHT_SHARED ?? fileURLToPath(new URL("../../../../shared", import.meta.url));
  const given = context.values.classification as string | undefined;
  const folder = given ?? join(shared, "data/bandit/classification");
  const names = listProblems(folder);
  if (names.length === 0) {
    context.log(`  left out: ${folder} holds no CSV files; give --classification <dir>`);
    if (given !== undefined) process.exitCode = 1;
    return [];
  }
  const problems = names.map((name) => readProblem(folder, name));
  // Those with a reference first: they are what is judged.
  const judged = problems.filter(hasReference);
  const rows: FigureInput[] = [];
  for (const problem of [...judged, ...problems.filter((one) => !hasReference(one))]) {
    context.log(`  ${describeProblem(problem)}`);
    for (const contender of CONTENDERS) {
      const started = performance.now();
      const regrets = await playSeeds(problem, contender, context);
      const seconds = (performance.now() - started) / 1000;
      rows.push(...describeRegrets(problem, contender, regrets, seconds));
    }
  }
  return rows;
}

function hasReference({ name, order }: Problem): boolean {
  return order === "exported" && REFERENCE_REGRETS[name] !== undefined;
}

async function playSeeds(
  problem: Problem,
  contender: Contender,
  context: BenchContext,
): Promise<number[]> {
  const seeds = contender.reference && hasReference(problem) ? REFERENCE_SEEDS : OTHER_SEEDS;
  const count = !contender.sampled ? 1 : context.quick ? 2 : seeds;
  const regrets: number[] = [];
  for (let seed = 1; seed <= count; seed++) {
    regrets.push(await playProblem(problem, contender, seed, context.signal));
  }
  return regrets;
}

function describeRegrets(
  problem: Problem,
  { name, reference, sampled }: Contender,
  regrets: readonly number[],
  seconds: number,
): FigureInput[] {
  const regret = mean(regrets);
  const spread = regrets.length > 1 ? `±${standardDeviation(regrets).toFixed(1)}` : "";
  const runs = sampled ? `mean of ${regrets.length} seeds, ${spread} each; ` : "";
  const rate = (regrets.length * problem.contexts.length) / seconds;
  const metric = `${problem.name}, ${name}`;
  const row: FigureInput = {
    ...{ metric: `${metric}: regret`, value: regret, unit: "" },
    note: `${runs}${describeProblem(problem)}; ${Math.round(rate)} rounds/s`,
  };
  if (!reference || !hasReference(problem)) return [row];
  const theirs = REFERENCE_REGRETS[problem.name]![reference];
  if (!sampled && reference !== "UCB1") {
    return [
      row,
      {
        ...{ metric: `${metric}: off MABWiser's regret`, value: Math.abs(regret - theirs) },
        ...{ unit: "", target: { atMost: 0 } },
        note: `ours ${regret}, theirs ${theirs}: must be equal`,
      },
    ];
  }
  const others = REFERENCE_SPREADS[problem.name]?.[reference];
  const judge = (from: string, wanted: number, note: string): FigureInput => ({
    metric: `${metric}: off ${from}`,
    value: (100 * Math.abs(regret - wanted)) / wanted,
    ...{ unit: "%", target: { atMost: TOLERANCE } },
    note: `ours ${regret.toFixed(1)}${spread && ` ${spread}`}, theirs ${wanted}${note}`,
  });
  const rows = [
    row,
    judge(
      sampled ? "MABWiser's regret of one seed" : "MABWiser's regret",
      theirs,
      describeSeed(reference, theirs, others),
    ),
  ];
  if (others) {
    const from = `MABWiser's mean of ${others.seeds} seeds`;
    rows.push(judge(from, others.mean, ` ±${others.deviation}, by reference_seeds.py`));
  }
  return rows;
}

function describeSeed(
  reference: ReferencePolicy,
  theirs: number,
  others: SeedSpread | undefined,
): string {
  if (reference === "UCB1") return ", which never leaves the first arm; ours tries every arm once";
  if (!others) return "";
  const off = (100 * Math.abs(others.mean - theirs)) / theirs;
  return `, which is ${off.toFixed(1)} % off its own mean of ${others.seeds} seeds`;
}

function describeProblem({ name, contexts, dimension, arms, order, features }: Problem): string {
  const missing = features.missing > 0 ? `, ${features.missing} values missing` : "";
  return `${name}: ${contexts.length} rounds, ${dimension} features, ${arms.length} arms, ${order} order${missing}`;
}
