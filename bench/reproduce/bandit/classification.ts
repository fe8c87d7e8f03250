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
import { REFERENCE_REGRETS } from "./classification/reference-regrets.js";

/** Runs of a policy in which chance has a part: of the reference's table, and of the others. */
const REFERENCE_SEEDS = 10;
const OTHER_SEEDS = 3;
/** How far the mean of ours may be from the one run of the reference, in percent. */
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
  const spread = regrets.length > 1 ? standardDeviation(regrets) : 0;
  const runs = sampled ? `mean of ${regrets.length} seeds, ±${spread.toFixed(1)}; ` : "";
  const rate = (regrets.length * problem.contexts.length) / seconds;
  const row: FigureInput = {
    ...{ metric: `${problem.name}, ${name}, regret`, value: regret, unit: "" },
    note: `${runs}${describeProblem(problem)}; ${Math.round(rate)} rounds/s`,
  };
  const published = reference && hasReference(problem) && REFERENCE_REGRETS[problem.name];
  if (!published) return [row];
  const theirs = published[reference];
  const judge: FigureInput =
    sampled || reference === "UCB1"
      ? {
          metric: `${problem.name}, ${name}, regret off MABWiser's`,
          value: (100 * Math.abs(regret - theirs)) / theirs,
          ...{ unit: "%", target: { atMost: TOLERANCE } },
          note: `ours ${regret}${sampled ? ` ±${spread.toFixed(1)}` : ""}, theirs, one seed, ${theirs}${reference === "UCB1" ? ": it never leaves the first arm, ours tries every arm once" : ""}`,
        }
      : {
          metric: `${problem.name}, ${name}, regret off MABWiser's`,
          value: Math.abs(regret - theirs),
          ...{ unit: "", target: { atMost: 0 } },
          note: `ours ${regret}, theirs ${theirs}: must be equal`,
        };
  return [row, judge];
}

function describeProblem({ name, contexts, dimension, arms, order, features }: Problem): string {
  const missing = features.missing > 0 ? `, ${features.missing} values missing` : "";
  return `${name}: ${contexts.length} rounds, ${dimension} features, ${arms.length} arms, ${order} order${missing}`;
}
