// int8 matrix product and convolution against onnxruntime's MatMulInteger and QLinearConv.
import { type Candidate, type FigureInput, ratioOf, summaryOf } from "@edgewright/device-bench";
import {
  type Kernels,
  loadKernels,
  packConvWeights,
  packInt8ConvWeights,
  packInt8Matrix,
  planConv2d,
  planConvInt8,
  planGemmInt8,
  relaxedDotOperand,
} from "@edgewright/kernels";
import type { BenchContext } from "../context.js";
import { loadOrtNode, loadOrtWeb, type Ort } from "../peers.js";
import { encodeOneNodeModel, type ModelTensor } from "./low-bit/one-node-model.js";

const U8 = 2;
const I8 = 3;
const I32 = 6;
const F32 = 1;

/** Full-range codes: products and sums as large as they come. */
function drawCodes<T extends Uint8Array | Int8Array>(codes: T, seed: number): T {
  let state = seed;
  for (let i = 0; i < codes.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    codes[i] = state >>> 24;
  }
  return codes;
}

async function loadVariants(context: BenchContext): Promise<[name: string, kernels: Kernels][]> {
  const variants: [string, Kernels][] = [["baseline", await loadKernels({ variant: "baseline" })]];
  if (context.relaxed) variants.push(["relaxed", await loadKernels({ variant: "relaxed" })]);
  return variants;
}

/** Runs one node on a peer. */
async function peerCandidate(
  ort: Ort,
  name: string,
  model: Uint8Array,
  feeds: Record<string, { type: string; data: unknown; dims: readonly number[] }>,
): Promise<Candidate> {
  const session = await ort.createSession(model);
  const tensors = Object.fromEntries(
    Object.entries(feeds).map(([key, f]) => [key, new ort.Tensor(f.type, f.data, f.dims)]),
  );
  return { name, run: () => session.run(tensors) };
}

async function addPeers(
  context: BenchContext,
  candidates: Candidate[],
  model: Uint8Array,
  feeds: Parameters<typeof peerCandidate>[3],
): Promise<void> {
  if (!context.peers) return;
  const web = await loadOrtWeb({ threads: 1 });
  const native = await loadOrtNode({ threads: 1 });
  context.addVersions({ "onnxruntime-web": web.version, "onnxruntime-node": native.version });
  candidates.push(await peerCandidate(web, "onnxruntime-web", model, feeds));
  candidates.push(await peerCandidate(native, "onnxruntime-node", model, feeds));
}

/** How the relaxed build forms its products on this machine, for the notes. */
function describeDot(): string {
  const operand = relaxedDotOperand();
  return operand === "seven-bit"
    ? "no exact 8-bit dot product in this engine on this CPU: the i16 path runs"
    : `8-bit dot product, second operand ${operand}`;
}

/** u8 x i8 with i32 sums, 512^3. */
export async function benchGemmInt8(context: BenchContext): Promise<FigureInput[]> {
  const size = 512;
  const a = drawCodes(new Uint8Array(size * size), 1);
  const b = drawCodes(new Int8Array(size * size), 2);
  const candidates: Candidate[] = [];
  const variants = await loadVariants(context);
  for (const [name, kernels] of variants) {
    const packed = packInt8Matrix(kernels, { data: b, rows: size, cols: size });
    const input = { ptr: kernels.arena.upload(a).ptr, dtype: "u8" as const, zeroPoint: 128 };
    const c = kernels.arena.allocate(size * size * 4);
    const plan = planGemmInt8(kernels, { a: input, b: packed, c: c.ptr, m: size });
    candidates.push({ name, run: () => kernels.run(plan) });
  }
  const shape = [size, size];
  const model = encodeOneNodeModel({
    op: "MatMulInteger",
    inputs: [
      { name: "a", type: U8, dims: shape },
      { name: "b", type: I8, dims: shape, data: b },
      { name: "za", type: U8, dims: [], data: Uint8Array.of(128) },
    ],
    output: { name: "c", type: I32, dims: shape },
  });
  await addPeers(context, candidates, model, { a: { type: "uint8", data: a, dims: shape } });
  const measured = await context.measure(candidates);
  return variants
    .map(([name]): FigureInput => {
      const time = summaryOf(measured, name).median;
      const rate = `${((2 * size ** 3) / time / 1e6).toFixed(1)} GOP/s`;
      const note = name === "relaxed" ? `${rate}; ${describeDot()}` : rate;
      const row = { metric: `int8 GEMM 512^3, ${name}`, value: time, unit: "ms", note };
      if (!context.peers) return row;
      const { ratio } = ratioOf(measured, name, "onnxruntime-web");
      const atLeast = name === "relaxed" ? 2.5 : 1.2;
      return { ...row, peer: "onnxruntime-web", ratio, target: { atLeast } };
    })
    .concat(nativeRow(context, measured, "int8 GEMM 512^3", variants));
}

