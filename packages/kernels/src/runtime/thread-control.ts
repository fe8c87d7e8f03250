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
  /** First unit that nobody has taken. */
  next: 32,
  /** Workers that may be computing units. */
  inside: 48,
  /** 1 while the calling thread sleeps until `inside` is 0. */
  callerSleeps: 49,
  /** 1 when a worker's kernel has failed. */
  failed: 50,
  /** Number of words. */
  words: 64,
} as const;

/** What a worker is started with. */
export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Byte address of the control words. */
  readonly control: number;
  /** Names of the kernels, by index. */
  readonly names: readonly string[];
  readonly threads: number;
}

/** How long a worker that has run out of work looks for more before it sleeps, in milliseconds. */
const SPIN_MS = 0.05;

/**
 * The program of a worker: a string, because a bundler moves files and a minifier renames functions.
 *
 * Takes units of the open job, a part of those left at a time, until none is left; then spins, then sleeps.
 */
export const WORKER_SOURCE: string = /*@__PURE__*/ (() => `
"use strict";
const begin = async (start, post) => {
  const { exports } = await WebAssembly.instantiate(start.module, { env: { memory: start.memory } });
  const kernels = start.names.map((name) => exports[name]);
  const c = new Int32Array(start.memory.buffer, start.control, ${CONTROL.words});
  const share = 4 * start.threads;
  const work = () => {
    const kernel = kernels[c[${CONTROL.kernel}]];
    const params = c[${CONTROL.params}];
    const units = c[${CONTROL.units}];
    const grain = c[${CONTROL.grain}];
    let next = Atomics.load(c, ${CONTROL.next});
    while (next < units) {
      const end = Math.min(units, next + Math.max(grain, Math.ceil((units - next) / share)));
      const found = Atomics.compareExchange(c, ${CONTROL.next}, next, end);
      if (found === next) {
        kernel(params, next, end);
        next = Atomics.load(c, ${CONTROL.next});
      } else next = found;
    }
  };
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
        work();
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
