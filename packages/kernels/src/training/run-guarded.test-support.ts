import type { Job, Plan } from "../runtime/job.js";
import { type KernelExtension, type Kernels, loadKernels } from "../runtime/load.js";
import { supportsRelaxedSimd } from "../runtime/relaxed-probe.js";
import { loadPieces } from "../runtime/run-pieces.test-support.js";
import { trainingKernels } from "./load-training-kernels.js";

/** What a plan reads, writes and may use in between; every name has memory of exactly its size. */
export interface GuardedRun {
  readonly inputs?: Readonly<Record<string, ArrayBufferView>>;
  /** Bytes of what is written whatever lay there, or the values that a run begins with and changes. */
  readonly outputs: Readonly<Record<string, number | Float32Array>>;
  /** Bytes of workspace, whose content is nobody's business before and after a run. */
  readonly scratch?: Readonly<Record<string, number>>;
  /** Makes the plan; `at` gives addresses by name. */
  plan(kernels: Kernels, at: (name: string) => number): Plan;
}

/** Kernels, and a way to run any units of a job by themselves. */
export interface GuardedKernels {
  readonly kernels: Kernels;
  readonly runPiece: (job: Job, begin: number, end: number) => void;
}

/** Both builds of the main kernels and an extension, where the machine has both. */
export async function loadGuardedKernels(
  extension: KernelExtension = trainingKernels,
): Promise<GuardedKernels[]> {
  const variants = supportsRelaxedSimd()
    ? (["baseline", "relaxed"] as const)
    : (["baseline"] as const);
  return Promise.all(
    variants.map(async (variant) => {
      const kernels = await loadKernels({ variant, extensions: [extension] });
      const ofInference = await loadPieces(kernels);
      const bytes = Uint8Array.from(atob(extension.wasm(variant)), (c) => c.charCodeAt(0));
      const module = await WebAssembly.compile(bytes);
      const { memory } = kernels.arena;
      const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
      const functions = exports as Record<string, (...words: number[]) => void>;
      const runPiece: GuardedKernels["runPiece"] = (job, begin, end) => {
        const kernel = functions[job.kernel];
        if (kernel === undefined) ofInference(job, begin, end);
        else kernel(job.params, begin, end);
      };
      return { kernels, runPiece };
    }),
  );
}

const GUARD = 128; // bytes on either side

interface Region {
  readonly name: string;
  readonly kind: "input" | "output" | "scratch";
  readonly bytes: number;
  readonly content: Uint8Array | undefined;
  readonly ptr: number;
}

/**
 * Runs a plan on memory of exactly the sizes that it asks for, between guards, and gives the bytes of its
 * outputs. Runs it again with other bytes in workspace, guards and outputs, and once more with the units of
 * every job one by one from the last to the first.
 *
 * Fails when a guard or an input changed, when the bytes of an output depend on any of that, or when the
 * plan kept memory.
 */
export function runGuarded(
  { kernels, runPiece }: GuardedKernels,
  run: GuardedRun,
): Map<string, Uint8Array> {
  const { arena } = kernels;
  const before = arena.used;
  const { regions, bytes } = layOut(run);
  const block = arena.allocate(bytes);
  const address = (name: string): number => {
    const region = regions.find((one) => one.name === name);
    if (region === undefined) throw new Error(`no memory was asked for ${name}`);
    return block.ptr + region.ptr;
  };
  const plan = run.plan(kernels, address);
  const memory = (): Uint8Array => arena.u8(block.ptr, bytes);
  const read = (region: Region): Uint8Array =>
    memory().slice(region.ptr, region.ptr + region.bytes);

  let expected: Map<string, Uint8Array> | undefined;
  for (const [fill, guard, apart] of [
    [0x00, 0xa5, false],
    [0xff, 0xff, false], // NaN in workspace, outputs and around the inputs
    [0xff, 0xff, false], // the same a second time
    [0x3c, 0x5a, true],
  ] as const) {
    memory().fill(guard);
    for (const { ptr, bytes: size, content } of regions) {
      if (content === undefined) memory().fill(fill, ptr, ptr + size);
      else memory().set(content, ptr);
    }
    if (!apart) kernels.run(plan);
    for (const job of apart ? plan.jobs : []) {
      for (let unit = job.units - 1; unit >= 0; unit--) runPiece(job, unit, unit + 1);
    }
    checkUntouched(memory(), regions, guard);
    const outputs = regions.filter(({ kind }) => kind === "output");
    const results = new Map(outputs.map((region) => [region.name, read(region)]));
    expected ??= results;
    for (const [name, result] of results) {
      const reference = expected.get(name)!;
      const at = result.findIndex((byte, i) => byte !== reference[i]);
      if (at < 0) continue;
      const how = apart ? "the order of units" : "what lay in memory before";
      throw new Error(`byte ${at} of the ${result.length} of ${name} depends on ${how}`);
    }
  }
  plan.dispose();
  block.dispose();
  if (arena.used !== before) throw new Error(`kept ${arena.used - before} bytes`);
  return expected!;
}

function layOut({ inputs = {}, outputs, scratch = {} }: GuardedRun): {
  regions: Region[];
  bytes: number;
} {
  const regions: Region[] = [];
  let end = GUARD;
  const add = (name: string, kind: Region["kind"], what: number | ArrayBufferView): void => {
    const content =
      typeof what === "number"
        ? undefined
        : new Uint8Array(what.buffer, what.byteOffset, what.byteLength);
    const size = typeof what === "number" ? what : what.byteLength;
    regions.push({ name, kind, bytes: size, content, ptr: end });
    // The next region begins at a multiple of 64, the guard right behind this one.
    end = Math.ceil((end + size + GUARD) / 64) * 64;
  };
  for (const [name, what] of Object.entries(inputs)) add(name, "input", what);
  for (const [name, what] of Object.entries(outputs)) add(name, "output", what);
  for (const [name, what] of Object.entries(scratch)) add(name, "scratch", what);
  return { regions, bytes: end };
}

function checkUntouched(memory: Uint8Array, regions: readonly Region[], guard: number): void {
  let from = 0;
  let behind = "the first region";
  for (const { name, kind, ptr, bytes, content } of regions) {
    for (let i = from; i < ptr; i++) {
      if (memory[i] !== guard) {
        throw new Error(`wrote ${i - from} bytes behind ${behind}, ${ptr - i} before ${name}`);
      }
    }
    if (kind === "input" && content?.some((byte, i) => byte !== memory[ptr + i])) {
      throw new Error(`changed the input ${name}`);
    }
    from = ptr + bytes;
    behind = name;
  }
  const at = memory.findIndex((byte, i) => i >= from && byte !== guard);
  if (at >= 0) throw new Error(`wrote ${at - from} bytes behind ${behind}`);
}
