// How much of the full feedback's quality of experience is left when users are asked seldom.

import { askForShare, askWhenUnsure } from "@edgewright/bandit";
import {
  type FeedbackScheme,
  meanWithBand,
  type QoeContender,
  type QoeResult,
  type RatingForm,
  simulateQoe,
} from "@edgewright/bandit/qoe";
import type { FigureInput } from "@edgewright/device-bench";
import type { Kernels } from "@edgewright/kernels";
import type { BenchContext } from "../../../context.js";
import { linear, neural, neuralTransferred } from "./contenders.js";
import { formatBand } from "./describe-results.js";
import { type Learning, NAMES } from "./learning-figures.js";
import type { Plan } from "./plan.js";
import type { QoeTable } from "./tables.js";

const SHARE = 0.25;

/** Rows of a table: quality of experience with few questions against that with a rating in every round. */
export async function describeSolicitation(
  context: BenchContext,
  table: QoeTable,
  plan: Plan,
  kernels: Kernels,
  { resultOf }: Learning,
): Promise<FigureInput[]> {
  const { rounds, seeds, splitOf, chosen } = plan;
  const play = (
    feedback: FeedbackScheme,
    contenders: Readonly<Record<string, QoeContender>>,
    form: RatingForm = "score",
  ): Promise<QoeResult[]> =>
    simulateQoe({
      world: (seed) => splitOf(seed).heldOut,
      ...{ contenders, rounds, seeds, feedback, rating: { form }, signal: context.signal },
    });
  // At no time more than 28 % of the decisions so far and 2 % of all: together the 30 % allowed.
  const budget = { share: 0.28, burst: 0.02 * rounds };
  const asksWidest = () => askForShare({ share: SHARE, budget });
  const asksUnsure = () => askWhenUnsure({ width: 0.3, budget });
  const plain = chosen("linear", (alpha) => linear(alpha));
  const widest = `asks the widest ${100 * SHARE} % (askForShare)`;
  const asking = await play(
    { kind: "solicited" },
    {
      [`shared LinUCB ${widest}`]: chosen("linear", (alpha) => linear(alpha, asksWidest)),
      "shared LinUCB asks above a width of 0.3 (askWhenUnsure)": chosen("linear", (alpha) =>
        linear(alpha, asksUnsure),
      ),
      [`NeuralUCB, transferred, ${widest}`]: chosen("neural", (gamma) =>
        neuralTransferred(gamma, kernels, plan.examplesFor, asksWidest),
      ),
      [`NeuralUCB ${widest}`]: chosen("neural", (gamma) => neural(gamma, kernels, asksWidest)),
    },
  );
  const others = [
    ...(await play(
      { kind: "sparse", share: SHARE },
      {
        [`shared LinUCB, ${100 * SHARE} % rated by chance`]: plain,
      },
    )),
    ...(await play(
      { kind: "delayed", meanRounds: 50 },
      {
        "shared LinUCB, ratings 50 rounds late": plain,
      },
    )),
    ...(await play(
      { kind: "aggregated", size: 5 },
      {
        "shared LinUCB, one rating for five choices": plain,
      },
    )),
    ...(await play({ kind: "full" }, { "shared LinUCB, thumbs alone": plain }, "thumb")),
  ];
  const fullOf = (name: string): QoeResult => {
    if (!name.startsWith("Neural")) return resultOf(NAMES.linear);
    return resultOf(name.includes("transferred") ? NAMES.transferred : NAMES.neural);
  };
  const compare = (result: QoeResult, target?: FigureInput["target"]): FigureInput =>
    describeShare(table.name, result, fullOf(result.name), resultOf(NAMES.random), target);
  return [
    ...asking.flatMap((result) =>
      // The papers' scheme transfers the network first; how it does without is shown beside it.
      result.name.startsWith("NeuralUCB asks")
        ? [compare(result)]
        : [compare(result, { atLeast: 95 }), describeQuestions(table.name, result)],
    ),
    ...others.map((result) => compare(result)),
  ];
}

function describeShare(
  table: string,
  result: QoeResult,
  full: QoeResult,
  random: QoeResult,
  target: FigureInput["target"],
): FigureInput {
  const kept = meanWithBand(
    result.qoeOfRuns.map((value, run) => (100 * value) / full.qoeOfRuns[run]!),
  );
  const gain = (result.qoe.mean - random.qoe.mean) / (full.qoe.mean - random.qoe.mean);
  return {
    kind: "simulated",
    metric: `${table}: ${result.name}: share of the QoE with every choice rated`,
    value: kept.mean,
    unit: "%",
    ...(target && { target }),
    note: [
      `95 % band ${kept.low.toFixed(1)} to ${kept.high.toFixed(1)}`,
      `QoE ${formatBand(result.qoe, 3)} of ${full.qoe.mean.toFixed(3)}, random ${random.qoe.mean.toFixed(3)}: ${(100 * gain).toFixed(0)} % of the gain over random`,
      `rated ${(100 * result.ratedShare.mean).toFixed(1)} % of the rounds`,
    ].join("; "),
  };
}

function describeQuestions(table: string, { name, ratedShare }: QoeResult): FigureInput {
  return {
    kind: "simulated",
    metric: `${table}: ${name}: questions, of the rounds, upper end of the 95 % band`,
    value: 100 * ratedShare.high,
    unit: "%",
    target: { atMost: 30 },
    note: `mean ${(100 * ratedShare.mean).toFixed(1)} %`,
  };
}
