// Runs one model on one runtime in a process of its own, where no other runtime's threads, memory or
// compiled code is in the way: `measure-alone.ts <edgewright | onnxruntime-web> <threads> <model> <seconds>`.
// Prints one JSON object.
import { createSession } from "@edgewright/graph";
import { loadKernels } from "@edgewright/kernels";
import {
  readModel,
  speedModels,
} from "../../packages/graph/src/session/real-models.test-support.node.js";
import { loadOrtWeb } from "../peers.js";

/** What a process of its own measures; times in milliseconds. */
export interface AloneResult {
  /** CPU time from an imported package to a session: compiling the runtime included. */
  readonly createCpuMs: number;
  /** The same to the end of the first run. */
  readonly firstRunCpuMs: number;
  readonly minWallMs: number;
  /** Size of the WebAssembly memory at the end, in bytes. */
  readonly wasmBytes: number;
}

if (process.argv[1]?.endsWith("measure-alone.ts")) {
  const [runtime, threads, model, seconds] = process.argv.slice(2);
  const result = await measureAlone(runtime!, Number(threads), model!, Number(seconds));
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}

async function measureAlone(
  runtime: string,
  threads: number,
  name: string,
  seconds: number,
): Promise<AloneResult> {
  const model = speedModels().find((candidate) => candidate.name === name);
  if (model === undefined) throw new Error(`measureAlone: no model "${name}"`);
  const bytes = readModel(model);
  const feeds = model.feeds();
  const memories = watchMemories();
  let run: () => unknown;
  let start: number;
  let createCpuMs: number;
  if (runtime === "edgewright") {
    start = cpuMs();
    const kernels = await loadKernels({ threads } as Parameters<typeof loadKernels>[0]);
    const session = await createSession(bytes, { kernels });
    createCpuMs = cpuMs() - start;
    memories.add(kernels.arena.memory);
    run = () => session.runSync(feeds);
  } else {
    const ort = await loadOrtWeb({ threads });
    const inputs = Object.fromEntries(
      Object.entries(feeds).map(([key, { data, shape }]) => [
        key,
        new ort.Tensor("float32", data, shape),
      ]),
    );
    start = cpuMs();
    const session = await ort.createSession(bytes);
    createCpuMs = cpuMs() - start;
    run = () => session.run(inputs);
  }
  await run();
  const firstRunCpuMs = cpuMs() - start;
  let minWallMs = Number.POSITIVE_INFINITY;
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const begin = performance.now();
    await run();
    minWallMs = Math.min(minWallMs, performance.now() - begin);
  }
  const wasmBytes = Math.max(0, ...[...memories].map(({ buffer }) => buffer.byteLength));
  return { createCpuMs, firstRunCpuMs, minWallMs, wasmBytes };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The memories of all WebAssembly instances made from now on. */
function watchMemories(): Set<WebAssembly.Memory> {
  const memories = new Set<WebAssembly.Memory>();
  const wasm = WebAssembly as unknown as {
    instantiate: (...args: unknown[]) => Promise<unknown>;
  };
  const original = wasm.instantiate;
  const note = (values: object): void => {
    for (const value of Object.values(values)) {
      if (value instanceof WebAssembly.Memory) memories.add(value);
    }
  };
  wasm.instantiate = async (...args) => {
    for (const module of Object.values((args[1] ?? {}) as object)) note(module as object);
    const result = await original.apply(WebAssembly, args);
    const instance = (result as { instance?: WebAssembly.Instance }).instance ?? result;
    note((instance as WebAssembly.Instance).exports);
    return result;
  };
  return memories;
}
