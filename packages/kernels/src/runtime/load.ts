import { EdgewrightError } from "@edgewright/core";
import { BASELINE_WASM } from "../generated/baseline.js";
import { RELAXED_WASM } from "../generated/relaxed.js";
import { Arena } from "./arena.js";
import type { Plan } from "./job.js";
import { supportsRelaxedSimd } from "./relaxed-probe.js";
import { withSharedMemory } from "./shared-memory.js";
import { availableParallelism } from "./start-worker.js";
import { type KernelFunction, startThreadPool, type ThreadPool } from "./thread-pool.js";

/** Which build of the kernels is running. */
export type KernelVariant = "baseline" | "relaxed";

/** More kernels beside those of the main module: they compute on the same memory, as part of the same {@link Kernels}. */
export interface KernelExtension {
  /** What {@link Kernels.extensions} lists. */
  readonly name: string;
  /** The WebAssembly module of a build, in base64. */
  wasm(variant: KernelVariant): string;
  /**
   * A compiled module instead, where compiling at run time is forbidden: of the same variant as the main
   * module, and for threads compiled from {@link withSharedMemory} of its bytes.
   */
  readonly module?: WebAssembly.Module;
}

/** Options of {@link loadKernels}. */
export interface LoadKernelsOptions {
  /** @default "auto": relaxed SIMD where the engine has it and computes it right */
  variant?: KernelVariant | "auto";
  /**
   * Threads, the calling one included. `"auto"` takes one for each core, 8 at most, and goes on with one
   * where there is no shared memory.
   *
   * @default 1
   */
  threads?: number | "auto";
  /**
   * A compiled module instead of the embedded one, where compiling at run time is forbidden: the files
   * `@edgewright/kernels/kernels.wasm` and `kernels-relaxed.wasm`. For threads it must be compiled from
   * {@link withSharedMemory} of those bytes.
   */
  module?: WebAssembly.Module;
  /** More kernels over the same memory, such as those of `@edgewright/kernels/training`. @default none */
  extensions?: readonly KernelExtension[];
  /** Memory to begin with, in bytes; growing costs time, so say what is known. @default 1 MiB */
  initialBytes?: number;
  /**
   * Memory never grows beyond this, in bytes.
   *
   * @default 4 GiB with one thread, where it costs nothing; 1 GiB with threads, whose memory reserves its
   * maximum as address space (phones refuse more)
   */
  maximumBytes?: number;
}

/** The kernels, instantiated over one memory. */
export interface Kernels {
  readonly variant: KernelVariant;
  /** Threads that {@link Kernels.run} uses, the calling one included. */
  readonly threads: number;
  readonly arena: Arena;
  /** Names of the extensions that were loaded. */
  readonly extensions: readonly string[];
  /**
   * Runs every job of a plan, in order, to its end.
   *
   * @throws EdgewrightError `disposed` after {@link Kernels.dispose}.
   */
  run(plan: Plan): void;
  /** Ends the threads and lets go of the memory; later calls throw `disposed`. */
  dispose(): void;
  /** `dispose` for a `using` declaration. */
  [Symbol.dispose](): void;
}

const PAGE = 65536;
const LARGEST_POOL = 64;

/**
 * Instantiates the kernels over a memory of their own.
 *
 * @throws EdgewrightError `unavailable` where WebAssembly SIMD is missing, or shared memory or workers when
 * a number of threads above 1 was asked for; `invalid-argument` for options out of range and for modules that
 * do not fit each other.
 *
 * @example
 * ```ts
 * const kernels = await loadKernels();
 * const x = kernels.arena.upload(new Float32Array([1, 2, 3]));
 * const plan = planSoftmax(kernels, { x: x.ptr, y: x.ptr, rows: 1, cols: 3 });
 * kernels.run(plan);
 * console.log(kernels.arena.f32(x.ptr, 3)); // 0.09, 0.2447, 0.6652
 * kernels.dispose();
 * ```
 */
export async function loadKernels(options: LoadKernelsOptions = {}): Promise<Kernels> {
  const wanted = options.threads ?? 1;
  checkOptions(options);
  if (wanted === 1) return instantiate(options, 1);
  const sharable = typeof SharedArrayBuffer !== "undefined";
  if (wanted !== "auto") {
    if (!sharable) throw noSharedMemory();
    return instantiate(options, wanted);
  }
  const threads = sharable ? Math.min(8, availableParallelism()) : 1;
  try {
    return await instantiate(options, threads);
  } catch (error) {
    // What forbids threads (a content security policy, little address space) may allow one.
    if (threads === 1 || !EdgewrightError.isInstance(error)) throw error;
    return instantiate(options, 1);
  }
}

async function instantiate(options: LoadKernelsOptions, threads: number): Promise<Kernels> {
  const { variant = "auto", initialBytes = 2 ** 20, extensions = [] } = options;
  const shared = threads > 1;
  const maximumBytes = options.maximumBytes ?? (shared ? 2 ** 30 : 2 ** 32);
  const chosen = variant === "auto" ? (supportsRelaxedSimd() ? "relaxed" : "baseline") : variant;
  const memory = createMemory(Math.max(2 * PAGE, initialBytes), maximumBytes, shared);
  const base64 = chosen === "relaxed" ? RELAXED_WASM : BASELINE_WASM;
  const module = options.module ?? (await compile(base64, chosen, shared));
  const main = await link(module, memory, shared);
  const actual = variantOf(main);
  if (variant !== "auto" && actual !== variant) {
    throw new EdgewrightError(
      "invalid-argument",
      `loadKernels: expected a module of the ${variant} kernels, got the ${actual} ones`,
    );
  }
  const modules = [module];
  let functions = main;
  for (const extension of extensions) {
    const more = extension.module ?? (await compile(extension.wasm(actual), actual, shared));
    modules.push(more);
    functions = merge(functions, await link(more, memory, shared), extension.name, actual);
  }
  const arena = new Arena(memory, PAGE); // static data of the modules lies in the first page
  const pool = shared ? await startThreadPool({ arena, modules, functions, threads }) : undefined;
  const names = extensions.map(({ name }) => name);
  return createKernels({ variant: actual, threads, arena, extensions: names }, functions, pool);
}

