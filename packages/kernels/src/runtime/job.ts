import type { Allocation, Arena } from "./arena.js";

/**
 * One kernel with its arguments written into WebAssembly memory: running it costs a call, no set-up.
 *
 * Every kernel of the module has the form `name(params, begin, end)` and computes the units
 * [begin, end) of its job, so a job runs whole or split over threads.
 */
export interface Job {
  /** Name of the WebAssembly export. */
  readonly kernel: string;
  /** Byte address of the argument words. */
  readonly params: number;
  /** Independent units of work. */
  readonly units: number;
  /** Smallest number of units worth a thread's while: some 10 microseconds of work. @default 1 */
  readonly grain: number;
}

/** Jobs to run in order, with the memory that they own. Made once, run any number of times. */
export interface Plan {
  readonly jobs: readonly Job[];
  /** Bytes that the plan owns: arguments and workspace. */
  readonly bytes: number;
  /** Gives back arguments and workspace. */
  dispose(): void;
  /** `dispose` for a `using` declaration. */
  [Symbol.dispose](): void;
}

/** A job before its arguments are in memory. */
export interface JobSpec {
  readonly kernel: string;
  /** 32-bit words: integers, addresses, and floats wrapped by {@link floatBits}. */
  readonly params: readonly number[];
  readonly units: number;
  readonly grain?: number;
}

/** The bits of a 32-bit float as an integer, to pass it among integer arguments. */
export function floatBits(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  return view.getInt32(0);
}

/**
 * Writes the arguments of some jobs into memory.
 *
 * @param owned allocations that live as long as the plan (workspace, packed operands)
 */
export function createPlan(
  arena: Arena,
  specs: readonly JobSpec[],
  owned: readonly Allocation[] = [],
): Plan {
  let words = 0;
  const offsets = specs.map((spec) => {
    const offset = words;
    words += (spec.params.length + 15) & ~15;
    return offset;
  });
  const block = arena.allocate(words * 4);
  const view = arena.i32(block.ptr, words);
  const jobs = specs.map((spec, i): Job => {
    view.set(spec.params, offsets[i]!);
    return {
      kernel: spec.kernel,
      params: block.ptr + offsets[i]! * 4,
      units: spec.units,
      grain: spec.grain ?? 1,
    };
  });
  const all = [block, ...owned];
  const dispose = (): void => {
    for (const allocation of all) allocation.dispose();
  };
  const bytes = all.reduce((sum, allocation) => sum + allocation.bytes, 0);
  return { jobs, bytes, dispose, [Symbol.dispose]: dispose };
}
