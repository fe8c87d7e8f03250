import { EdgewrightError } from "@edgewright/core";
import type { Allocation, Arena } from "./arena.js";
import type { Job } from "./job.js";
import { type StartedWorker, startWorker } from "./start-worker.js";
import { CONTROL } from "./thread-control.js";

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
  readonly module: WebAssembly.Module;
  /** The calling thread's instance. */
  readonly functions: Readonly<Record<string, KernelFunction>>;
  /** Threads, the calling one included. */
  readonly threads: number;
  /** @default {@link startWorker} */
  readonly start?: typeof startWorker;
}

const START_TIMEOUT_MS = 5000;
const SPINS_BEFORE_SLEEP = 20000; // some 20 microseconds: what the last small piece of a job takes
const WORTH_WAKING = 4; // times the grain

/**
 * Starts workers that compute on the arena's shared memory and waits until they are ready.
 *
 * Units are handed out as each thread asks for them, first large pieces, then smaller ones: a worker that
 * comes late, or not at all, leaves its share to the others.
 *
 * @throws EdgewrightError `unavailable` when a worker cannot be started.
 */
export async function startThreadPool(options: ThreadPoolOptions): Promise<ThreadPool> {
  const { arena, module, functions, threads, start = startWorker } = options;
  const block = arena.allocate(CONTROL.words * 4);
  arena.i32(block.ptr, CONTROL.words).fill(0);
  const names = Object.keys(functions);
  const workers: StartedWorker[] = [];
  const end = (): void => {
    for (const worker of workers) worker.terminate();
  };
  try {
    for (let i = 1; i < threads; i++) {
      workers.push(start({ module, memory: arena.memory, control: block.ptr, names, threads }));
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
  const c = arena.i32(block.ptr, CONTROL.words); // shared memory: growing does not detach it
  const index = new Map(Object.keys(functions).map((name, i) => [name, i]));
  const share = 4 * threads;
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
    const asleep = Atomics.load(c, CONTROL.sleepers);
    if (units < 2 * grain || (asleep === threads - 1 && units < WORTH_WAKING * grain)) {
      kernel(params, 0, units);
      return;
    }
    c[CONTROL.kernel] = index.get(job.kernel)!;
    c[CONTROL.params] = params;
    c[CONTROL.units] = units;
    c[CONTROL.grain] = grain;
    Atomics.store(c, CONTROL.failed, 0);
    Atomics.store(c, CONTROL.next, 0);
    Atomics.store(c, CONTROL.open, 1);
    Atomics.add(c, CONTROL.epoch, 1);
    if (Atomics.load(c, CONTROL.sleepers) !== 0) Atomics.notify(c, CONTROL.epoch);
    try {
      // The same loop as in the workers, see thread-control.ts.
      let next = 0;
      while (next < units) {
        const stop = Math.min(units, next + Math.max(grain, Math.ceil((units - next) / share)));
        const found = Atomics.compareExchange(c, CONTROL.next, next, stop);
        if (found === next) {
          kernel(params, next, stop);
          next = Atomics.load(c, CONTROL.next);
        } else next = found;
      }
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
