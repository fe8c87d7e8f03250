import type { Plan } from "./job.js";
import { type Kernels, loadKernels } from "./load.js";
import { supportsRelaxedSimd } from "./relaxed-probe.js";

/** Every configuration that a kernel must agree in: both builds, and split over threads. */
export async function loadEveryKind(): Promise<[name: string, kernels: Kernels][]> {
  const kinds: [string, Kernels][] = [["baseline", await loadKernels({ variant: "baseline" })]];
  if (supportsRelaxedSimd()) kinds.push(["relaxed", await loadKernels({ variant: "relaxed" })]);
  kinds.push(["two threads", await loadKernels({ threads: 2 })]);
  return kinds;
}

/** Deterministic numbers in [0, 1): the mulberry32 generator. */
export function seededNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `count` floats in [-scale, scale). */
export function randomFloats(count: number, random: () => number, scale = 1): Float32Array {
  return Float32Array.from({ length: count }, () => (random() * 2 - 1) * scale);
}

const GUARD = 16; // floats around a result that must stay untouched
const UNTOUCHED = -123.25;

/**
 * Uploads inputs, runs the plan that `make` gives for their addresses and that of the result, and reads
 * the result. Fails when the plan wrote outside of it or kept memory after `dispose`.
 */
export function computeFloats(
  kernels: Kernels,
  inputs: readonly ArrayBufferView[],
  length: number,
  make: (addresses: number[], y: number) => Plan,
): Float32Array {
  const { arena } = kernels;
  const before = arena.used;
  const uploads = inputs.map((input) => arena.upload(input));
  const out = arena.allocate((length + 2 * GUARD) * 4);
  arena.f32(out.ptr, length + 2 * GUARD).fill(UNTOUCHED);
  const plan = make(
    uploads.map((upload) => upload.ptr),
    out.ptr + GUARD * 4,
  );
  // Threads take pieces of any size here, however small the job.
  const jobs = plan.jobs.map((job) => ({ ...job, grain: 1 }));
  kernels.run(kernels.threads > 1 ? { ...plan, jobs } : plan);
  const all = Float32Array.from(arena.f32(out.ptr, length + 2 * GUARD));
  for (const allocation of [plan, out, ...uploads]) allocation.dispose();
  const outside = [...all.subarray(0, GUARD), ...all.subarray(GUARD + length)];
  if (outside.some((value) => value !== UNTOUCHED)) throw new Error("wrote outside of the result");
  if (arena.used !== before) throw new Error(`kept ${arena.used - before} bytes`);
  return all.slice(GUARD, GUARD + length);
}

/** Largest |actual - expected| / max(|expected|, floor); NaN and infinities must agree exactly. */
export function relativeError(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  floor = 1.2e-38,
): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i]!;
    const e = expected[i]!;
    if (Object.is(a, e) || (Number.isNaN(a) && Number.isNaN(e)) || a === e) continue;
    if (!Number.isFinite(a) || !Number.isFinite(e)) return Number.POSITIVE_INFINITY;
    worst = Math.max(worst, Math.abs(a - e) / Math.max(Math.abs(e), floor));
  }
  return worst;
}