function variantOf(functions: Readonly<Record<string, KernelFunction>>): KernelVariant {
  const relaxed = functions.uses_relaxed_simd!(0, 0, 0) as unknown as number;
  return relaxed === 1 ? "relaxed" : "baseline";
}

/** Adds the kernels of an extension; what every module answers for itself stays that of the main module. */
function merge(
  functions: Readonly<Record<string, KernelFunction>>,
  { uses_relaxed_simd, set_thread, ...added }: Readonly<Record<string, KernelFunction>>,
  extension: string,
  variant: KernelVariant,
): Record<string, KernelFunction> {
  if (uses_relaxed_simd === undefined || set_thread === undefined) {
    throw new EdgewrightError(
      "invalid-argument",
      `loadKernels: the module of extension "${extension}" is none of kernels`,
    );
  }
  const actual = variantOf({ uses_relaxed_simd });
  if (actual !== variant) {
    throw new EdgewrightError(
      "invalid-argument",
      `loadKernels: expected the ${variant} build of extension "${extension}", got the ${actual} one`,
    );
  }
  const clash = Object.keys(added).find((name) => name in functions);
  if (clash !== undefined) {
    throw new EdgewrightError(
      "invalid-argument",
      `loadKernels: extension "${extension}" brings ${clash}, which is there already; give it once`,
    );
  }
  return { ...functions, ...added };
}

function createKernels(
  about: Pick<Kernels, "variant" | "threads" | "arena" | "extensions">,
  functions: Readonly<Record<string, KernelFunction>>,
  pool: ThreadPool | undefined,
): Kernels {
  let live = true;
  const dispose = (): void => {
    if (!live) return;
    live = false;
    pool?.dispose();
    about.arena.dispose();
  };
  return {
    ...about,
    run(plan) {
      if (!live) throw new EdgewrightError("disposed", "Kernels.run: the kernels were disposed of");
      const { jobs } = plan;
      for (let i = 0; i < jobs.length; i++) {
        const job = jobs[i]!;
        if (pool === undefined) functions[job.kernel]!(job.params, 0, job.units);
        else pool.run(job);
      }
    },
    dispose,
    [Symbol.dispose]: dispose,
  };
}

function checkOptions(options: LoadKernelsOptions): void {
  const { threads = 1, initialBytes = 0, maximumBytes = 2 ** 32 } = options;
  const inRange = (value: number, least: number, most: number): boolean =>
    Number.isSafeInteger(value) && value >= least && value <= most;
  const fail = (expected: string, got: unknown): never => {
    throw new EdgewrightError("invalid-argument", `loadKernels: expected ${expected}, got ${got}`);
  };
  if (threads !== "auto" && !inRange(threads, 1, LARGEST_POOL)) {
    fail(`threads to be "auto" or a whole number from 1 to ${LARGEST_POOL}`, threads);
  }
  if (!inRange(maximumBytes, 2 * PAGE, 2 ** 32))
    fail("maximumBytes from 131072 to 2 ** 32", maximumBytes);
  if (!inRange(initialBytes, 0, maximumBytes))
    fail("initialBytes from 0 to maximumBytes", initialBytes);
}

function createMemory(
  initialBytes: number,
  maximumBytes: number,
  shared: boolean,
): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({
      initial: Math.ceil(initialBytes / PAGE),
      maximum: Math.max(Math.ceil(initialBytes / PAGE), Math.floor(maximumBytes / PAGE)),
      shared,
    });
  } catch (cause) {
    throw new EdgewrightError(
      "out-of-memory",
      `loadKernels: no room for a memory of ${initialBytes} to ${maximumBytes} bytes; lower maximumBytes`,
      { cause },
    );
  }
}

async function link(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  shared: boolean,
): Promise<Record<string, KernelFunction>> {
  try {
    const instance = await WebAssembly.instantiate(module, { env: { memory } });
    const kernels = Object.entries(instance.exports).filter(
      ([, value]) => typeof value === "function",
    );
    return Object.fromEntries(kernels) as Record<string, KernelFunction>;
  } catch (cause) {
    throw new EdgewrightError(
      "invalid-argument",
      `loadKernels: the module does not take ${shared ? "a shared" : "an unshared"} memory; ` +
        `compile it from withSharedMemory(bytes, ${shared})`,
      { cause },
    );
  }
}

async function compile(
  base64: string,
  variant: KernelVariant,
  shared: boolean,
): Promise<WebAssembly.Module> {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  try {
    return await WebAssembly.compile(withSharedMemory(bytes, shared));
  } catch (cause) {
    throw new EdgewrightError(
      "unavailable",
      `loadKernels: this engine cannot compile the ${variant} kernels; WebAssembly SIMD is needed` +
        " (Node >= 16.4, Chrome 91, Firefox 89, Safari 16.4)",
      { cause },
    );
  }
}

function noSharedMemory(): EdgewrightError {
  return new EdgewrightError(
    "unavailable",
    "loadKernels: threads need SharedArrayBuffer; serve the page with the headers " +
      "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp, " +
      'or use threads: "auto" to go on with one',
  );
}
