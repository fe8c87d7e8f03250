// What we are measured against, installed on demand into bench/peers from its own lockfile.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

// The peers' own types are not installed with the repository, so `Loose` stands where they would.
// biome-ignore lint/suspicious/noExplicitAny: typed by packages that are absent until needed
type Loose = any;

const folder = fileURLToPath(new URL("./peers/", import.meta.url));

/** A tensor of an onnxruntime binding. */
export interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: ArrayBufferView & ArrayLike<number>;
}

/** A session of an onnxruntime binding. */
export interface OrtSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>;
  release?(): Promise<void>;
}

/** The part of onnxruntime-web and -node that the benchmarks use. */
export interface Ort {
  readonly version: string;
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => OrtTensor;
  createSession(model: Uint8Array, options?: Record<string, unknown>): Promise<OrtSession>;
}

/** Options of the loaders. */
export interface LoadPeerOptions {
  /** @default 1 */
  threads?: number;
}

/** Installs the peers unless the lockfile's are there already. The first time takes a minute. */
export function ensurePeers(): void {
  const installed = join(folder, "node_modules", ".pnpm", "lock.yaml");
  const wanted = readFileSync(join(folder, "pnpm-lock.yaml"), "utf8");
  if (existsSync(installed) && sameVersions(readFileSync(installed, "utf8"), wanted)) return;
  process.stderr.write("installing the peers to compare with (bench/peers, about 750 MB) ...\n");
  const { status, error } = spawnSync(
    process.platform === "win32" ? "npx.cmd" : "npx",
    ["--yes", `pnpm@${pinnedPnpm()}`, "install", "--frozen-lockfile", "--ignore-scripts"],
    {
      cwd: folder,
      stdio: ["ignore", 2, 2], // standard output belongs to the report
      shell: process.platform === "win32",
    },
  );
  if (status !== 0) {
    throw new Error(
      `ensurePeers: pnpm ended with ${status ?? error?.message}; without a network use --no-peers`,
    );
  }
}

/** onnxruntime-web on its WebAssembly backend. A process keeps the thread count of the first call. */
export async function loadOrtWeb(options: LoadPeerOptions = {}): Promise<Ort> {
  const { threads = 1 } = options;
  // Both share onnxruntime-common, whose registry keeps whichever "cpu" backend came first: loaded
  // after the web runtime, onnxruntime-node would silently run on WebAssembly.
  await importPeer("onnxruntime-node");
  const ort = await importPeer("onnxruntime-web");
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = "error";
  return wrapOrt(ort, "onnxruntime-web", { executionProviders: ["wasm"] });
}

