import { randomFloats, seededNumbers } from "../../runtime/fixtures.test-support.js";
import type { Kernels } from "../../runtime/load.js";
import { createRotaryAngles } from "../../training/attention/create-rotary-angles.js";
import { planCacheAttention } from "../attention/plan-cache-attention.js";
import { planRotateAndAttend } from "../attention/plan-rotate-and-attend.js";
import { createKvCache, type KvCache } from "./create-kv-cache.js";
import type { KvCacheType } from "./kv-cache-layout.js";
import { planRotateAndStore, type RopePairing } from "./plan-rotate-and-store.js";

/** Sizes of a layer's attention. */
export interface AttentionSizes {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly pairing: RopePairing;
}

/** The rows q | k | v of a text, [length, (heads + 2 kvHeads) headDim], before rotation. */
export interface TextRows extends AttentionSizes {
  readonly length: number;
  readonly width: number;
  readonly qkv: Float32Array;
}

/** Random rows of a text. */
export function randomRows(sizes: AttentionSizes, length: number, seed: number): TextRows {
  const width = (sizes.heads + 2 * sizes.kvHeads) * sizes.headDim;
  return { ...sizes, length, width, qkv: randomFloats(length * width, seededNumbers(seed), 2) };
}

/** Rows of a text that are computed in one call: those of these indices, each seeing itself and all before it. */
export interface Step {
  /** Index in the text, of each row. */
  readonly rows: readonly number[];
  /** Slots of the rows; what lies before the first row lies in the slots of the same numbers. */
  readonly slots?: readonly number[];
  /** For each row, those of this call (by their place in it) that it sees, itself last. @default all before it */
  readonly paths?: readonly (readonly number[])[];
  /** Slots that all rows see. @default the index of the first row */
  readonly length?: number;
  /** Whether one job does everything. */
  readonly fused?: boolean;
}

/** A cache with everything that computes rows of a text in it. */
export interface TextInCache {
  readonly cache: KvCache;
  /** Computes some rows; gives their results, [rows, heads * headDim]. */
  compute(step: Step): Float32Array;
  dispose(): void;
}

/** Opens a cache of one layer (of two, the other stays empty) for a text. */
export function openText(
  kernels: Kernels,
  text: TextRows,
  options: { type?: KvCacheType; capacity?: number } = {},
): TextInCache {
  const { heads, kvHeads, headDim, width, pairing } = text;
  const { type = "f32", capacity = text.length } = options;
  const cache = createKvCache(kernels, { layers: 2, kvHeads, headDim, capacity, type });
  const places = Math.max(text.length, 1);
  const { arena } = kernels;
  const angles = arena.upload(createRotaryAngles({ places, rotated: headDim }));
  const compute = ({ rows, slots, paths, length, fused }: Step): Float32Array => {
    const n = rows.length;
    const before = length ?? rows[0]!;
    const own = slots ?? rows;
    const maxDepth = Math.max(1, ...(paths ?? []).map((path) => path.length)) + 1;
    const block = new Int32Array(n * maxDepth).fill(-7); // what lies behind a path is nobody's business
    paths?.forEach((path, i) => {
      block.set(
        path.map((j) => own[j]!),
        i * maxDepth,
      );
    });
    const up = {
      qkv: arena.upload(Float32Array.from(rows.flatMap((row) => rowOf(text, row)))),
      positions: arena.upload(Int32Array.from(rows)),
      slots: arena.upload(Int32Array.from(own)),
      state: arena.upload(Int32Array.of(before)),
      paths: arena.upload(block),
      lengths: arena.upload(Int32Array.from((paths ?? []).map((path) => path.length))),
    };
    const y = arena.allocate(n * heads * headDim * 4);
    arena.f32(y.ptr, n * heads * headDim).fill(Number.NaN);
    const common = { n, heads, cache: cache.layout, layer: 1 };
    const rotation = {
      ...{ ...common, qkv: up.qkv.ptr, positions: up.positions.ptr, slots: up.slots.ptr },
      ...{ angles: angles.ptr, places, pairing },
    };
    const attention = {
      ...{ y: y.ptr, state: up.state.ptr },
      ...(paths && { paths: { slots: up.paths.ptr, lengths: up.lengths.ptr, maxDepth } }),
    };
    const plans = fused
      ? [planRotateAndAttend(kernels, { ...rotation, ...attention })]
      : [
          planRotateAndStore(kernels, rotation),
          planCacheAttention(kernels, { ...common, ...attention, q: up.qkv.ptr, qStride: width }),
        ];
    for (const plan of plans) {
      // Threads take pieces of any size here, however small the job.
      kernels.run({ ...plan, jobs: plan.jobs.map((job) => ({ ...job, grain: 1 })) });
      plan.dispose();
    }
    const result = arena.f32(y.ptr, n * heads * headDim).slice();
    for (const allocation of [y, ...Object.values(up)]) allocation.dispose();
    return result;
  };
  const dispose = (): void => {
    angles.dispose();
    cache.dispose();
  };
  return { cache, compute, dispose };
}

function rowOf({ qkv, width }: TextRows, row: number): number[] {
  return [...qkv.subarray(row * width, (row + 1) * width)];
}

/** What attention gives for row `row` of a text that sees the rows `seen`, in 64 bits. */
export function attentionReference(
  text: TextRows,
  row: number,
  seen: readonly number[],
): Float64Array {
  const { heads, kvHeads, headDim } = text;
  const result = new Float64Array(heads * headDim);
  for (let head = 0; head < heads; head++) {
    const kvHead = Math.floor((head * kvHeads) / heads);
    const q = rotated(text, row, head);
    const scores = seen.map((j) => {
      const key = rotated(text, j, heads + kvHead);
      return q.reduce((sum, v, d) => sum + v * key[d]!, 0) / Math.sqrt(headDim);
    });
    const top = Math.max(...scores);
    const powers = scores.map((score) => Math.exp(score - top));
    const total = powers.reduce((sum, v) => sum + v, 0);
    seen.forEach((j, i) => {
      const value = vectorOf(text, j, heads + kvHeads + kvHead);
      for (let d = 0; d < headDim; d++) {
        result[head * headDim + d]! += (powers[i]! / total) * value[d]!;
      }
    });
  }
  return result;
}

function vectorOf({ qkv, width, headDim }: TextRows, row: number, head: number): Float32Array {
  const at = row * width + head * headDim;
  return qkv.subarray(at, at + headDim);
}

function rotated(text: TextRows, row: number, head: number): Float64Array {
  return rotateReference(vectorOf(text, row, head), row, text.pairing);
}

/** A vector turned by the angles of a position, in 64 bits. */
export function rotateReference(
  vector: ArrayLike<number>,
  position: number,
  pairing: RopePairing,
): Float64Array {
  const y = Float64Array.from(vector);
  const half = y.length / 2;
  for (let i = 0; i < half; i++) {
    const angle = position * 10000 ** (-i / half);
    const [a, b] = pairing === "half" ? [i, i + half] : [2 * i, 2 * i + 1];
    y[a] = vector[a]! * Math.cos(angle) - vector[b]! * Math.sin(angle);
    y[b] = vector[b]! * Math.cos(angle) + vector[a]! * Math.sin(angle);
  }
  return y;
}
