// Training steps of three networks on our engine, tfjs, jax-js and PyTorch: plain gradient descent, 32 images,
// one thread, CPU time, in turns.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { FigureInput } from "@edgewright/device-bench";
import type { BenchContext } from "./context.js";
import { benchTrainingPasses, benchTrainingWinograd } from "./kernels/training.js";
import { runBenchmark } from "./run-benchmark.js";
import { compareNetwork, type PeerTargets } from "./training/compare-network.js";
import type { EngineName } from "./training/engines.js";
import type { MemoryResult } from "./training/measure-memory.js";
import { profileNetwork } from "./training/profile-network.js";

// How many times faster we have to be; `undefined` where no bar was set. jax-js's own convolution takes ten
// seconds for a step of ResNet-8.
const NETWORKS: Readonly<Record<string, PeerTargets>> = {
  "LeNet-5": {
    "tfjs-wasm": undefined,
    "tfjs-wasm, tuned": 2,
    "jax-js": 20,
    "jax-js, tuned": 20,
  },
  "ResNet-8": { "tfjs-wasm": undefined, "tfjs-wasm, tuned": 2, "jax-js, tuned": undefined },
  "DS-CNN": {
    "tfjs-wasm": undefined,
    "tfjs-wasm, tuned": 2,
    "jax-js": 20,
    "jax-js, tuned": undefined,
  },
};

await runBenchmark({
  command: "pnpm bench:training",
  summary:
    "Trains LeNet-5, ResNet-8 and DS-CNN for a step on our engine, tfjs-wasm, jax-js and PyTorch, interleaved.",
  options: {
    python: { type: "string", help: "a Python with PyTorch (python3 where it has it)" },
    profile: { type: "boolean", help: "say where the time of our step goes, on standard error" },
  },
  sections: [
    ...Object.entries(NETWORKS).map(([name, peers]) => ({
      name,
      async run(context: BenchContext): Promise<FigureInput[]> {
        if (context.values.profile) await profileNetwork(context, name);
        return compareNetwork(context, name, peers);
      },
    })),
    {
      name: "passes",
      run: async (context: BenchContext): Promise<FigureInput[]> => [
        ...(await benchTrainingPasses(context)),
        ...(await benchTrainingWinograd(context)),
      ],
    },
    { name: "memory", run: measureMemory },
  ],
});

/** WebAssembly memory of every engine, each alone in its process, and our account of a step. */
async function measureMemory(context: BenchContext): Promise<FigureInput[]> {
  const rows: FigureInput[] = [];
  for (const [network, targets] of Object.entries(NETWORKS)) {
    context.signal.throwIfAborted();
    const { wasmBytes, account } = await measureAlone("ours", network);
    const megabytes = (metric: string, bytes: number): FigureInput => ({
      metric: `${network}, ${metric}`,
      value: bytes / 1e6,
      unit: "MB",
    });
    if (account !== undefined) {
      rows.push(
        megabytes("peak of the step's account", account.peakBytes),
        megabytes("kept for the backward pass", account.keptBytes),
      );
    }
    const ours = megabytes("WebAssembly memory", wasmBytes);
    const peers = context.peers ? (Object.keys(targets) as EngineName[]) : [];
    if (peers.length === 0) rows.push(ours);
    for (const peer of peers) {
      const theirs = await measureAlone(peer, network);
      rows.push({ ...ours, peer, ratio: theirs.wasmBytes / wasmBytes });
    }
  }
  return rows;
}

async function measureAlone(engine: EngineName, network: string): Promise<MemoryResult> {
  const script = fileURLToPath(new URL("./training/measure-memory.ts", import.meta.url));
  const args = [...process.execArgv, script, engine, network];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as MemoryResult;
}
