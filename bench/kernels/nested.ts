// Matrix-vector products at 4096 x 4096 with weights of 2 to 6 bits, of which a product reads as many as it wants,
// against our f16 weights. Every run takes the next matrix of a pool, so that no cache holds what it reads.
import { packBinaryCoded, packNested } from "@edgewright/core";
import { type Candidate, type FigureInput, ratioOf, summaryOf } from "@edgewright/device-bench";
import { type Kernels, packGemvWeights, planGemv } from "@edgewright/kernels";
import {
  type LinearWeights,
  loadLanguageKernels,
  type PackedLinear,
  packLinear,
  planLinear,
} from "@edgewright/kernels/language";
import type { BenchContext } from "../context.js";

const SIZE = 4096;
/** Bytes that the smallest products of a pool read together: several times the last-level cache. */
const POOL_BYTES = 160 * 2 ** 20;
/** Asked of time(f16) / time(bits). */
const OVER_F16: readonly (readonly [bits: number, ratio: number])[] = [
  [2, 5],
  [3, 3],
  [4, 2.1],
  [6, 1.4],
];

/** Binary-coded weights and nested codes at several widths, in both builds. */
export async function benchNested(context: BenchContext): Promise<FigureInput[]> {
  const rows: FigureInput[] = [];
  const variants = context.relaxed ? (["baseline", "relaxed"] as const) : (["baseline"] as const);
  for (const variant of variants) {
    const kernels = await loadLanguageKernels({ variant, initialBytes: 2 ** 30 });
    const formats: [name: string, make: () => LinearWeights][] = [
      ["binary-coded, scales by row", () => makeBinaryCoded(SIZE)],
      ["binary-coded, groups of 256", () => makeBinaryCoded(256)],
      ["binary-coded, groups of 64", () => makeBinaryCoded(64)],
      ["nested codes, tables by row", makeNested],
    ];
    for (const [name, make] of formats) {
      const pool = makePool(kernels, make());
      const reference = makeHalves(kernels);
      const group = [reference.candidate, ...pool.candidates];
      const measured = await context.measure(
        group.map((candidate) => ({ ...candidate, iterations: 4 })),
        { iterations: 1, maxSeconds: context.quick ? 2 : 10 },
      );
      for (const [bits, atLeast] of OVER_F16) {
        const of = nameOf(bits);
        const value = summaryOf(measured, of).median;
        const gigabytes = pool.weights.bytesAt(bits) / value / 1e6;
        const rate = (SIZE * SIZE) / value / 1e6;
        rows.push({
          metric: `GEMV 4096^2 ${name}, ${bits} bits, ${variant}`,
          ...{ value, unit: "ms", peer: "our f16", ratio: ratioOf(measured, of, "f16").ratio },
          target: { atLeast },
          note: `${rate.toFixed(1)} Gweights/s, ${gigabytes.toFixed(1)} GB/s`,
        });
      }
      pool.dispose();
      reference.dispose();
    }
    kernels.dispose();
  }
  return rows;
}

interface Pool {
  readonly candidates: readonly Candidate[];
  readonly weights: PackedLinear;
  dispose(): void;
}

const nameOf = (bits: number): string => `${bits} bits`;

/** A pool of equal matrices, each at its own address, with a candidate for each width. */
function makePool(kernels: Kernels, source: LinearWeights): Pool {
  const { arena } = kernels;
  const first = packLinear(kernels, source);
  const count = Math.ceil(POOL_BYTES / first.bytesAt(2));
  const vectors = makeVectors(kernels);
  const owned: { dispose(): void }[] = [first, vectors];
  const matrices = Array.from({ length: count }, (_, i) => {
    if (i === 0) return first;
    const copy = arena.allocate(first.bytes);
    owned.push(copy);
    arena.u8(copy.ptr, first.bytes).set(arena.u8(first.ptr, first.bytes));
    return moveTo(first, copy.ptr);
  });
  const candidates = OVER_F16.map(([bits]): Candidate => {
    const plans = matrices.map((weights) =>
      planLinear(kernels, { weights, x: vectors.x, y: vectors.y, n: 1, bits }),
    );
    owned.push(...plans);
    return { name: nameOf(bits), run: inTurn(kernels, plans) };
  });
  const dispose = (): void => {
    for (const one of owned) one.dispose();
  };
  return { candidates, weights: first, dispose };
}

/** Weights whose bytes lie at another address. */
function moveTo(weights: PackedLinear, ptr: number): PackedLinear {
  const moved = Object.entries(weights.layout).map(([name, value]) => [
    name,
    name.endsWith("Ptr") ? value - weights.ptr + ptr : value,
  ]);
  return { ...weights, ptr, layout: Object.fromEntries(moved) };
}

function makeHalves(kernels: Kernels): { candidate: Candidate; dispose(): void } {
  const next = numbers();
  const data = Uint16Array.from({ length: SIZE * SIZE }, () => 0x2c00 + next() * 1024);
  const vectors = makeVectors(kernels);
  const matrices = Array.from({ length: Math.ceil(POOL_BYTES / (data.length * 2)) }, () =>
    packGemvWeights(kernels, { format: "f16", rows: SIZE, cols: SIZE, data }),
  );
  const plans = matrices.map((weights) =>
    planGemv(kernels, { weights, x: vectors.x, y: vectors.y }),
  );
  const dispose = (): void => {
    for (const one of [...plans, ...matrices, vectors]) one.dispose();
  };
  return { candidate: { name: "f16", run: inTurn(kernels, plans) }, dispose };
}

function makeVectors(kernels: Kernels): { x: number; y: number; dispose(): void } {
  const next = numbers();
  const x = kernels.arena.upload(Float32Array.from({ length: SIZE }, () => next() - 0.5));
  const y = kernels.arena.allocate(SIZE * 4);
  const dispose = (): void => {
    x.dispose();
    y.dispose();
  };
  return { x: x.ptr, y: y.ptr, dispose };
}

function inTurn(kernels: Kernels, plans: readonly Parameters<Kernels["run"]>[0][]): () => void {
  let turn = 0;
  return () => {
    kernels.run(plans[turn]!);
    turn = (turn + 1) % plans.length;
  };
}

function makeBinaryCoded(groupSize: number): LinearWeights {
  const next = numbers();
  const groups = SIZE * (SIZE / groupSize);
  return packBinaryCoded({
    ...{ shape: [SIZE, SIZE], seedBits: 2, bits: 6, groupSize },
    codes: Uint8Array.from({ length: SIZE * SIZE }, () => next() * 64),
    scales: [2, 3, 4, 5, 6].map((width) =>
      Float32Array.from({ length: groups * (width + 1) }, () => next() / 50),
    ),
  });
}

function makeNested(): LinearWeights {
  const next = numbers();
  return packNested({
    ...{ shape: [SIZE, SIZE], seedBits: 2, bits: 6 },
    codes: Uint8Array.from({ length: SIZE * SIZE }, () => next() * 64),
    codebooks: [2, 3, 4, 5, 6].map((width) =>
      Float32Array.from({ length: SIZE * 2 ** width }, () => (next() - 0.5) / 10),
    ),
  });
}

function numbers(): () => number {
  let state = 7;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) / 2 ** 24;
  };
}
