import { type Bandit, createBandit, type LinearPolicy, linUcb } from "@edgewright/bandit";
import { median } from "@edgewright/core";
import type { FigureInput } from "@edgewright/device-bench";
import type { BenchContext } from "../context.js";
import { type LinearStream, makeLinearStream } from "./linear-stream.js";
import {
  findNumpy,
  HOW_TO_INSTALL_MABWISER,
  HOW_TO_INSTALL_NUMPY,
  type PeerKind,
  type PythonPeer,
  startPython,
  type Taught,
} from "./python-process.js";

interface Setting {
  readonly dimension: number;
  readonly arms: number;
  readonly steps: number;
  /** Steps taught to both sides before the clock runs. */
  readonly taught: number;
}

interface Contestant {
  readonly scores: "all" | "needed";
  readonly policy: LinearPolicy;
  readonly bandit: Bandit;
  /** Seconds of a step, by chunk. */
  readonly times: number[];
  readonly choices: number[];
}

interface Rival {
  readonly kind: PeerKind;
  /** Steps of a turn: of those that take long, fewer than of ours, from the stream's beginning too. */
  readonly perTurn: number;
  /** Seconds of a step, by turn. */
  readonly times: number[];
}

const RIVALS: Readonly<Record<PeerKind, string>> = {
  mabwiser: "MABWiser itself",
  plain: "MABWiser's arithmetic in a numpy loop",
  copying: "that loop with MABWiser's copies",
};

const CHUNKS = 20;
const TARGET = 100;

/**
 * Decide + update per second of LinUCB, ours through createBandit, beside MABWiser where it can be imported and beside
 * its arithmetic in numpy: on the same stream, by turns, with the same choices.
 */
export async function compareWithPython(context: BenchContext): Promise<FigureInput[]> {
  const python = context.peers ? findNumpy(context.values.python as string | undefined) : undefined;
  if (python === undefined && context.peers) context.log(`  ${HOW_TO_INSTALL_NUMPY}`);
  const peer = python === undefined ? undefined : await startPython(python);
  if (peer) context.addVersions(peer.versions);
  if (peer && peer.versions.mabwiser === undefined) context.log(`  ${HOW_TO_INSTALL_MABWISER}`);
  const settings: Setting[] = [
    { dimension: 20, arms: 10, steps: 20_000, taught: 0 },
    { dimension: 100, arms: 50, steps: 6000, taught: 0 },
    { dimension: 100, arms: 50, steps: 2000, taught: 50_000 },
  ];
  const rows: FigureInput[] = [];
  try {
    for (const setting of settings) {
      context.signal.throwIfAborted();
      const steps = context.quick ? Math.min(1000, setting.steps) : setting.steps;
      const taught = context.quick ? Math.min(2000, setting.taught) : setting.taught;
      rows.push(...(await compare({ ...setting, steps, taught }, peer, context)));
    }
  } finally {
    peer?.dispose();
  }
  return rows;
}

async function compare(
  setting: Setting,
  peer: PythonPeer | undefined,
  context: BenchContext,
): Promise<FigureInput[]> {
  const { dimension, arms, steps, taught } = setting;
  const ours = (["all", "needed"] as const).map(
    (scores): Contestant => ({ scores, times: [], choices: [], ...create(setting, scores) }),
  );
  // The engine's compilers are done by then, whatever was taught.
  const warm = makeLinearStream(dimension, arms, 1000, 99);
  for (const { scores } of ours) run(create(setting, scores).bandit, warm, 0, warm.steps);
  let known: Taught | undefined;
  if (taught > 0) {
    context.log(`  teaching ${taught.toLocaleString("en-US")} steps`);
    const examples = teach(ours, makeLinearStream(dimension, arms, taught, 1), context);
    known = { ...examples, ...sumsOf(ours[0]!.policy, dimension, arms) };
  }
  const stream = makeLinearStream(dimension, arms, steps, taught > 0 ? 2 : 1);
  await peer?.load(stream, known);
  const rivals = peer === undefined ? [] : rivalsIn(peer, setting);
  const size = steps / CHUNKS;
  for (let turn = 0; turn < CHUNKS; turn++) {
    context.signal.throwIfAborted();
    for (const { bandit, times, choices } of ours) {
      const part = run(bandit, stream, turn * size, (turn + 1) * size);
      times.push(part.seconds / size);
      choices.push(...part.choices);
    }
    for (const rival of rivals) {
      const [from, to] = [turn * rival.perTurn, (turn + 1) * rival.perTurn];
      const { seconds, choices } = await peer!.run(rival.kind, from, to);
      rival.times.push(seconds / rival.perTurn);
      checkChoices(
        choices,
        ours[0]!.choices.slice(from, to),
        `${RIVALS[rival.kind]}, from ${from}`,
      );
    }
  }
  checkChoices(ours[1]!.choices, ours[0]!.choices, 'scores "needed"');
  return describeRates(setting, ours, rivals);
}

