// PyTorch in a process of its own, which measures its own CPU time; never required.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { NetworkSpec } from "./network.js";

/** How to get PyTorch, where it is missing. */
export const HOW_TO_INSTALL_TORCH =
  "PyTorch is not measured: no python3 with torch. Debian and Ubuntu: apt install python3-torch; elsewhere: " +
  "pip install torch numpy. --python names another interpreter";

/** A PyTorch process that trains one network. */
export interface TorchTrainer {
  readonly version: string;
  /** CPU milliseconds of one step, on average over `count`, and the losses. */
  steps(count: number): Promise<{ milliseconds: number; losses: readonly number[] }>;
  read(name: string): Promise<Float32Array>;
  dispose(): void;
}

/** The first Python that has PyTorch, or `undefined`. */
export function findTorch(wanted: string | undefined): string | undefined {
  const names = wanted === undefined ? ["python3", "/usr/bin/python3"] : [wanted];
  return names.find((name) => {
    const { status } = spawnSync(name, ["-c", "import torch, numpy"], { stdio: "ignore" });
    return status === 0;
  });
}

/** Starts PyTorch on one thread with a network. */
export async function startTorch(python: string, spec: NetworkSpec): Promise<TorchTrainer> {
  const script = fileURLToPath(new URL("./torch_trainer.py", import.meta.url));
  const child = spawn(python, [script], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", MKL_NUM_THREADS: "1" },
  });
  const ask = conversation(child);
  const { version } = await ask({ network: encode(spec) });
  return {
    version: version as string,
    steps: async (count) =>
      (await ask({ steps: count })) as { milliseconds: number; losses: readonly number[] },
    async read(name) {
      const { data } = await ask({ read: name });
      const bytes = Buffer.from(data as string, "base64");
      return new Float32Array(new Uint8Array(bytes).buffer);
    },
    dispose: () => child.kill(),
  };
}

// One line of JSON there, one back.
function conversation(
  child: ChildProcess,
): (request: object) => Promise<Readonly<Record<string, unknown>>> {
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return async (request) => {
    child.stdin!.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error("PyTorch's process ended; its message is above");
    return JSON.parse(value);
  };
}

function encode(spec: NetworkSpec): object {
  const base64 = (data: Float32Array | Int32Array): string =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
  const parameters = Object.fromEntries(
    Object.entries(spec.parameters).map(([name, { shape, data }]) => [
      name,
      { shape, data: base64(data) },
    ]),
  );
  return { ...spec, parameters, images: base64(spec.images), labels: base64(spec.labels) };
}
