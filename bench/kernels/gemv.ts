// Matrix-vector products at 4096 x 4096 with weights that are in no cache: every run takes the next
// matrix of a pool several times the size of the last-level cache.
import { type Candidate, type FigureInput, ratioOf, summaryOf } from "@edgewright/device-bench";
import {
  type GemvWeights,
  type Kernels,
  loadKernels,
  packGemvWeights,
  planGemv,
  planReadMemory,
} from "@edgewright/kernels";
import type { BenchContext } from "../context.js";
import { loadOrtWeb } from "../peers.js";
import { encodeOneNodeModel } from "./low-bit/one-node-model.js";

const SIZE = 4096;
const POOL_BYTES = 208 * 2 ** 20;

interface Pool {
  readonly candidate: Candidate;
  /** What one product reads. */
  readonly bytes: number;
  dispose(): void;
}

function numbers(): () => number {
  let state = 7;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) / 2 ** 24;
  };
}

/** A pool of equal matrices, each at its own address. */
function makePool(kernels: Kernels, name: string, weights: GemvWeights): Pool {
  const { arena } = kernels;
  const next = numbers();
  const first = packGemvWeights(kernels, weights);
  const scalesAt = first.scalesPtr - first.ptr;
  const count = Math.max(2, Math.ceil(POOL_BYTES / first.bytes));
  const x = arena.upload(Float32Array.from({ length: SIZE }, () => next() - 0.5));
  const y = arena.allocate(SIZE * 4);
  const owned: { dispose(): void }[] = [first, x, y];
  const plans = Array.from({ length: count }, (_, i) => {
    if (i === 0) return planGemv(kernels, { weights: first, x: x.ptr, y: y.ptr });
    const copy = arena.allocate(first.bytes);
    owned.push(copy);
    arena.u8(copy.ptr, first.bytes).set(arena.u8(first.ptr, first.bytes));
    const packed = { ...first, ptr: copy.ptr, scalesPtr: copy.ptr + scalesAt };
    return planGemv(kernels, { weights: packed, x: x.ptr, y: y.ptr });
  });
  let turn = 0;
  const run = (): void => {
    kernels.run(plans[turn]!);
    turn = (turn + 1) % plans.length;
  };
  const dispose = (): void => {
    for (const one of [...plans, ...owned]) one.dispose();
  };
  return { candidate: { name, run }, bytes: first.bytes, dispose };
}

function makeWeights(format: string): GemvWeights {
  const next = numbers();
  const length = SIZE * SIZE;
  const shape = { rows: SIZE, cols: SIZE };
  switch (format) {
    case "f16":
      return { ...shape, format, data: Uint16Array.from({ length }, () => 0x2c00 + next() * 1024) };
    case "bf16":
      return { ...shape, format, data: Uint16Array.from({ length }, () => 0x3d00 + next() * 128) };
    case "int8": {
      const data = Int8Array.from({ length }, () => next() * 256 - 128);
      return { ...shape, format, data, scales: Float32Array.from({ length: SIZE }, next) };
    }
    case "int4 g32":
    case "int4 g128": {
      const groupSize = format === "int4 g32" ? 32 : 128;
      const scales = Float32Array.from({ length: length / groupSize }, next);
      const data = Uint8Array.from({ length }, () => next() * 16);
      return { ...shape, format: "int4", data, scales, groupSize };
    }
    case "ternary":
      return {
        ...{ ...shape, format, scales: 0.02 },
        data: Int8Array.from({ length }, () => Math.floor(next() * 3) - 1),
      };
    default:
      return { ...shape, format: "f32", data: Float32Array.from({ length }, () => next() - 0.5) };
  }
}

/** MatMulNBits of onnxruntime-web, blocks of 32, or its plain MatMul. */
async function peerCandidate(context: BenchContext, bits: 2 | 4 | 32): Promise<Candidate> {
  const ort = await loadOrtWeb({ threads: 1 });
  context.addVersions({ "onnxruntime-web": ort.version });
  const next = numbers();
  const input = { name: "x", type: 1, dims: [1, SIZE] };
  const output = { name: "y", type: 1, dims: [1, SIZE] };
  const blocks = SIZE / 32;
  const model =
    bits === 32
      ? encodeOneNodeModel({
          op: "MatMul",
          inputs: [
            input,
            {
              ...{ name: "w", type: 1, dims: [SIZE, SIZE] },
              data: Float32Array.from({ length: SIZE * SIZE }, () => next() - 0.5),
            },
          ],
          output,
        })
      : encodeOneNodeModel({
          ...{ op: "MatMulNBits", domain: "com.microsoft" },
          inputs: [
            input,
            {
              ...{ name: "w", type: 2, dims: [SIZE, blocks, 4 * bits] },
              data: Uint8Array.from({ length: SIZE * blocks * 4 * bits }, () => next() * 256),
            },
            {
              ...{ name: "s", type: 1, dims: [SIZE * blocks] },
              data: Float32Array.from({ length: SIZE * blocks }, next),
            },
          ],
          output,
          attributes: { K: SIZE, N: SIZE, bits, block_size: 32, accuracy_level: 4 },
        });
  const session = await ort.createSession(model);
  const x = new ort.Tensor(
    "float32",
    Float32Array.from({ length: SIZE }, () => next() - 0.5),
    [1, SIZE],
  );
  return { name: "onnxruntime-web", run: () => session.run({ x }) };
}