/** onnxruntime-node on the CPU: native code, the reference rather than a rival. */
export async function loadOrtNode(options: LoadPeerOptions = {}): Promise<Ort> {
  const { threads = 1 } = options;
  const ort = await importPeer("onnxruntime-node");
  return wrapOrt(ort, "onnxruntime-node", {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
}

/** `@tensorflow/tfjs-core` with the WebAssembly backend made current. */
export async function loadTfjsWasm(
  options: LoadPeerOptions = {},
): Promise<{ readonly version: string; readonly tf: Loose }> {
  const { threads = 1 } = options;
  const tf = await importPeer("@tensorflow/tfjs-core");
  const backend = await importPeer("@tensorflow/tfjs-backend-wasm");
  const binary = requirePeer().resolve("@tensorflow/tfjs-backend-wasm");
  backend.setWasmPaths(`${join(binary, "..")}/`);
  backend.setThreadsCount(threads);
  const events = ["uncaughtException", "unhandledRejection"];
  const before = new Set(events.flatMap((event) => process.rawListeners(event)));
  await tf.setBackend("wasm");
  await tf.ready();
  // Its loader rethrows every error of the process with its whole minified source as context.
  for (const event of events) {
    for (const listener of process.rawListeners(event)) {
      if (!before.has(listener)) process.removeListener(event, listener as () => void);
    }
  }
  return { version: versionOf("@tensorflow/tfjs-backend-wasm"), tf };
}

/** Registers tfjs's gradients, which its package for Node leaves out; {@link loadTfjsWasm} comes first. */
export async function loadTfjsGradients(): Promise<void> {
  // Written as ES modules in a CommonJS package: Node itself cannot read it, the loader of the benchmarks
  // can. Kernels and gradients are registered in a table that all copies of the library share.
  const main = requirePeer().resolve("@tensorflow/tfjs-core");
  await import(pathToFileURL(join(main, "..", "register_all_gradients.js")).href);
}

/** jax-js with its WebAssembly backend made current; it has one thread where `Worker` is no global. */
export async function loadJaxWasm(): Promise<{ readonly version: string; readonly jax: Loose }> {
  const jax = await importPeer("@jax-js/jax");
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  return { version: versionOf("@jax-js/jax"), jax };
}

/** llama.cpp as native code, built for any CPU of the kind: `node-llama-cpp`. */
export async function loadNodeLlamaCpp(): Promise<{
  readonly version: string;
  readonly nodeLlamaCpp: Loose;
}> {
  const nodeLlamaCpp = await importPeer("node-llama-cpp");
  return { version: versionOf("node-llama-cpp"), nodeLlamaCpp };
}

/** The folder of `@wllama/wllama`, llama.cpp in WebAssembly, which only browsers can run. */
export function findWllama(): { readonly version: string; readonly folder: string } {
  ensurePeers();
  return {
    version: versionOf("@wllama/wllama"),
    folder: join(folder, "node_modules", "@wllama", "wllama"),
  };
}

/** ml-matrix: dense linear algebra in plain JavaScript. */
export async function loadMlMatrix(): Promise<{
  readonly version: string;
  readonly Matrix: Loose;
}> {
  ensurePeers();
  const { Matrix } = requirePeer()("ml-matrix");
  return { version: versionOf("ml-matrix"), Matrix };
}

/** Path of a Node 24 binary for this platform. */
export function node24(): string {
  ensurePeers();
  const path = join(folder, "node_modules", `node-linux-${process.arch}`, "bin", "node");
  if (process.platform === "linux" && existsSync(path)) return path;
  throw new Error(
    `node24: the peers hold Node 24 for Linux, not for ${process.platform} ${process.arch}; ` +
      "run the command under a Node 24 of your own instead of --node 24",
  );
}

function wrapOrt(ort: Loose, name: string, defaults: Record<string, unknown>): Ort {
  return {
    version: versionOf(name),
    Tensor: ort.Tensor,
    async createSession(model, options = {}) {
      const session = await ort.InferenceSession.create(model, { ...defaults, ...options });
      const native = session.handler.constructor.name === "OnnxruntimeSessionHandler";
      if (native !== (name === "onnxruntime-node")) {
        throw new Error(`${name}: the session runs on the backend of the other onnxruntime`);
      }
      return session;
    },
  };
}

function requirePeer(): NodeJS.Require {
  return createRequire(join(folder, "package.json"));
}

async function importPeer(name: string): Promise<Loose> {
  ensurePeers();
  const module = await import(pathToFileURL(requirePeer().resolve(name)).href);
  return module.default ?? module;
}

function versionOf(name: string): string {
  const text = readFileSync(join(folder, "node_modules", name, "package.json"), "utf8");
  return JSON.parse(text).version;
}

// pnpm keeps the lockfile of what it installed, with what it skipped on this platform removed.
function sameVersions(installed: string, wanted: string): boolean {
  const lines = new Set(wanted.split("\n"));
  return installed.split("\n").every((line) => lines.has(line));
}

function pinnedPnpm(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return JSON.parse(text).packageManager.split("@")[1];
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv[2] === "node24") {
  process.stdout.write(`${node24()}\n`);
}
