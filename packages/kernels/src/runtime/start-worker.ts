import { EdgewrightError } from "@edgewright/core";
import { WORKER_SOURCE, type WorkerStart } from "./thread-control.js";

/** A worker that runs {@link WORKER_SOURCE}. */
export interface StartedWorker {
  /** Settles when the worker takes work, or cannot. */
  readonly ready: Promise<void>;
  terminate(): void;
}

interface NodeWorker {
  on(event: "message" | "error", listener: (value: unknown) => void): void;
  ref(): void;
  unref(): void;
  terminate(): unknown;
}

interface NodeProcess {
  // Node >= 20.16, Deno, Bun: how a library asks for a builtin that browsers do not have, so that no
  // bundler sees an import.
  getBuiltinModule?(name: string): unknown;
  versions?: { node?: string };
}

/** The number of threads that the machine runs at once, or 1 where nobody says. */
export function availableParallelism(): number {
  const os = builtinModule("node:os") as { availableParallelism?(): number } | undefined;
  return os?.availableParallelism?.() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}

/**
 * Starts a worker: a `worker_threads` one in Node, else a Web Worker from a Blob.
 *
 * @throws EdgewrightError `unavailable` where there are neither.
 */
export function startWorker(start: WorkerStart): StartedWorker {
  const threads = builtinModule("node:worker_threads") as
    | { Worker: new (source: string, options: object) => NodeWorker }
    | undefined;
  if (threads?.Worker !== undefined) return startNodeWorker(threads.Worker, start);
  if (typeof Worker !== "undefined") return startWebWorker(start);
  throw new EdgewrightError(
    "unavailable",
    'loadKernels: threads need Web Workers or Node\'s worker_threads; use threads: 1 or "auto" here',
  );
}

function builtinModule(name: string): unknown {
  const { process } = globalThis as { process?: NodeProcess };
  if (process?.versions?.node === undefined) return undefined;
  return process.getBuiltinModule?.(name);
}

function startNodeWorker(
  Constructor: new (source: string, options: object) => NodeWorker,
  start: WorkerStart,
): StartedWorker {
  const source = `${WORKER_SOURCE}
const { parentPort, workerData } = process.getBuiltinModule("node:worker_threads");
begin(workerData, (message) => parentPort.postMessage(message));`;
  // Without the process's own arguments: loaders that it was started with are of no use to the worker.
  const worker = new Constructor(source, { eval: true, execArgv: [], workerData: start });
  const ready = new Promise<void>((resolve, reject) => {
    worker.on("message", () => resolve());
    worker.on("error", (cause) => reject(startError(cause)));
  });
  // Once it takes work it must not keep the process alive: it is asleep most of the time.
  const settled = ready.finally(() => worker.unref());
  return { ready: settled, terminate: () => void worker.terminate() };
}

function startWebWorker(start: WorkerStart): StartedWorker {
  const source = `${WORKER_SOURCE}
onmessage = (event) => begin(event.data, (message) => postMessage(message));`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url, { name: "edgewright-kernels" });
  const ready = new Promise<void>((resolve, reject) => {
    worker.onmessage = () => resolve();
    worker.onerror = (event) => reject(startError(event.message));
  });
  worker.postMessage(start);
  const settled = ready.finally(() => URL.revokeObjectURL(url));
  return { ready: settled, terminate: () => worker.terminate() };
}

function startError(cause: unknown): EdgewrightError {
  return new EdgewrightError(
    "unavailable",
    "loadKernels: a thread could not be started; where a content security policy is set, it must allow " +
      'worker-src blob: and script-src wasm-unsafe-eval, or use threads: "auto" to go on with one',
    { cause },
  );
}