interface Case {
  readonly format: string;
  readonly variant: "baseline" | "relaxed";
  /** Asked of time(f32) / time(format). */
  readonly overF32?: number;
  readonly overPeer?: number;
  readonly bits?: 2 | 4 | 32;
}

/** All formats against f32, and f32 against a pure read loop. */
export async function benchGemv(context: BenchContext): Promise<FigureInput[]> {
  const baseline = await loadKernels({ variant: "baseline", initialBytes: 2 ** 30 });
  const f32 = makePool(baseline, "f32", makeWeights("f32"));
  const rows: FigureInput[] = [];
  const options = { iterations: 1, ...(context.quick ? { maxSeconds: 2 } : { maxSeconds: 10 }) };
  const once = (candidate: Candidate): Candidate => ({ ...candidate, iterations: 4 });

  const readBytes = 64 * 2 ** 20;
  const read = baseline.arena.allocate(readBytes * 3);
  baseline.arena.u8(read.ptr, readBytes * 3).fill(1);
  const reads = [0, 1, 2].map((i) => planReadMemory(baseline, read.ptr + i * readBytes, readBytes));
  let turn = 0;
  const readAll = (): void => baseline.run(reads[turn++ % 3]!);
  const candidates = [{ name: "read", run: readAll }, f32.candidate].map(once);
  if (context.peers) candidates.push(once(await peerCandidate(context, 32)));
  const first = await context.measure(candidates, options);
  const bandwidth = readBytes / summaryOf(first, "read").median / 1e6;
  const f32Time = summaryOf(first, "f32").median;
  rows.push(
    { metric: "read bandwidth, pure loop", value: bandwidth, unit: "GB/s" },
    {
      ...{ metric: "GEMV 4096^2 f32, part of the read bandwidth", unit: "%" },
      value: 100 * ratioOf(first, "f32", "read").ratio * (f32.bytes / readBytes),
      ...{ target: { atLeast: 90 }, note: describe(f32.bytes, f32Time, bandwidth) },
    },
  );
  if (context.peers) {
    const { ratio } = ratioOf(first, "f32", "onnxruntime-web");
    rows.push({
      metric: "GEMV 4096^2 f32",
      value: f32Time,
      unit: "ms",
      peer: "onnxruntime-web",
      ratio,
    });
  }
  for (const one of [...reads, read]) one.dispose();

  const cases: Case[] = [
    { format: "f16", variant: "baseline" },
    { format: "bf16", variant: "baseline" },
    { format: "int8", variant: "baseline", overF32: 3.6 },
    { format: "int4 g32", variant: "baseline", overF32: 4.2, overPeer: 50, bits: 4 },
    { format: "int4 g128", variant: "baseline", overF32: 4.2 },
    { format: "ternary", variant: "baseline", overF32: 8, overPeer: 90, bits: 2 },
  ];
  if (context.relaxed) {
    cases.push(
      { format: "int4 g32", variant: "relaxed", overF32: 5.5, overPeer: 50, bits: 4 },
      { format: "int4 g128", variant: "relaxed", overF32: 5.5 },
      { format: "ternary", variant: "relaxed", overF32: 10, overPeer: 90, bits: 2 },
    );
  }
  const relaxed = context.relaxed ? await loadKernels({ variant: "relaxed" }) : baseline;
  for (const { format, variant, overF32, overPeer, bits } of cases) {
    const name = `${format}, ${variant}`;
    const pool = makePool(variant === "relaxed" ? relaxed : baseline, name, makeWeights(format));
    const group = [once(pool.candidate), once(f32.candidate)];
    const peer = context.peers && bits ? await peerCandidate(context, bits) : undefined;
    if (peer) group.push({ ...peer, iterations: 1 });
    const measured = await context.measure(group, options);
    const value = summaryOf(measured, name).median;
    const note = describe(pool.bytes, value, bandwidth);
    const row = { metric: `GEMV 4096^2 ${name}`, value, unit: "ms", note };
    const over = ratioOf(measured, name, "f32").ratio;
    const target = overF32 === undefined ? {} : { target: { atLeast: overF32 } };
    rows.push({ ...row, peer: "our f32", ratio: over, ...target });
    if (peer && overPeer) {
      const { ratio } = ratioOf(measured, name, "onnxruntime-web");
      const metric = `${row.metric}, against ${bits}-bit MatMulNBits`;
      rows.push({ ...row, metric, peer: "onnxruntime-web", ratio, target: { atLeast: overPeer } });
    }
    pool.dispose();
  }
  f32.dispose();
  return rows;
}

function describe(bytes: number, time: number, bandwidth: number): string {
  const rate = bytes / time / 1e6;
  const weights = (SIZE * SIZE) / time / 1e6;
  const part = ((100 * rate) / bandwidth).toFixed(0);
  return `${rate.toFixed(1)} GB/s (${part} % of the read loop), ${weights.toFixed(1)} Gweights/s`;
}
