// Attention over a cache of keys and values: steps of decoding against a pure read of as many bytes, and
// prefill as a rate of arithmetic. Shapes are those of the TinyStories models of 110M and 260K parameters.
import { type FigureInput, summaryOf } from "@edgewright/device-bench";
import { type Kernels, type Plan, planReadMemory } from "@edgewright/kernels";
import {
  createKvCache,
  createRotaryAngles,
  type KvCache,
  type KvCacheType,
  loadLanguageKernels,
  planCacheAttention,
  planRotateAndAttend,
} from "@edgewright/kernels/language";
import type { BenchContext } from "../context.js";

interface Shape {
  readonly name: string;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly lengths: readonly number[];
}

const SHAPES: readonly Shape[] = [
  {
    ...{ name: "110M", layers: 12, heads: 12, kvHeads: 12, headDim: 64 },
    lengths: [128, 512, 1024],
  },
  { ...{ name: "260K", layers: 5, heads: 8, kvHeads: 4, headDim: 8 }, lengths: [128, 512] },
];
const TYPES: readonly KvCacheType[] = ["f32", "f16", "int8"];

/** A step of decoding in all layers, and the reading of the bytes that it has to read. */
export async function benchDecodeAttention(context: BenchContext): Promise<FigureInput[]> {
  const rows: FigureInput[] = [];
  const kernels = await loadLanguageKernels({ variant: context.relaxed ? "relaxed" : "baseline" });
  for (const shape of SHAPES) {
    for (const type of TYPES) {
      for (const length of shape.lengths) {
        rows.push(...(await measureStep(context, kernels, shape, type, length)));
      }
    }
  }
  kernels.dispose();
  return rows;
}

/** A piece of text of `n` rows in one layer, which had nothing before. */
export async function benchPrefillAttention(context: BenchContext): Promise<FigureInput[]> {
  const rows: FigureInput[] = [];
  const kernels = await loadLanguageKernels({ variant: context.relaxed ? "relaxed" : "baseline" });
  for (const { name, heads, kvHeads, headDim } of SHAPES) {
    for (const type of TYPES) {
      for (const n of context.quick ? [128] : [128, 512]) {
        const sizes = { layers: 1, kvHeads, headDim, capacity: n, type };
        using cache = createKvCache(kernels, sizes);
        fillCache(kernels, cache);
        const width = heads * headDim;
        using q = kernels.arena.upload(numbers(n * width));
        using y = kernels.arena.allocate(n * width * 4);
        using state = kernels.arena.upload(Int32Array.of(0));
        using plan = planCacheAttention(kernels, {
          ...{ q: q.ptr, y: y.ptr, n, heads, cache: cache.layout, layer: 0, state: state.ptr },
        });
        const measured = await context.measure([{ name: "ours", run: () => kernels.run(plan) }]);
        const { median } = summaryOf(measured, "ours");
        const operations = 2 * heads * headDim * n * (n + 1);
        rows.push({
          metric: `prefill attention ${name}, ${type} cache, ${n} rows, a layer`,
          value: operations / median / 1e6,
          unit: "GFLOP/s",
          note: `${median.toFixed(2)} ms`,
        });
      }
    }
  }
  kernels.dispose();
  return rows;
}

async function measureStep(
  context: BenchContext,
  kernels: Kernels,
  { name, layers, heads, kvHeads, headDim }: Shape,
  type: KvCacheType,
  length: number,
): Promise<FigureInput[]> {
  const { arena } = kernels;
  const sizes = { layers, kvHeads, headDim, capacity: length, type };
  using cache = createKvCache(kernels, sizes);
  fillCache(kernels, cache);
  const width = (heads + 2 * kvHeads) * headDim;
  using qkv = arena.upload(numbers(width));
  using y = arena.allocate(heads * headDim * 4);
  using last = arena.upload(Int32Array.of(length - 1));
  using angles = arena.upload(createRotaryAngles({ places: length, rotated: headDim }));
  const plans = Array.from({ length: layers }, (_, layer) =>
    planRotateAndAttend(kernels, {
      ...{ qkv: qkv.ptr, n: 1, heads, positions: last.ptr, slots: last.ptr, angles: angles.ptr },
      ...{ places: length, pairing: "interleaved" },
      ...{ cache: cache.layout, layer, y: y.ptr, state: last.ptr },
    }),
  );
  using read = planReadMemory(kernels, cache.layout.data, cache.bytes);
  const runAll = (all: readonly Plan[]) => (): void => {
    for (const plan of all) kernels.run(plan);
  };
  const measured = await context.measure([
    { name: "ours", run: runAll(plans) },
    { name: "read", run: runAll([read]) },
  ]);
  for (const plan of plans) plan.dispose();
  const ours = summaryOf(measured, "ours").median;
  const reading = summaryOf(measured, "read").median;
  return [
    {
      metric: `decode attention ${name}, ${type} cache, ${length} positions, ${layers} layers`,
      value: ours * 1000,
      unit: "us",
      note: `${(cache.bytes / ours / 1e6).toFixed(1)} GB/s; reading alone ${(cache.bytes / reading / 1e6).toFixed(1)}`,
    },
  ];
}

function numbers(count: number): Float32Array {
  let state = 7;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) / 2 ** 24 - 0.5;
  });
}

/** Ordinary numbers in any type: 0.0115 as f32, 1.06 as f16, 60 as int8. */
function fillCache({ arena }: Kernels, cache: KvCache): void {
  arena.u8(cache.layout.data, cache.bytes).fill(0x3c);
}
