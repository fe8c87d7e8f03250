// What counting zeros while layers run costs, and how near it comes to the truth.
import { median } from "@edgewright/core";
import { type FigureInput, ratioOf, summaryOf } from "@edgewright/device-bench";
import type { Feeds, Session, Step } from "@edgewright/graph";
import { fcfs } from "@edgewright/scheduler";
import { createExecutor, type LayerProfile, profileModel } from "@edgewright/scheduler/live";
import { ZeroCounter } from "../../../packages/scheduler/src/live/count-zeros.js";
import type { BenchContext } from "../../context.js";
import { type LiveModel, loadLiveModels } from "./live-models.js";

/** The executor's default share of a layer's time. */
const COUNTING_SHARE = 0.01;

/** Runs each model with and without counting, in turn. */
export async function measureCounting(context: BenchContext): Promise<FigureInput[]> {
  const { models } = await loadLiveModels({
    page: context.quick ? [160, 224] : [640, 640],
    line: 320,
    windows: 1,
    pictures: 1,
  });
  const rows: FigureInput[] = [];
  for (const model of models) {
    context.log(`  ${model.name}`);
    rows.push(...(await measureModel(context, model)));
    model.session.dispose();
  }
  return rows;
}

async function measureModel(context: BenchContext, model: LiveModel): Promise<FigureInput[]> {
  const { name, session, samples } = model;
  const feeds = samples[2]!;
  const profile = await profileModel(session, [feeds], { rounds: context.quick ? 3 : 8 });
  const { layers } = profile.shapes[0]!;
  const counter = new ZeroCounter(COUNTING_SHARE);
  const count = (step: Step) => counter.count(step, layers[step.index]);
  const accuracy = compareWithTruth(session, feeds, count);
  const measured = await context.measure(
    [
      { name: "plain", run: () => runLayers(session, feeds) },
      { name: "counting", run: () => runLayers(session, feeds, count) },
    ],
    { clock: "cpu", precision: 0.003, minRounds: 20, maxRounds: 1000 },
  );
  const { ratio, low, high } = ratioOf(measured, "plain", "counting");
  const percent = (share: number) => ((share - 1) * 100).toFixed(2);
  const executor = createExecutor({ policy: fcfs(), models: { [name]: { session, profile } } });
  const beside = await context.measure(
    [
      { name: "plain", run: () => runLayers(session, feeds) },
      { name: "reading", run: () => runLayers(session, feeds, (step) => countCopy(step, layers)) },
      { name: "executor", run: () => executor.submit(name, feeds) },
    ],
    { clock: "cpu", maxSeconds: 4 },
  );
  executor.dispose();
  const more = (candidate: string) => (ratioOf(beside, "plain", candidate).ratio - 1) * 100;
  return [
    {
      metric: `${name}: counting zeros, more CPU time`,
      value: (ratio - 1) * 100,
      unit: "%",
      target: { atMost: 2 },
      note: `95 % interval ${percent(low)} to ${percent(high)}; ${accuracy}`,
    },
    {
      metric: `${name}: time inside the counting`,
      value: timeCounting(session, feeds, count, context.quick ? 5 : 40) * 100,
      unit: "%",
      target: { atMost: 2 },
      note: `of ${summaryOf(measured, "plain").median.toFixed(2)} ms, the clock's own time included`,
    },
    {
      metric: `${name}: the same through step.read(), more CPU time`,
      value: more("reading"),
      unit: "%",
    },
    {
      metric: `${name}: through the executor, more CPU time`,
      value: more("executor"),
      unit: "%",
      note: "decisions, bookkeeping, a promise, a turn of the event loop",
    },
  ];
}

function runLayers(session: Session, feeds: Feeds, look?: (step: Step) => unknown): void {
  for (const step of session.steps(feeds)) look?.(step);
}

/** Counting as it is done without `zeroShare`: on a copy. */
function countCopy(step: Step, layers: readonly LayerProfile[]): number {
  if (!((layers[step.index]?.zeros ?? 0) >= 0.01)) return 0;
  let zeros = 0;
  for (const value of step.read().data) if (value === 0) zeros++;
  return zeros;
}

/** Share of a run's time that counting takes: the median over runs. */
function timeCounting(
  session: Session,
  feeds: Feeds,
  count: (step: Step) => unknown,
  runs: number,
): number {
  const shares: number[] = [];
  for (let run = 0; run < runs; run++) {
    let counting = 0;
    const begin = performance.now();
    for (const step of session.steps(feeds)) {
      const before = performance.now();
      count(step);
      counting += performance.now() - before;
    }
    shares.push(counting / (performance.now() - begin - counting));
  }
  return median(shares);
}

/** How far the counted shares are from those of all elements, in words. */
function compareWithTruth(
  session: Session,
  feeds: Feeds,
  count: (step: Step) => number | undefined,
): string {
  let layers = 0;
  let counted = 0;
  let error = 0;
  let sparsity = 0;
  for (const step of session.steps(feeds)) {
    layers++;
    const zeros = count(step);
    if (zeros === undefined) continue;
    const exact = step.zeroShare(Number.POSITIVE_INFINITY);
    counted++;
    error += Math.abs(zeros - exact);
    sparsity += exact;
  }
  if (counted === 0) return `none of ${layers} layers has zeros to speak of`;
  const mean = (sum: number) => ((100 * sum) / counted).toFixed(1);
  return `${counted} of ${layers} layers, ${mean(sparsity)} % zeros, off by ${mean(error)} points`;
}
