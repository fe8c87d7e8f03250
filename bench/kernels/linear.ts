// What rows of x beside the first cost: L(n) / L(1) of products with the weights of language models. Decoding several
// candidates at once lives on it. The f32 matrix is larger than a core's second cache; the others are as many
// weights of a model's layer.
import {
  quantizeInt4Group,
  quantizeInt8Channel,
  quantizeInt8Group,
  quantizeTernary,
} from "@edgewright/core";
import { type Candidate, type FigureInput, ratioOf, summaryOf } from "@edgewright/device-bench";
import type { Kernels } from "@edgewright/kernels";
import {
  type LinearWeights,
  loadLanguageKernels,
  packLinear,
  planLinear,
} from "@edgewright/kernels/language";
import type { BenchContext } from "../context.js";

const COUNTS = [1, 2, 4, 8, 16];

interface Format {
  readonly name: string;
  readonly size: number;
  readonly int8Activations?: boolean;
  make(numbers: Float32Array, shape: number[]): LinearWeights;
}

const FORMATS: readonly Format[] = [
  { name: "f32", size: 1024, make: (data, shape) => ({ dtype: "f32", shape, data }) },
  { name: "int8-channel", size: 2048, make: quantizeInt8Channel },
  { name: "int8-group of 32", size: 2048, make: quantizeInt8Group },
  { name: "int4-group of 32", size: 2048, make: quantizeInt4Group },
  { name: "ternary", size: 2048, make: quantizeTernary },
  { name: "ternary, 8-bit x", size: 2048, make: quantizeTernary, int8Activations: true },
];

/** Products with 1 to 16 rows of x, one thread, in both builds. */
export async function benchLinear(context: BenchContext): Promise<FigureInput[]> {
  const rows: FigureInput[] = [];
  const variants = context.relaxed ? (["baseline", "relaxed"] as const) : (["baseline"] as const);
  for (const variant of variants) {
    using kernels = await loadLanguageKernels({ variant });
    for (const format of FORMATS) {
      const measured = await context.measure(candidatesOf(kernels, format), {
        iterations: 2,
        maxSeconds: context.quick ? 1 : 5,
      });
      for (const n of COUNTS) {
        const value = summaryOf(measured, nameOf(n)).median;
        const rate = (n * format.size ** 2) / value / 1e6;
        // ratioOf says how many times faster than the other one is.
        const cost = 1 / ratioOf(measured, nameOf(n), nameOf(1)).ratio;
        rows.push({
          metric: `${format.name} ${format.size}^2, ${nameOf(n)}, ${variant}`,
          ...{ value, unit: "ms" },
          note: `L(n)/L(1) ${cost.toFixed(2)}, ${rate.toFixed(1)} Gweights/s`,
        });
      }
    }
  }
  return rows;
}

const nameOf = (n: number): string => `n = ${n}`;

function candidatesOf(
  kernels: Kernels,
  { size, make, int8Activations = false }: Format,
): Candidate[] {
  const numbers = Float32Array.from({ length: size * size }, (_, i) => Math.sin(i * i) * 0.05);
  const weights = packLinear(kernels, make(numbers, [size, size]));
  const most = COUNTS.at(-1)!;
  const x = kernels.arena.upload(numbers.subarray(0, size * most)).ptr;
  const y = kernels.arena.allocate(size * most * 4).ptr;
  return COUNTS.map((n): Candidate => {
    const plan = planLinear(kernels, { weights, x, y, n, int8Activations });
    return { name: nameOf(n), run: () => kernels.run(plan) };
  });
}
