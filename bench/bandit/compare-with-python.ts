import { type Bandit, createBandit, type LinearPolicy, linUcb } from "@edgewright/bandit";
import { median } from "@edgewright/core";
import type { FigureInput } from "@edgewright/device-bench";
import type { BenchContext } from "../context.js";
import { type LinearStream, makeLinearStream } from "./linear-stream.js";
import {
  findNumpy,
  HOW_TO_INSTALL_NUMPY,
  type PeerKind,
  type PythonPeer,
  type StartingSums,
  startPython,
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

const CHUNKS = 20;
const TARGET = 100;

/** Decide + update per second of LinUCB, ours through createBandit, beside Python's on the same stream, by turns. */
export async function compareWithPython(context: BenchContext): Promise<FigureInput[]> {
  const python = context.peers ? findNumpy(context.values.python as string | undefined) : undefined;
  if (python === undefined && context.peers) context.log(`  ${HOW_TO_INSTALL_NUMPY}`);
  const peer = python === undefined ? undefined : await startPython(python);
  if (peer) context.addVersions(peer.versions);
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
  if (taught > 0) {
    context.log(`  teaching ${taught.toLocaleString("en-US")} steps`);
    teach(ours, makeLinearStream(dimension, arms, taught, 1), context);
  }
  const stream = makeLinearStream(dimension, arms, steps, taught > 0 ? 2 : 1);
  const truth = taught > 0 ? sumsOf(ours[0]!.policy, dimension, arms) : undefined;
  await peer?.begin("plain", stream, truth);
  const plain: number[] = [];
  const size = steps / CHUNKS;
  for (let from = 0; from < steps; from += size) {
    context.signal.throwIfAborted();
    for (const { bandit, times, choices } of ours) {
      const part = run(bandit, stream, from, from + size);
      times.push(part.seconds / size);
      choices.push(...part.choices);
    }
    const other = await peer?.run(from, from + size);
    if (other) plain.push(other.seconds / size);
    for (const made of [ours[1]!.choices.slice(from), other?.choices]) {
      if (made && made.join() !== ours[0]!.choices.slice(from).join()) {
        throw new Error(`other arms were chosen in steps ${from} to ${from + size}`);
      }
    }
  }
  const rows: FigureInput[] = [];
  const where = `d = ${dimension}, K = ${arms}${taught > 0 ? ` after ${taught.toLocaleString("en-US")} steps` : ""}`;
  for (const { scores, times } of ours) {
    const own = median(times);
    rows.push({
      metric: `LinUCB, ${where}, scores "${scores}": decide + update`,
      value: 1 / own,
      unit: "/s",
      ...(peer ? rateAgainst(plain, times) : {}),
      note: `${(own * 1e6).toFixed(1)} us of CPU time, ${steps.toLocaleString("en-US")} steps${
        peer ? `, the same choices as the peer's ${(median(plain) * 1e6).toFixed(0)} us` : ""
      }`,
    });
  }
  for (const kind of ["copying", "mabwiser"] as const) {
    if (!peer || (kind === "mabwiser" && (peer.versions.mabwiser === undefined || taught > 0)))
      continue;
    rows.push(await compareCopying(kind, where, setting, peer, stream, ours, truth));
  }
  return rows;
}

const KINDS: Readonly<Record<PeerKind, string>> = {
  plain: "the arithmetic of MABWiser's steps in numpy",
  copying: "MABWiser's steps in numpy with its copies",
  // Not tried where this was written, MABWiser being out of reach there.
  mabwiser: "MABWiser itself",
};

// These take so long that a part of the stream must do; our time is that of the whole stream.
async function compareCopying(
  kind: PeerKind,
  where: string,
  { dimension }: Setting,
  peer: PythonPeer,
  stream: LinearStream,
  ours: readonly Contestant[],
  sums: StartingSums | undefined,
): Promise<FigureInput> {
  await peer.begin(kind, stream, sums);
  const size = Math.min(stream.steps, dimension > 50 ? 200 : 1000) / 5;
  const times: number[] = [];
  for (let from = 0; from < 5 * size; from += size) {
    const { seconds, choices } = await peer.run(from, from + size);
    if (choices.join() !== ours[0]!.choices.slice(from, from + size).join()) {
      throw new Error(`${KINDS[kind]}: other arms in steps ${from} to ${from + size}`);
    }
    times.push(seconds / size);
  }
  const best = Math.min(...ours.map(({ times: own }) => median(own)));
  return {
    metric: `LinUCB, ${where}: decide + update, beside ${KINDS[kind]}`,
    ...{ value: 1 / best, unit: "/s", peer: KINDS[kind] },
    ratio: median(times) / best,
    target: { atLeast: TARGET },
    note: `the faster of "all" and "needed"; the same choices as the peer's ${(median(times) * 1e6).toFixed(0)} us, over ${5 * size} steps after ours`,
  };
}

function rateAgainst(
  theirs: readonly number[],
  ours: readonly number[],
): Pick<FigureInput, "peer" | "ratio" | "target"> {
  const ratio = median(ours.map((time, i) => theirs[i]! / time));
  return { peer: KINDS.plain, ratio, target: { atLeast: TARGET } };
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
): void {
  const [first, second] = ours.map(({ bandit }) => bandit);
  const { dimension, arms, contexts, rewards } = stream;
  for (let from = 0; from < stream.steps; from += 1000) {
    context.signal.throwIfAborted();
    const to = Math.min(from + 1000, stream.steps);
    const { choices } = run(second!, stream, from, to);
    choices.forEach((chosen, i) => {
      const start = (from + i) * dimension;
      const example = {
        context: contexts.subarray(start, start + dimension),
        arm: `arm ${chosen}`,
      };
      first!.learn({ ...example, reward: rewards[(from + i) * arms + chosen]! });
    });
  }
}

function sumsOf(policy: LinearPolicy, dimension: number, arms: number): StartingSums {
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
