// f32 matrix product against onnxruntime-web, tfjs-wasm and ml-matrix, and against the multiply-adds that
// registers alone allow. Expected of a 4 x 8 tile without fused multiply-add: 24 instructions for 16 of
// arithmetic a step of k, four of which a processor could start a cycle, so 4 cycles of arithmetic against
// 24 / 6 of decoding on Zen 4, which leaves nothing to spare; with it 6 x 8 needs 22 instructions for 6
// cycles of arithmetic, and the peak is in reach.
import { type Candidate, type FigureInput, ratioOf, summaryOf } from "@edgewright/device-bench";
import { createPlan, type Kernels, loadKernels, packMatrix, planGemm } from "@edgewright/kernels";
import type { BenchContext } from "../context.js";
import { loadMlMatrix, loadOrtNode, loadOrtWeb, loadTfjsWasm, type Ort } from "../peers.js";
import { encodeOneNodeModel } from "./low-bit/one-node-model.js";

const SIZE = 512;
const FLOAT = 1;
const PEAK_UNITS = 500; // of 98304 floating-point operations

function drawFloats(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}

function planPeak({ arena }: Kernels) {
  const operands = arena.upload(new Float32Array(64).fill(1e-3));
  const job = { kernel: "peak_f32", params: [operands.ptr], units: PEAK_UNITS };
  return createPlan(arena, [job], [operands]);
}

async function ortCandidate(name: string, ort: Ort, a: Float32Array, b: Float32Array) {
  const dims = [SIZE, SIZE];
  const model = encodeOneNodeModel({
    op: "MatMul",
    inputs: [
      { name: "a", type: FLOAT, dims },
      { name: "b", type: FLOAT, dims, data: b },
    ],
    output: { name: "c", type: FLOAT, dims },
  });
  const session = await ort.createSession(model);
  const feeds = { a: new ort.Tensor("float32", a, dims) };
  return { name, run: () => session.run(feeds) };
}

/** 512^3 with a constant B. */
export async function benchGemm(context: BenchContext): Promise<FigureInput[]> {
  const [a, b] = [drawFloats(SIZE * SIZE, 1), drawFloats(SIZE * SIZE, 2)];
  const kernels = await loadKernels();
  const c = kernels.arena.allocate(SIZE * SIZE * 4);
  const packed = packMatrix(kernels, { data: b, rows: SIZE, cols: SIZE });
  const at = kernels.arena.upload(a).ptr;
  const shape = { m: SIZE, n: SIZE, k: SIZE };
  const plan = planGemm(kernels, { ...shape, a: at, b: packed, c: c.ptr });
  const peak = planPeak(kernels);
  const candidates: Candidate[] = [
    { name: "ours", run: () => kernels.run(plan) },
    { name: "peak", run: () => kernels.run(peak) },
  ];
  if (context.peers) await addPeers(context, candidates, a, b);
  // Long enough for the peers' large modules to leave the baseline tier.
  const m = await context.measure(candidates, { warmupMs: 1500 });

  const gigaflops = (2 * SIZE ** 3) / summaryOf(m, "ours").median / 1e6;
  const peakGigaflops = (PEAK_UNITS * 98304) / summaryOf(m, "peak").median / 1e6;
  const metric = `f32 GEMM ${SIZE}^3, ${kernels.variant}`;
  const median = summaryOf(m, "ours").median;
  const against = (peer: string, atLeast?: number): FigureInput => ({
    ...{ metric, value: median, unit: "ms", peer, ratio: ratioOf(m, "ours", peer).ratio },
    ...(atLeast === undefined ? {} : { target: { atLeast } }),
  });
  const figures: FigureInput[] = [
    { metric, value: gigaflops, unit: "GFLOP/s" },
    {
      metric: `${metric}, part of the multiply-add peak`,
      value: (100 * gigaflops) / peakGigaflops,
      unit: "%",
      target: { atLeast: 90 },
      note: `a loop in registers reaches ${peakGigaflops.toFixed(1)} GFLOP/s in this run`,
    },
  ];
  if (!context.peers) return figures;
  return [
    ...figures,
    against("onnxruntime-web", 1.8),
    against("tfjs-wasm", 1.4),
    against("ml-matrix", context.relaxed ? 16 : 45),
    against("onnxruntime-node"),
  ];
}

async function addPeers(
  context: BenchContext,
  candidates: Candidate[],
  a: Float32Array,
  b: Float32Array,
): Promise<void> {
  const web = await loadOrtWeb({ threads: 1 });
  const native = await loadOrtNode({ threads: 1 });
  const tfjs = await loadTfjsWasm({ threads: 1 });
  const { version, Matrix } = await loadMlMatrix();
  context.addVersions({
    "onnxruntime-web": web.version,
    "onnxruntime-node": native.version,
    "tfjs-wasm": tfjs.version,
    "ml-matrix": version,
  });
  const { tf } = tfjs;
  const [ta, tb] = [tf.tensor2d(a, [SIZE, SIZE]), tf.tensor2d(b, [SIZE, SIZE])];
  const [ma, mb] = [a, b].map((data) => Matrix.from1DArray(SIZE, SIZE, Array.from(data)));
  candidates.push(
    await ortCandidate("onnxruntime-web", web, a, b),
    await ortCandidate("onnxruntime-node", native, a, b),
    { name: "tfjs-wasm", run: () => tf.matMul(ta, tb).dispose() },
    { name: "ml-matrix", run: () => void ma!.mmul(mb!) },
  );
}
