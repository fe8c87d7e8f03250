// One network on every engine: the same weights and images, agreement first, then CPU time in turns.
import { type Candidate, type FigureInput, ratioOf, summaryOf } from "@edgewright/device-bench";
import type { BenchContext } from "../context.js";
import { checkTfjsKernels } from "./check-tfjs.js";
import { type EngineName, loadEngine, loadTfjs, networkNamed } from "./engines.js";
import type { NetworkSpec, Trainer } from "./network.js";
import { findTorch, HOW_TO_INSTALL_TORCH, startTorch, type TorchTrainer } from "./torch-process.js";

const STEPS = 10; // before the losses are compared
const TORCH_STEPS = 3; // in one sample

/** Which peers take part, and how many times faster we have to be. */
export interface PeerTargets {
  readonly [peer: string]: number | undefined;
}

/** Rows of one network: agreement, times, ratios. */
export async function compareNetwork(
  context: BenchContext,
  name: string,
  peers: PeerTargets,
): Promise<FigureInput[]> {
  const spec = networkNamed(name);
  const trainers: Trainer[] = [];
  const names: EngineName[] = ["ours"];
  if (context.peers) names.push(...(Object.keys(peers) as EngineName[]));
  for (const engineName of names) {
    const engine = await loadEngine(engineName);
    context.addVersions(engine.versions);
    trainers.push(engine.create(spec));
  }
  const torch = context.peers ? await startTorchIfFound(context, spec) : undefined;
  try {
    const rows = context.peers ? await compareLosses(context, spec, trainers, torch) : [];
    if (names.includes("tfjs-wasm")) {
      rows.unshift({
        metric: "kernels added to tfjs, largest relative error of an inner product",
        value: checkTfjsKernels((await loadTfjs()).tf),
        unit: "",
        target: { atMost: 1e-4 },
      });
    }
    rows.push(...(await compareTimes(context, spec, trainers, torch, peers)));
    return rows;
  } finally {
    for (const trainer of trainers) trainer.dispose();
    torch?.dispose();
  }
}

async function startTorchIfFound(
  context: BenchContext,
  spec: NetworkSpec,
): Promise<TorchTrainer | undefined> {
  const python = findTorch(context.values.python as string | undefined);
  if (python === undefined) {
    context.log(HOW_TO_INSTALL_TORCH);
    return undefined;
  }
  const torch = await startTorch(python, spec);
  context.addVersions({ pytorch: torch.version });
  return torch;
}

// How far the others are from us after some steps, in loss and in all that the weights moved.
async function compareLosses(
  context: BenchContext,
  spec: NetworkSpec,
  trainers: readonly Trainer[],
  torch: TorchTrainer | undefined,
): Promise<FigureInput[]> {
  const rows: FigureInput[] = [];
  const losses = trainers.map((trainer) => {
    context.log(`  ${trainer.name}: ${STEPS} steps`);
    let loss = Number.NaN;
    for (let i = 0; i < STEPS; i++) loss = trainer.step();
    return loss;
  });
  const ours = trainers[0]!;
  const moved = (read: (name: string) => Float32Array): number => distance(spec, ours, read);
  const add = (peer: string, loss: number, difference: number): void => {
    rows.push(
      {
        metric: `${spec.name}, loss of step ${STEPS}, difference from ours`,
        value: Math.abs(loss - losses[0]!),
        unit: "",
        peer,
        target: { atMost: 1e-3 },
        note: `loss ${loss.toFixed(5)}`,
      },
      {
        metric: `${spec.name}, ${STEPS} steps of all weights, relative difference`,
        value: difference,
        unit: "",
        peer,
        target: { atMost: 2e-2 },
      },
    );
  };
  for (const [i, trainer] of trainers.entries()) {
    if (i > 0)
      add(
        trainer.name,
        losses[i]!,
        moved((name) => trainer.read(name)),
      );
  }
  if (torch !== undefined) {
    const steps = await torch.steps(STEPS);
    const values = new Map<string, Float32Array>();
    for (const name of Object.keys(spec.parameters)) values.set(name, await torch.read(name));
    add(
      "PyTorch",
      steps.losses.at(-1)!,
      moved((name) => values.get(name)!),
    );
  }
  return rows;
}

// Of the movement of all weights together: norm of the difference over the norm of ours.
function distance(spec: NetworkSpec, ours: Trainer, read: (name: string) => Float32Array): number {
  let difference = 0;
  let total = 0;
  for (const [name, { data }] of Object.entries(spec.parameters)) {
    const own = ours.read(name);
    const other = read(name);
    for (let i = 0; i < own.length; i++) {
      difference += (own[i]! - other[i]!) ** 2;
      total += (own[i]! - data[i]!) ** 2;
    }
  }
  return Math.sqrt(difference / total);
}

async function compareTimes(
  context: BenchContext,
  spec: NetworkSpec,
  trainers: readonly Trainer[],
  torch: TorchTrainer | undefined,
  peers: PeerTargets,
): Promise<FigureInput[]> {
  const torchTimes: number[] = [];
  const candidates: Candidate[] = trainers.map((trainer) => ({
    name: trainer.name,
    run: () => {
      trainer.step(); // reads the loss, as a training loop does
    },
  }));
  if (torch !== undefined) {
    await torch.steps(STEPS); // warm
    candidates[0] = {
      ...candidates[0]!,
      // Once a round, outside our own sample, so that the machine's drift hits it as well.
      prepare: async () => {
        const { milliseconds } = await torch.steps(TORCH_STEPS);
        torchTimes.push(milliseconds);
      },
    };
  }
  const measured = await context.measure(candidates, { clock: "cpu" });
  const ours = { value: summaryOf(measured, "ours").median, unit: "ms" };
  const metric = `${spec.name}, training step, ${spec.inputShape[0]} images`;
  const rows: FigureInput[] = [{ metric, ...ours }];
  for (const { name } of trainers.slice(1)) {
    const { ratio } = ratioOf(measured, "ours", name);
    const theirs = summaryOf(measured, name).median;
    const target = peers[name];
    rows.push({
      metric,
      ...ours,
      peer: name,
      ratio,
      note: `peer ${theirs.toPrecision(3)} ms`,
      ...(target === undefined ? {} : { target: { atLeast: target } }),
    });
  }
  if (torchTimes.length > 0) {
    const sorted = torchTimes.sort((a, b) => a - b);
    const theirs = sorted[sorted.length >> 1]!;
    rows.push({
      metric,
      ...ours,
      peer: "PyTorch",
      ratio: theirs / ours.value,
      note: `peer ${theirs.toPrecision(3)} ms, one native thread`,
    });
  }
  return rows;
}
