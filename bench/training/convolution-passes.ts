// The three passes of 3 x 3 convolutions as the engine chooses them (Winograd's algorithm where it fits), packing
// and padding included; beside them the direct algorithm, and the forward pass of inference with weights packed
// beforehand. GFLOP/s count the multiplications of the direct algorithm.
import { type FigureInput, ratioOf, summaryOf } from "@edgewright/device-bench";
import { type Kernels, type Plan, packConvWeights, planConv2d } from "@edgewright/kernels";
import {
  type ConvPassSpec,
  convForwardWorkspaceBytes,
  convInputGradientWorkspaceBytes,
  convWeightGradientWorkspaceBytes,
  loadTrainingKernels,
  planConvForward,
  planConvInputGradient,
  planConvWeightGradient,
} from "@edgewright/kernels/training";
import type { BenchContext } from "../context.js";
import { createNumbers } from "./network.js";

const LEAST_PART_OF_FORWARD = 0.6;

const SHAPES: readonly { name: string; n: number; side: number; c: number; oc: number }[] = [
  { name: "32->64 at 56x56", n: 1, side: 56, c: 32, oc: 64 },
  { name: "16->16 at 32x32, 32 images", n: 32, side: 32, c: 16, oc: 16 },
  { name: "32->32 at 16x16, 32 images", n: 32, side: 16, c: 32, oc: 32 },
  { name: "64->64 at 8x8, 32 images", n: 32, side: 8, c: 64, oc: 64 },
];

/** GFLOP/s of each pass, and the gradients as parts of the forward pass. */
export async function benchConvolutionPasses(context: BenchContext): Promise<FigureInput[]> {
  const rows: FigureInput[] = [];
  for (const { name, n, side, c, oc } of SHAPES) {
    using kernels = await loadTrainingKernels();
    const spec: ConvPassSpec = {
      ...{ n, h: side, w: side, c, oc, kh: 3, kw: 3 },
      pads: [1, 1, 1, 1],
    };
    const plans = planPasses(kernels, spec);
    const candidates = Object.entries(plans).map(([pass, plan]) => ({
      name: pass,
      run: () => kernels.run(plan),
    }));
    const measured = await context.measure(candidates, { clock: "cpu" });
    const flop = 2 * n * side * side * 9 * c * oc;
    for (const pass of Object.keys(plans)) {
      const value = flop / summaryOf(measured, pass).median / 1e6;
      const row = { metric: `conv 3x3 ${name}, ${pass}`, value, unit: "GFLOP/s" };
      if (pass === "forward") {
        rows.push(row);
        continue;
      }
      rows.push({
        ...row,
        peer: "forward",
        ratio: ratioOf(measured, pass, "forward").ratio,
        ...(pass.endsWith("gradient") && { target: { atLeast: LEAST_PART_OF_FORWARD } }),
      });
    }
  }
  return rows;
}

function planPasses(kernels: Kernels, spec: ConvPassSpec): Record<string, Plan> {
  const { arena } = kernels;
  const { n = 1, h, w, c, oc, kh, kw, pads } = spec;
  const next = createNumbers(5);
  const numbers = (length: number): Float32Array => Float32Array.from({ length }, next);
  const upload = (length: number): number => arena.upload(numbers(length)).ptr;
  const weightValues = numbers(kh * kw * c * oc);
  const [x, dy, weights] = [
    upload(n * h * w * c),
    upload(n * h * w * oc),
    arena.upload(weightValues),
  ];
  const [y, dx, dw] = [upload(n * h * w * oc), upload(n * h * w * c), upload(weightValues.length)];
  const workspace = (bytes: number): number => arena.allocate(Math.max(bytes, 16)).ptr;
  // Packed as inference does it: [oc, c, kh, kw] before there is any image.
  const planar = Float32Array.from(weightValues, (_, i) => {
    const tap = i % (kh * kw);
    const channel = Math.floor(i / (kh * kw)) % c;
    return weightValues[(tap * c + channel) * oc + Math.floor(i / (kh * kw * c))]!;
  });
  const packed = packConvWeights(kernels, { ...spec, weights: planar, algorithm: "direct" });
  const direct: ConvPassSpec = { ...spec, algorithm: "direct" };
  const forward = (shape: ConvPassSpec): Plan =>
    planConvForward(kernels, {
      ...{ ...shape, x, weights: weights.ptr, y },
      workspace: workspace(convForwardWorkspaceBytes(shape)),
    });
  const inputGradient = (shape: ConvPassSpec): Plan =>
    planConvInputGradient(kernels, {
      ...{ ...shape, dy, weights: weights.ptr, dx },
      workspace: workspace(convInputGradientWorkspaceBytes(shape)),
    });
  const weightGradient = (shape: ConvPassSpec): Plan =>
    planConvWeightGradient(kernels, {
      ...{ ...shape, x, dy, dw },
      workspace: workspace(convWeightGradientWorkspaceBytes(shape)),
    });
  return {
    forward: forward(spec),
    "input gradient": inputGradient(spec),
    "weight gradient": weightGradient(spec),
    "forward, direct": forward(direct),
    "input gradient, direct": inputGradient(direct),
    "weight gradient, direct": weightGradient(direct),
    "inference, direct": planConv2d(kernels, {
      ...{ n, h, w, c, oc, kh, kw, weights: packed, x, y },
      ...(pads && { pads }),
    }),
  };
}
