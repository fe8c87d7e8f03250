// Whole models on our session and on onnxruntime-web: speed with one thread and with two, what it costs
// to create a session, and memory.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Candidate, type FigureInput, ratioOf, summaryOf } from "@edgewright/device-bench";
import { createSession } from "@edgewright/graph";
import { loadKernels } from "@edgewright/kernels";
import {
  readModel,
  speedModels,
  type TestModel,
} from "../packages/graph/src/session/real-models.test-support.node.js";
import type { BenchContext } from "./context.js";
import type { AloneResult } from "./models/measure-alone.js";
import { loadOrtNode, loadOrtWeb, type Ort } from "./peers.js";
import { runBenchmark } from "./run-benchmark.js";

const PEER = "onnxruntime-web";

await runBenchmark({
  command: "pnpm bench:models",
  summary:
    "Runs the OCR models and the wake-word embedding on our session and on onnxruntime-web, interleaved.",
  sections: [
    { name: "one thread", run: measureOneThread },
    { name: "two threads", run: measureTwoThreads },
    { name: "creation and memory", run: measureCreation },
  ],
});

/** CPU time of a run, all runtimes in turn in this process. */
async function measureOneThread(context: BenchContext): Promise<FigureInput[]> {
  const kernels = await loadKernels();
  const peers: { name: string; ort: Ort }[] = [];
  if (context.peers) {
    peers.push({ name: PEER, ort: await loadOrtWeb() });
    peers.push({ name: "onnxruntime-node", ort: await loadOrtNode() });
    for (const { name, ort } of peers) context.addVersions({ [name]: ort.version });
  }
  const rows: FigureInput[] = [];
  const ratios: number[] = [];
  for (const model of speedModels()) {
    const bytes = readModel(model);
    const feeds = model.feeds();
    const session = await createSession(bytes, { kernels });
    const candidates: Candidate[] = [{ name: "ours", run: () => session.runSync(feeds) }];
    for (const { name, ort } of peers) {
      const theirs = await ort.createSession(bytes);
      const inputs = ortFeeds(ort, model);
      candidates.push({ name, run: () => theirs.run(inputs) });
    }
    const measured = await context.measure(candidates, { clock: "cpu" });
    const ours = { value: summaryOf(measured, "ours").median, unit: "ms" };
    if (peers.length === 0) rows.push({ metric: model.name, ...ours });
    for (const { name } of peers) {
      const { ratio } = ratioOf(measured, "ours", name);
      if (name === PEER) ratios.push(ratio);
      rows.push({ metric: model.name, ...ours, peer: name, ratio });
    }
    session.dispose();
  }
  if (ratios.length > 0) rows.push(geometricMean("one thread", ratios));
  return rows;
}

/** Least wall time of a run, every runtime alone in its process, in turn. */
async function measureTwoThreads(context: BenchContext): Promise<FigureInput[]> {
  const rows: FigureInput[] = [];
  const ratios: number[] = [];
  const seconds = context.quick ? 1 : 3;
  for (const model of speedModels()) {
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < (context.quick ? 1 : 3); round++) {
      context.signal.throwIfAborted();
      ours.push((await measureAlone("edgewright", 2, model, seconds)).minWallMs);
      if (context.peers) theirs.push((await measureAlone(PEER, 2, model, seconds)).minWallMs);
    }
    const best = Math.min(...ours);
    const row = { metric: model.name, value: best, unit: "ms", note: "least wall time" };
    if (context.peers) {
      const ratio = Math.min(...theirs) / best;
      ratios.push(ratio);
      rows.push({ ...row, peer: PEER, ratio });
    } else rows.push(row);
  }
  if (ratios.length > 0) rows.push(geometricMean("two threads", ratios));
  return rows;
}

/** CPU time from an imported package to a session and to its first result, and memory. */
async function measureCreation(context: BenchContext): Promise<FigureInput[]> {
  const rows: FigureInput[] = [];
  for (const model of speedModels()) {
    const ours: AloneResult[] = [];
    const theirs: AloneResult[] = [];
    for (let round = 0; round < (context.quick ? 1 : 5); round++) {
      context.signal.throwIfAborted();
      ours.push(await measureAlone("edgewright", 1, model, 0.2));
      if (context.peers) theirs.push(await measureAlone(PEER, 1, model, 0.2));
    }
    const add = (
      what: string,
      unit: string,
      scale: number,
      of: (result: AloneResult) => number,
    ): void => {
      const value = median(ours.map(of)) * scale;
      const row = { metric: `${model.name}, ${what}`, value, unit };
      if (!context.peers) rows.push(row);
      else {
        const ratio = (median(theirs.map(of)) * scale) / value;
        rows.push({ ...row, peer: PEER, ratio, target: { atLeast: 1 } });
      }
    };
    add("create", "ms", 1, (result) => result.createCpuMs);
    add("create and first run", "ms", 1, (result) => result.firstRunCpuMs);
    add("WebAssembly memory", "MB", 1e-6, (result) => result.wasmBytes);
  }
  return rows;
}

async function measureAlone(
  runtime: string,
  threads: number,
  model: TestModel,
  seconds: number,
): Promise<AloneResult> {
  const script = fileURLToPath(new URL("./models/measure-alone.ts", import.meta.url));
  const args = [...process.execArgv, script, runtime, `${threads}`, model.name, `${seconds}`];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as AloneResult;
}

function ortFeeds(ort: Ort, model: TestModel) {
  return Object.fromEntries(
    Object.entries(model.feeds()).map(([name, { data, shape }]) => [
      name,
      new ort.Tensor("float32", data, shape),
    ]),
  );
}

function geometricMean(section: string, ratios: readonly number[]): FigureInput {
  const value = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  return {
    metric: `geometric mean, ${section}`,
    value,
    unit: "x",
    peer: PEER,
    ratio: value,
    target: { atLeast: 1.2 },
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}
