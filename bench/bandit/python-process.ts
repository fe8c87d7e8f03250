// Python in a process of its own, which measures its own CPU time; never required.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { LinearStream } from "./linear-stream.js";

/** How to get numpy, where it is missing. */
export const HOW_TO_INSTALL_NUMPY =
  "Python is not measured: no python3 with numpy. Debian and Ubuntu: apt install python3-numpy. " +
  "--python names another interpreter";

/** How to get MABWiser, where only numpy is there. */
export const HOW_TO_INSTALL_MABWISER =
  "MABWiser itself is not measured: this Python cannot import it. pip install mabwiser, in an environment that " +
  "--python names (python3 -m venv peer; peer/bin/pip install mabwiser; --python peer/bin/python)";

/** What taught bandits were taught, and what it adds up to. */
export interface Taught {
  /** [steps, dimension] */
  readonly contexts: Float64Array;
  /** By step, index of the arm. */
  readonly decisions: Float64Array;
  readonly rewards: Float64Array;
  /** [arms, dimension, dimension] */
  readonly grams: Float64Array;
  /** [arms, dimension] */
  readonly moments: Float64Array;
}

/** MABWiser itself, the arithmetic of its steps, or that with the copies it makes. */
export type PeerKind = "mabwiser" | "plain" | "copying";

/** LinUCB in Python, in several kinds that each go through a stream at their own pace. */
export interface PythonPeer {
  readonly versions: Readonly<Record<string, string>>;
  /** Starts all kinds anew, on a stream: knowing nothing, or what was taught. */
  load(stream: LinearStream, taught?: Taught): Promise<void>;
  /** Decides and learns some steps of the stream. */
  run(
    peer: PeerKind,
    from: number,
    to: number,
  ): Promise<{ seconds: number; choices: readonly number[] }>;
  dispose(): void;
}

/** The first Python that has numpy, or `undefined`. */
export function findNumpy(wanted: string | undefined): string | undefined {
  const names = wanted === undefined ? ["python3", "/usr/bin/python3"] : [wanted];
  return names.find(
    (name) => spawnSync(name, ["-c", "import numpy"], { stdio: "ignore" }).status === 0,
  );
}

/** Starts Python on one thread. */
export async function startPython(python: string): Promise<PythonPeer> {
  const script = fileURLToPath(new URL("./linear_peer.py", import.meta.url));
  const child = spawn(python, [script], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", MKL_NUM_THREADS: "1" },
  });
  const ask = conversation(child);
  const versions = (await ask({ versions: true })) as Record<string, string>;
  return {
    versions,
    async load({ contexts, rewards, ...shape }, taught) {
      await ask({
        ...{ ...shape, contexts: encode(contexts), rewards: encode(rewards) },
        ...(taught ? { taught: encodeAll(taught) } : {}),
      });
    },
    run: async (peer, from, to) =>
      (await ask({ peer, from, to })) as { seconds: number; choices: readonly number[] },
    dispose: () => child.kill(),
  };
}

// One line of JSON there, one back.
function conversation(child: ChildProcess): (request: object) => Promise<unknown> {
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return async (request) => {
    child.stdin!.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error("Python's process ended; its message is above");
    return JSON.parse(value);
  };
}

function encodeAll(taught: Taught): Record<string, string> {
  return Object.fromEntries(Object.entries(taught).map(([key, values]) => [key, encode(values)]));
}

function encode(values: Float64Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
}
