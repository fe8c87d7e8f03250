// Python in a process of its own, which measures its own CPU time; never required.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { LinearStream } from "./linear-stream.js";

/** How to get numpy, where it is missing. */
export const HOW_TO_INSTALL_NUMPY =
  "Python is not measured: no python3 with numpy. Debian and Ubuntu: apt install python3-numpy (and, for MABWiser " +
  "itself: apt install python3-sklearn python3-pandas, pip install mabwiser). --python names another interpreter";

/** Sums of all arms, [arms, dimension, dimension] and [arms, dimension], to start from. */
export interface StartingSums {
  readonly grams: Float64Array;
  readonly moments: Float64Array;
}

/** The arithmetic of MABWiser's steps, that with the copies it makes, or MABWiser itself. */
export type PeerKind = "plain" | "copying" | "mabwiser";

/** LinUCB in Python. */
export interface PythonPeer {
  readonly versions: Readonly<Record<string, string>>;
  /** Starts anew on a stream. */
  begin(peer: PeerKind, stream: LinearStream, sums?: StartingSums): Promise<void>;
  /** Decides and learns some steps of the stream. */
  run(from: number, to: number): Promise<{ seconds: number; choices: readonly number[] }>;
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
    async begin(peer, { contexts, rewards, ...shape }, sums) {
      await ask({
        ...{ peer, ...shape, contexts: encode(contexts), rewards: encode(rewards) },
        ...(sums ? { grams: encode(sums.grams), moments: encode(sums.moments) } : {}),
      });
    },
    run: async (from, to) =>
      (await ask({ from, to })) as { seconds: number; choices: readonly number[] },
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

function encode(values: Float64Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
}
