import { type ChildProcess, fork } from "node:child_process";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { type FramePort, MemoryServerTransport } from "@edgewright/scheduler";
import { loadTestSubset, toInputTensor } from "zoo";
import type { WorkerConfig, WorkerReport } from "./client-worker.js";
import type { RunOptions } from "./command-line.js";
import { loadHeavyModel, MAX_BATCH, pickCheckpoints } from "./heavy-model.js";
import { startNats } from "./nats-process.js";
import { type BatchRecord, joinResults, type RunRecord, type WorkerResult } from "./run-record.js";
import type { ServerConfig, ServerReport } from "./server-process.js";
import { startServer } from "./start-server.js";

/** Told what is going on. */
export type Progress = (message: string) => void;

interface Servers {
  readonly urls: readonly string[];
  readonly batchMs: readonly (readonly [number, number])[];
  /** A port to the server in memory. */
  connect?(): MessagePort;
  /** Kills the first one. */
  kill?(): void;
  stop(): Promise<void>;
}

/** Runs a cascade with real servers and devices, and writes down what happened. */
export async function runCascade(options: RunOptions, progress: Progress): Promise<RunRecord> {
  const batches: BatchRecord[] = [];
  const own =
    options.transport === "nats" && options.nats === undefined ? await startNats() : undefined;
  const natsUrl = options.nats ?? own?.url;
  if (natsUrl) progress(`NATS at ${natsUrl}`);
  // Runs that share a NATS server must not share devices.
  const prefix = `cascade-${process.pid}`;
  const workers: Worker[] = [];
  let servers: Servers | undefined;
  try {
    const record = (some: readonly BatchRecord[]) => batches.push(...some);
    servers =
      options.transport === "memory"
        ? await startMemoryServer(options, record)
        : await startProcesses(options, natsUrl, prefix, record);
    progress(
      `${options.servers} server(s) ready, ${options.heavy.join(" + ")}, ${options.views} view(s) a picture`,
    );
    const heavyLabels = await classifyAll(options);
    const shared = { options, heavyLabels, urls: servers.urls, natsUrl, prefix };
    const joined = await startWorkers(shared, servers, workers);
    progress(`${options.clients} devices have joined`);
    const startAt = performance.timeOrigin + performance.now() + 500;
    let killedAt: number | undefined;
    const { kill } = servers;
    const killer =
      options.killAfter === undefined
        ? undefined
        : setTimeout(
            () => {
              kill?.();
              killedAt = (performance.timeOrigin + performance.now() - startAt) / 1000;
              progress(`${killedAt.toFixed(1)} s: server-1 killed`);
            },
            500 + 1000 * options.killAfter,
          );
    const results = await Promise.all(joined.map((run) => run(startAt)));
    clearTimeout(killer);
    await servers.stop();
    return {
      options,
      ...joinResults(results),
      batches: batches.map((batch) => ({ ...batch, at: batch.at - startAt / 1000 })),
      killedAt,
      batchMs: servers.batchMs,
      machine: `${cpus()[0]?.model ?? "unknown processor"}, ${cpus().length} cores, Node ${process.versions.node}`,
      when: new Date().toISOString().slice(0, 16).replace("T", " "),
    };
  } finally {
    await Promise.allSettled(workers.map((worker) => worker.terminate()));
    await servers?.stop();
    await own?.stop();
  }
}

async function startMemoryServer(
  options: RunOptions,
  onBatches: (batches: readonly BatchRecord[]) => void,
): Promise<Servers> {
  const transport = new MemoryServerTransport();
  const { server, batchMs } = await startServer(options, "server-1", transport, (batch) =>
    onBatches([batch]),
  );
  return {
    urls: [],
    batchMs,
    connect: () => {
      const { port1, port2 } = new MessageChannel();
      transport.accept(port1 as unknown as FramePort);
      return port2;
    },
    stop: () => server.stop({ timeoutMs: 2000 }),
  };
}