function nativeRow(
  context: BenchContext,
  measured: Parameters<typeof ratioOf>[0],
  metric: string,
  variants: readonly [string, Kernels][],
): FigureInput[] {
  if (!context.peers) return [];
  const best = variants.at(-1)![0];
  const { ratio } = ratioOf(measured, best, "onnxruntime-node");
  const value = summaryOf(measured, best).median;
  const note = "native code, for reference";
  return [
    { metric: `${metric}, ${best}`, value, unit: "ms", peer: "onnxruntime-node", ratio, note },
  ];
}

/** 3x3, 32 -> 64 channels at 56x56, u8 in and out, i8 weights with a scale a channel. */
export async function benchConvInt8(context: BenchContext): Promise<FigureInput[]> {
  const [h, w, c, oc] = [56, 56, 32, 64];
  const x = drawCodes(new Uint8Array(h * w * c), 3);
  const weights = drawCodes(new Int8Array(oc * c * 9), 4);
  const scales = Float32Array.from({ length: oc }, (_, i) => 0.01 + i / 10000);
  const [xScale, yScale, xZero, yZero] = [0.02, 0.5, 128, 120];
  const scale = scales.map((s) => (s * xScale) / yScale);
  const bias = Int32Array.from({ length: oc }, (_, i) => i * 100 - 3000);
  const pads = [1, 1, 1, 1] as const;
  const candidates: Candidate[] = [];
  const variants = await loadVariants(context);
  for (const [name, kernels] of variants) {
    const { arena } = kernels;
    const packed = packInt8ConvWeights(kernels, { weights, c, oc, kh: 3, kw: 3 });
    const plan = planConvInt8(kernels, {
      x: { ptr: arena.upload(x).ptr, dtype: "u8", zeroPoint: xZero },
      ...{ y: arena.allocate(h * w * oc).ptr, h, w, weights: packed, pads },
      output: { dtype: "u8", scale, bias, zeroPoint: yZero },
    });
    candidates.push({ name, run: () => kernels.run(plan) });
    const f32Shape = { c, oc, kh: 3, kw: 3 };
    // The same sums, one multiplication each, and what f32 takes by itself: Winograd's algorithm.
    for (const algorithm of ["direct", "winograd"] as const) {
      const f32Weights = packConvWeights(kernels, {
        ...{ ...f32Shape, algorithm },
        weights: Float32Array.from(weights, (code) => code / 128),
      });
      const f32Plan = planConv2d(kernels, {
        ...{ ...f32Shape, h, w, pads, weights: f32Weights },
        x: arena.upload(Float32Array.from(x, (code) => code / 256)).ptr,
        y: arena.allocate(h * w * oc * 4).ptr,
      });
      candidates.push({ name: `f32 ${algorithm}, ${name}`, run: () => kernels.run(f32Plan) });
    }
  }
  const scalar = (name: string, type: number, data: ArrayBufferView): ModelTensor => ({
    ...{ name, type, dims: [], data },
  });
  const model = encodeOneNodeModel({
    op: "QLinearConv",
    inputs: [
      { name: "x", type: U8, dims: [1, c, h, w] },
      scalar("xs", F32, Float32Array.of(xScale)),
      scalar("xz", U8, Uint8Array.of(xZero)),
      { name: "w", type: I8, dims: [oc, c, 3, 3], data: weights },
      { name: "ws", type: F32, dims: [oc], data: scales },
      { name: "wz", type: I8, dims: [oc], data: new Int8Array(oc) },
      scalar("ys", F32, Float32Array.of(yScale)),
      scalar("yz", U8, Uint8Array.of(yZero)),
      { name: "b", type: I32, dims: [oc], data: bias },
    ],
    output: { name: "y", type: U8, dims: [1, oc, h, w] },
    attributes: { pads },
  });
  const nchw = { type: "uint8", data: x, dims: [1, c, h, w] };
  await addPeers(context, candidates, model, { x: nchw });
  const measured = await context.measure(candidates);
  const macs = h * w * c * oc * 9;
  const metric = "int8 conv 3x3 32->64 56x56";
  return variants
    .flatMap(([name]): FigureInput[] => {
      const value = summaryOf(measured, name).median;
      const rate = `${((2 * macs) / value / 1e6).toFixed(1)} GOP/s`;
      const note = name === "relaxed" ? `${rate}; ${describeDot()}` : rate;
      const row = { metric: `${metric}, ${name}`, value, unit: "ms", note };
      const own = (algorithm: string): number =>
        ratioOf(measured, name, `f32 ${algorithm}, ${name}`).ratio;
      const rows: FigureInput[] = [
        { ...row, peer: "our f32, direct", ratio: own("direct"), target: { atLeast: 1.7 } },
        { ...row, peer: "our f32, Winograd", ratio: own("winograd") },
      ];
      if (context.peers) {
        const { ratio } = ratioOf(measured, name, "onnxruntime-web");
        rows.push({ ...row, peer: "onnxruntime-web", ratio, target: { atLeast: 1.3 } });
      }
      return rows;
    })
    .concat(nativeRow(context, measured, metric, variants));
}
