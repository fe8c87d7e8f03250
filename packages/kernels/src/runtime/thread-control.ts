/**
 * The words through which threads meet, as indices of 32-bit integers: each that threads write while
 * others read it has a cache line (16 words) to itself.
 */
export const CONTROL = {
  /** Counts the jobs offered to the workers; they wait for it to change. */
  epoch: 0,
  /** Workers asleep in `Atomics.wait`. */
  sleepers: 1,
  /** 1 ends the workers. */
  quit: 2,
  /** 1 while units of the job may be taken. */
  open: 16,
  /** Index of the job's kernel. */
  kernel: 17,
  params: 18,
  units: 19,
  grain: 20,
  /** Workers that may be computing units. */
  inside: 32,
  /** 1 while the calling thread sleeps until `inside` is 0. */
  callerSleeps: 33,
  /** 1 when a worker's kernel has failed. */
  failed: 34,
  /** First unit that nobody has taken of the first thread's range; the next thread's is a line further. */
  next: 48,
  /** Words of a cache line. */
  line: 16,
} as const;

/** Number of control words for so many threads. */
export function controlWords(threads: number): number {
  return CONTROL.next + CONTROL.line * threads;
}

/** What a worker is started with. */
export interface WorkerStart {
  /** The main module, and those of extensions. */
  readonly modules: readonly WebAssembly.Module[];
  readonly memory: WebAssembly.Memory;
  /** Byte address of the control words. */
  readonly control: number;
  /** Names of the kernels, by index. */
  readonly names: readonly string[];
  readonly threads: number;
  /** Which thread this is, from 1; the calling one is 0. */
  readonly thread: number;
}

/** How long a worker that has run out of work looks for more before it sleeps, in milliseconds. */
const SPIN_MS = 0.05;

// What `takeUnits` of thread-pool.ts does, for the workers.
const TAKE_UNITS_SOURCE = /*@__PURE__*/ (() => `
const takeUnits = (c, kernel, thread, threads) => {
  const params = c[${CONTROL.params}];
  const units = c[${CONTROL.units}];
  const grain = c[${CONTROL.grain}];
  for (let i = 0; i < threads; i++) {
    const owner = (thread + i) % threads;
    const at = ${CONTROL.next} + ${CONTROL.line} * owner;
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
};
`)();

/** The program of a worker: a string, because a bundler moves files and a minifier renames functions. */
export const WORKER_SOURCE: string = /*@__PURE__*/ (() => `
"use strict";
${TAKE_UNITS_SOURCE}
const begin = async (start, post) => {
  const { modules, memory, threads, thread } = start;
  const functions = {};
  for (const module of modules) {
    const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
    exports.set_thread(thread, 0, 0);
    Object.assign(functions, exports);
  }
  const kernels = start.names.map((name) => functions[name]);
  const c = new Int32Array(memory.buffer, start.control, ${CONTROL.next} + ${CONTROL.line} * threads);
  let seen = 0;
  post("ready");
  for (;;) {
    if (Atomics.load(c, ${CONTROL.epoch}) === seen) {
      const until = performance.now() + ${SPIN_MS};
      while (Atomics.load(c, ${CONTROL.epoch}) === seen && performance.now() < until) {
        for (let i = 0; i < 64 && Atomics.load(c, ${CONTROL.epoch}) === seen; i++);
      }
      Atomics.add(c, ${CONTROL.sleepers}, 1);
      Atomics.wait(c, ${CONTROL.epoch}, seen);
      Atomics.sub(c, ${CONTROL.sleepers}, 1);
    }
    seen = Atomics.load(c, ${CONTROL.epoch});
    if (Atomics.load(c, ${CONTROL.quit})) return;
    Atomics.add(c, ${CONTROL.inside}, 1);
    if (Atomics.load(c, ${CONTROL.open})) {
      try {
        takeUnits(c, kernels[c[${CONTROL.kernel}]], thread, threads);
      } catch {
        Atomics.store(c, ${CONTROL.failed}, 1);
      }
    }
    if (Atomics.sub(c, ${CONTROL.inside}, 1) === 1 && Atomics.load(c, ${CONTROL.callerSleeps})) {
      Atomics.notify(c, ${CONTROL.inside});
    }
  }
};
`)();