async function startProcesses(
  options: RunOptions,
  natsUrl: string | undefined,
  prefix: string,
  onBatches: (batches: readonly BatchRecord[]) => void,
): Promise<Servers> {
  const children: ChildProcess[] = [];
  const stop = async () => {
    await Promise.all(children.map(endProcess));
  };
  try {
    const readies = await Promise.all(
      Array.from({ length: options.servers }, async (_, i) => {
        const config: ServerConfig = { options, natsUrl, prefix, name: `server-${i + 1}` };
        const program = fileURLToPath(new URL("server-process.ts", import.meta.url));
        const child = fork(program, [JSON.stringify(config)]);
        children.push(child);
        return waitUntilReady(child, onBatches);
      }),
    );
    return {
      urls: readies.flatMap(({ url }) => url ?? []),
      batchMs: readies[0]!.batchMs,
      kill: () => children[0]!.kill("SIGKILL"),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function waitUntilReady(
  child: ChildProcess,
  onBatches: (batches: readonly BatchRecord[]) => void,
): Promise<Extract<ServerReport, { type: "ready" }>> {
  return new Promise((resolve, reject) => {
    child.once("exit", () => reject(new Error("a server process ended at its start")));
    child.on("message", (report: ServerReport) => {
      if (report.type === "batches") onBatches(report.batches);
      else if (report.type === "ready") resolve(report);
      else reject(new Error(report.message));
    });
  });
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  if (child.connected) child.send("stop");
  const timer = setTimeout(() => child.kill("SIGKILL"), 4000);
  await ended;
  clearTimeout(timer);
}

type Run = (startAt: number) => Promise<WorkerResult>;

async function startWorkers(
  shared: Omit<WorkerConfig, "numbers" | "ports">,
  servers: Servers,
  workers: Worker[],
): Promise<Run[]> {
  const { clients, workers: count } = shared.options;
  const used = Math.min(count, clients);
  return Promise.all(
    Array.from({ length: used }, async (_, w): Promise<Run> => {
      const numbers = Array.from({ length: clients }, (_, i) => i).filter((i) => i % used === w);
      const ports = servers.connect ? numbers.map(() => servers.connect!()) : [];
      const workerData: WorkerConfig = { ...shared, numbers, ports };
      const program = new URL("client-worker.mjs", import.meta.url);
      const worker = new Worker(program, { workerData, transferList: [...ports] });
      workers.push(worker);
      const hear = <T extends WorkerReport["type"]>(type: T) =>
        new Promise<Extract<WorkerReport, { type: T }>>((resolve, reject) => {
          worker.once("error", reject);
          worker.once("exit", () => reject(new Error("a thread of devices ended early")));
          worker.on("message", (report: WorkerReport) => {
            if (report.type === type) resolve(report as Extract<WorkerReport, { type: T }>);
          });
        });
      await hear("joined");
      return async (startAt) => {
        const done = hear("done");
        worker.postMessage(startAt);
        return (await done).result;
      };
    }),
  );
}

/** What the heavy model says of every picture of the test subset. */
async function classifyAll(options: RunOptions): Promise<Uint8Array> {
  const heavy = await loadHeavyModel(options.heavy, options);
  const [checkpoint] = await pickCheckpoints(options.heavy);
  const pictures = await loadTestSubset();
  const inputs = toInputTensor(pictures, checkpoint!.dataset).data;
  const labels = new Uint8Array(pictures.count);
  const size = MAX_BATCH;
  const { signal } = new AbortController();
  for (let begin = 0; begin < pictures.count; begin += size) {
    const count = Math.min(size, pictures.count - begin);
    const batch = Array.from({ length: count }, (_, i) =>
      inputs.subarray((begin + i) * 784, (begin + i + 1) * 784),
    );
    const outputs = await heavy.run(batch, { size, signal });
    for (const [i, scores] of outputs.entries()) {
      labels[begin + i] = scores.indexOf(Math.max(...scores));
    }
  }
  heavy.dispose();
  return labels;
}
