import { EdgewrightError } from "@edgewright/core";
import type { Allocation, Arena } from "./arena.js";
import type { Job } from "./job.js";
import { type StartedWorker, startWorker } from "./start-worker.js";
import { CONTROL, controlWords } from "./thread-control.js";

/** A kernel of the module: computes the units [begin, end) of the job whose arguments lie at `params`. */
export type KernelFunction = (params: number, begin: number, end: number) => void;

/** Threads that share the units of one job at a time with the calling thread. */
export interface ThreadPool {
  /** Computes every unit of a job. */
  run(job: Job): void;
  /** Ends the workers. */
  dispose(): void;
}

/** What {@link startThreadPool} needs. */
export interface ThreadPoolOptions {
  /** Over a shared memory. */
  readonly arena: Arena;
  /** The main module, and those of extensions. */
  readonly modules: readonly WebAssembly.Module[];
  /** The calling thread's instance. */
  readonly functions: Readonly<Record<string, KernelFunction>>;
  /** Threads, the calling one included. */
  readonly threads: number;
  /** @default {@link startWorker} */
  readonly start?: typeof startWorker;
}

const START_TIMEOUT_MS = 5000;
const SPINS_BEFORE_SLEEP = 20000; // some 20 microseconds: what the last small piece of a job takes
// Times the grain: waking a worker takes as long as some 40 microseconds of work.
const WORTH_WAKING = 4;

/**
 * Starts workers that compute on the arena's shared memory and waits until they are ready.
 *
 * Every thread begins with its own range of a job's units, takes smaller and smaller pieces of it, and then
 * helps the others: a worker that comes late, or not at all, leaves its range to them.
 *
 * @throws EdgewrightError `unavailable` when a worker cannot be started.
 */
export async function startThreadPool(options: ThreadPoolOptions): Promise<ThreadPool> {
  const { arena, modules, functions, threads, start = startWorker } = options;
  const block = arena.allocate(controlWords(threads) * 4);
  arena.i32(block.ptr, controlWords(threads)).fill(0);
  const names = Object.keys(functions);
  const workers: StartedWorker[] = [];
  const end = (): void => {
    for (const worker of workers) worker.terminate();
  };
  try {
    const { memory } = arena;
    for (let thread = 1; thread < threads; thread++) {
      workers.push(start({ modules, memory, control: block.ptr, names, threads, thread }));
    }
    await within(START_TIMEOUT_MS, Promise.all(workers.map((worker) => worker.ready)));
  } catch (error) {
    end();
    block.dispose();
    throw error;
  }
  return createPool(arena, block, functions, threads, end);
}

function createPool(
  arena: Arena,
  block: Allocation,
  functions: Readonly<Record<string, KernelFunction>>,
  threads: number,
  end: () => void,
): ThreadPool {
  const c = arena.i32(block.ptr, controlWords(threads)); // shared memory: growing does not detach it
  const index = new Map(Object.keys(functions).map((name, i) => [name, i]));
  const maySleep = canSleep();

  function waitForWorkers(): void {
    for (let spins = 0; Atomics.load(c, CONTROL.inside) !== 0; spins++) {
      // A worker may wait for the very core that spins here: sleeping gives it away.
      if (!maySleep || spins < SPINS_BEFORE_SLEEP) continue;
      Atomics.store(c, CONTROL.callerSleeps, 1);
      const inside = Atomics.load(c, CONTROL.inside);
      if (inside !== 0) Atomics.wait(c, CONTROL.inside, inside, 100);
      Atomics.store(c, CONTROL.callerSleeps, 0);
    }
  }

  function run(job: Job): void {
    const kernel = functions[job.kernel]!;
    const { params, units, grain } = job;
    if (units < WORTH_WAKING * grain) {
      if (units < 2 * grain || Atomics.load(c, CONTROL.sleepers) === threads - 1) {
        kernel(params, 0, units);
        return;
      }
    }
    c[CONTROL.kernel] = index.get(job.kernel)!;
    c[CONTROL.params] = params;
    c[CONTROL.units] = units;
    c[CONTROL.grain] = grain;
    Atomics.store(c, CONTROL.failed, 0);
    for (let thread = 0; thread < threads; thread++) {
      c[CONTROL.next + CONTROL.line * thread] = Math.floor((units * thread) / threads);
    }
    Atomics.store(c, CONTROL.open, 1);
    Atomics.add(c, CONTROL.epoch, 1);
    if (Atomics.load(c, CONTROL.sleepers) !== 0) Atomics.notify(c, CONTROL.epoch);
    try {
      takeUnits(c, kernel, 0, threads);
    } finally {
      // From here on a worker that looks in finds nothing; who is inside is finishing its last piece.
      Atomics.store(c, CONTROL.open, 0);
      waitForWorkers();
    }
    if (Atomics.load(c, CONTROL.failed) !== 0) {
      throw new EdgewrightError(
        "invalid-argument",
        `Kernels.run: ${job.kernel} failed on a worker; the plan names memory that does not exist`,
      );
    }
  }

  return {
    run,
    dispose() {
      Atomics.store(c, CONTROL.quit, 1);
      Atomics.add(c, CONTROL.epoch, 1);
      Atomics.notify(c, CONTROL.epoch);
      end();
    },
  };
}

/**
 * Computes units of the open job until none is left to take.
 *
 * Each thread has a range of the units, the same one in every run, so that what it reads and writes stays
 * in its own caches. It takes a quarter of what is left of its range at a time, then does the same with the
 * ranges of the others. The workers have this function as a string, in thread-control.ts.
 */
function takeUnits(c: Int32Array, kernel: KernelFunction, thread: number, threads: number): void {
  const params = c[CONTROL.params]!;
  const units = c[CONTROL.units]!;
  const grain = c[CONTROL.grain]!;
  for (let i = 0; i < threads; i++) {
    const owner = (thread + i) % threads;
    const at = CONTROL.next + CONTROL.line * owner;
    const stop = Math.floor((units * (owner + 1)) / threads);
    let next = Atomics.load(c, at);
    while (next < stop) {
      const end = Math.min(stop, next + Math.max(grain, (stop - next + 3) >> 2));
      const found = Atomics.compareExchange(c, at, next, end);
      if (found === next) {
        kernel(params, next, end);
        next = Atomics.load(c, at);
      } else next = found;
    }
  }
}

/** Whether this thread may block: a browser's main thread may not. */
function canSleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}

async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  try {
    await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