function rivalsIn({ versions }: PythonPeer, { dimension, steps }: Setting): Rival[] {
  const size = steps / CHUNKS;
  const few = Math.min(size, dimension > 50 ? 20 : 100);
  return [
    ...(versions.mabwiser === undefined
      ? []
      : [{ kind: "mabwiser" as const, perTurn: few, times: [] }]),
    { kind: "plain", perTurn: size, times: [] },
    { kind: "copying", perTurn: few, times: [] },
  ];
}

function checkChoices(made: readonly number[], expected: readonly number[], who: string): void {
  if (made.join() !== expected.join()) throw new Error(`other arms were chosen by ${who}`);
}

function describeRates(
  { dimension, arms, steps, taught }: Setting,
  ours: readonly Contestant[],
  rivals: readonly Rival[],
): FigureInput[] {
  const where = `d = ${dimension}, K = ${arms}${taught > 0 ? ` after ${taught.toLocaleString("en-US")} steps` : ""}`;
  return ours.flatMap(({ scores, times }) => {
    const metric = `LinUCB, ${where}, scores "${scores}": decide + update`;
    const own = median(times);
    const figure = { metric, value: 1 / own, unit: "/s" };
    const note = `${(own * 1e6).toFixed(1)} us of CPU time, ${steps.toLocaleString("en-US")} steps`;
    if (rivals.length === 0) return [{ ...figure, note }];
    return rivals.map(({ kind, perTurn, times: theirs }) => ({
      ...figure,
      ...{ peer: RIVALS[kind], target: { atLeast: TARGET } },
      ratio: median(times.map((time, turn) => theirs[turn]! / time)),
      note: `${note}; the same choices as the peer's ${(median(theirs) * 1e6).toFixed(0)} us, its first ${(perTurn * CHUNKS).toLocaleString("en-US")} steps, by turns`,
    }));
  });
}

function create(
  { dimension, arms }: Setting,
  scores: "all" | "needed",
): { policy: LinearPolicy; bandit: Bandit } {
  const policy = linUcb({ dimension, alpha: 1, scores });
  const names = Array.from({ length: arms }, (_, arm) => `arm ${arm}`);
  return { policy, bandit: createBandit({ policy, arms: names, seed: 1 }) };
}

function run(
  bandit: Bandit,
  { dimension, arms, contexts, rewards }: LinearStream,
  from: number,
  to: number,
): { seconds: number; choices: number[] } {
  const names = new Map(bandit.arms.map((name, arm) => [name, arm]));
  const choices: number[] = [];
  // A context is an array of its own wherever it comes from.
  const rows = Array.from({ length: to - from }, (_, i) =>
    contexts.subarray((from + i) * dimension, (from + i + 1) * dimension),
  );
  const started = process.cpuUsage();
  for (let step = from; step < to; step++) {
    const { id, arm } = bandit.decide(rows[step - from]!);
    const chosen = names.get(arm)!;
    bandit.update(id, rewards[step * arms + chosen]!);
    choices.push(chosen);
  }
  const { user, system } = process.cpuUsage(started);
  return { seconds: (user + system) / 1e6, choices };
}

// One bandit learns from its own choices, the other is told of the same examples.
function teach(
  ours: readonly { policy: LinearPolicy; bandit: Bandit }[],
  stream: LinearStream,
  context: BenchContext,
): Pick<Taught, "contexts" | "decisions" | "rewards"> {
  const [first, second] = ours.map(({ bandit }) => bandit);
  const { dimension, arms, steps, contexts } = stream;
  const decisions = new Float64Array(steps);
  const rewards = new Float64Array(steps);
  for (let from = 0; from < steps; from += 1000) {
    context.signal.throwIfAborted();
    const { choices } = run(second!, stream, from, Math.min(from + 1000, steps));
    choices.forEach((chosen, i) => {
      const step = from + i;
      const reward = stream.rewards[step * arms + chosen]!;
      const features = contexts.subarray(step * dimension, (step + 1) * dimension);
      first!.learn({ context: features, arm: `arm ${chosen}`, reward });
      decisions[step] = chosen;
      rewards[step] = reward;
    });
  }
  return { contexts, decisions, rewards };
}

function sumsOf(
  policy: LinearPolicy,
  dimension: number,
  arms: number,
): Pick<Taught, "grams" | "moments"> {
  const grams = new Float64Array(arms * dimension * dimension);
  const moments = new Float64Array(arms * dimension);
  for (let arm = 0; arm < arms; arm++) {
    const sums = policy.sums!.readArm(arm);
    let at = 0;
    for (let i = 0; i < dimension; i++) {
      for (let j = 0; j <= i; j++, at++) {
        grams[(arm * dimension + i) * dimension + j] = sums[at]!;
        grams[(arm * dimension + j) * dimension + i] = sums[at]!;
      }
    }
    moments.set(sums.subarray(at, at + dimension), arm * dimension);
  }
  return { grams, moments };
}
