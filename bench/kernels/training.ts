// The three passes of a convolution in training, packing of weights and padding included, each as a part of
// the forward pass's speed; and the products of linear layers.
import { type Candidate, type FigureInput, ratioOf, summaryOf } from "@edgewright/device-bench";
import { type Kernels, packConvWeights, planConv2d } from "@edgewright/kernels";
import {
  type ConvPassSpec,
  convForwardWorkspaceBytes,
  convInputGradientWorkspaceBytes,
  convWeightGradientWorkspaceBytes,
  loadTrainingKernels,
  type ProductShape,
  planBiasGradient,
  planConvForward,
  planConvInputGradient,
  planConvWeightGradient,
  planProduct,
  productWorkspaceBytes,
} from "@edgewright/kernels/training";
import type { BenchContext } from "../context.js";

/** What each pass shall reach of the forward pass's rate. */
const PART_OF_FORWARD = 0.6;

interface Layer extends ConvPassSpec {
  readonly name: string;
}

const SAME_3X3 = { kh: 3, kw: 3, pads: [1, 1, 1, 1] } as const;

const LAYERS: readonly Layer[] = [
  { name: "3x3 32->64 at 56x56", h: 56, w: 56, c: 32, oc: 64, ...SAME_3X3 },
  {
    name: "ResNet-8 3x3 16->16 at 32x32, batch 32",
    n: 32,
    h: 32,
    w: 32,
    c: 16,
    oc: 16,
    ...SAME_3X3,
  },
  {
    ...{ name: "ResNet-8 3x3 16->32 /2 at 32x32, batch 32", n: 32, h: 32, w: 32, c: 16, oc: 32 },
    ...{ ...SAME_3X3, strides: [2, 2] },
  },
  {
    name: "ResNet-8 3x3 32->32 at 16x16, batch 32",
    n: 32,
    h: 16,
    w: 16,
    c: 32,
    oc: 32,
    ...SAME_3X3,
  },
  {
    ...{ name: "ResNet-8 3x3 32->64 /2 at 16x16, batch 32", n: 32, h: 16, w: 16, c: 32, oc: 64 },
    ...{ ...SAME_3X3, strides: [2, 2] },
  },
  { name: "ResNet-8 3x3 64->64 at 8x8, batch 32", n: 32, h: 8, w: 8, c: 64, oc: 64, ...SAME_3X3 },
  { name: "LeNet-5 5x5 6->16 at 14x14, batch 32", n: 32, h: 14, w: 14, c: 6, oc: 16, kh: 5, kw: 5 },
];

/** Layers next to the data, whose input needs no gradient. */
const FIRST_LAYERS: readonly Layer[] = [
  { name: "ResNet-8 3x3 3->16 at 32x32, batch 32", n: 32, h: 32, w: 32, c: 3, oc: 16, ...SAME_3X3 },
  {
    ...{ name: "LeNet-5 5x5 1->6 at 28x28, batch 32", n: 32, h: 28, w: 28, c: 1, oc: 6 },
    ...{ kh: 5, kw: 5, pads: [2, 2, 2, 2] },
  },
];

type Pass = "forward" | "input gradient" | "weight gradient" | "bias gradient" | "inference";

function prepare(kernels: Kernels, layer: Layer) {
  const { arena } = kernels;
  const { n = 1, h, w, c, oc, kh, kw, strides = [1, 1], pads = [0, 0, 0, 0] } = layer;
  const oh = Math.floor((h + pads[0] + pads[2] - kh) / strides[0]) + 1;
  const ow = Math.floor((w + pads[1] + pads[3] - kw) / strides[1]) + 1;
  let state = 1;
  const tensor = (count: number): number =>
    arena.upload(
      Float32Array.from({ length: count }, () => {
        state = (Math.imul(state, 1664525) + 1013904223) | 0;
        return state / 2 ** 31;
      }),
    ).ptr;
  const [x, dx] = [tensor(n * h * w * c), tensor(n * h * w * c)];
  const [y, dy] = [tensor(n * oh * ow * oc), tensor(n * oh * ow * oc)];
  const [weights, dw, bias] = [tensor(kh * kw * c * oc), tensor(kh * kw * c * oc), tensor(oc)];
  const bytes = [
    convForwardWorkspaceBytes(layer),
    convInputGradientWorkspaceBytes(layer),
    convWeightGradientWorkspaceBytes(layer),
  ];
  const workspace = arena.allocate(Math.max(...bytes)).ptr;
  const constant = new Float32Array(kh * kw * c * oc).fill(0.01);
  const packed = packConvWeights(kernels, { ...layer, weights: constant, algorithm: "direct" });
  const plans = {
    forward: planConvForward(kernels, { ...layer, x, weights, bias, y, workspace }),
    "input gradient": planConvInputGradient(kernels, { ...layer, dy, weights, dx, workspace }),
    "weight gradient": planConvWeightGradient(kernels, { ...layer, x, dy, dw, workspace }),
    "bias gradient": planBiasGradient(kernels, { dy, rows: n * oh * ow, cols: oc, db: bias }),
    // The peak that the passes are held against: constant weights, packed once.
    inference: planConv2d(kernels, { ...layer, x, weights: packed, bias, y }),
  };
  const candidate = (name: Pass): Candidate => ({ name, run: () => kernels.run(plans[name]) });
  return { candidate, flops: 2 * n * oh * ow * oc * c * kh * kw };
}

/** Forward pass, input gradient and weight gradient by one kernel, each with everything that a step repeats. */
export function benchTrainingPasses(context: BenchContext): Promise<FigureInput[]> {
  return measurePasses(context, [...LAYERS, ...FIRST_LAYERS], "direct");
}

/** The same by the algorithm that is chosen where nothing is said: Winograd's for these. */
export function benchTrainingWinograd(context: BenchContext): Promise<FigureInput[]> {
  const layers = LAYERS.filter(({ kh, strides }) => kh === 3 && strides === undefined);
  return measurePasses(context, layers, "auto");
}

async function measurePasses(
  context: BenchContext,
  layers: readonly Layer[],
  algorithm: "auto" | "direct",
): Promise<FigureInput[]> {
  const figures: FigureInput[] = [];
  for (const layer of layers) {
    const kernels = await loadTrainingKernels();
    const { candidate, flops } = prepare(kernels, { ...layer, algorithm });
    const passes: Pass[] = ["forward", "input gradient", "weight gradient"];
    if (FIRST_LAYERS.includes(layer)) passes.splice(1, 1);
    const all: Pass[] = [...passes, "bias gradient", "inference"];
    const m = await context.measure(all.map(candidate));
    for (const pass of passes) {
      const metric = `${layer.name}, ${algorithm}, ${pass}, ${kernels.variant}`;
      const value = flops / summaryOf(m, pass).median / 1e6;
      figures.push(
        pass === "forward"
          ? {
              ...{
                metric,
                value,
                unit: "GFLOP/s",
                peer: "inference, direct, weights packed before",
              },
              ratio: ratioOf(m, pass, "inference").ratio,
            }
          : {
              ...{ metric, value, unit: "GFLOP/s", peer: "its forward pass" },
              ...{ ratio: ratioOf(m, pass, "forward").ratio, target: { atLeast: PART_OF_FORWARD } },
            },
      );
    }
    if (algorithm === "direct") {
      figures.push({
        metric: `${layer.name}, bias gradient, ${kernels.variant}`,
        value: summaryOf(m, "bias gradient").median,
        unit: "ms",
      });
    }
    kernels.dispose();
  }
  return figures;
}

/** The three products of a linear layer: x W, dy W^T and x^T dy. */
export async function benchLinearPasses(context: BenchContext): Promise<FigureInput[]> {
  const figures: FigureInput[] = [];
  const kernels = await loadTrainingKernels();
  const { arena } = kernels;
  for (const [rows, inner, outer] of [
    [32, 400, 120],
    [256, 512, 512],
  ] as const) {
    const tensor = (count: number): number => arena.upload(new Float32Array(count).fill(0.5)).ptr;
    const [x, dx] = [tensor(rows * inner), tensor(rows * inner)];
    const [y, weight, dw] = [tensor(rows * outer), tensor(inner * outer), tensor(inner * outer)];
    const shapes: Record<string, ProductShape> = {
      forward: { m: rows, n: outer, k: inner },
      "input gradient": { m: rows, n: inner, k: outer, transposeB: true },
      "weight gradient": { m: inner, n: outer, k: rows, transposeA: true },
    };
    const operands: Record<string, { a: number; b: number; c: number }> = {
      forward: { a: x, b: weight, c: y },
      "input gradient": { a: y, b: weight, c: dx },
      "weight gradient": { a: x, b: y, c: dw },
    };
    const names = Object.keys(shapes);
    const m = await context.measure(
      names.map((name): Candidate => {
        const workspace = arena.allocate(productWorkspaceBytes(shapes[name]!)).ptr;
        const plan = planProduct(kernels, { ...shapes[name]!, ...operands[name]!, workspace });
        return { name, run: () => kernels.run(plan) };
      }),
    );
    for (const name of names) {
      const metric = `linear [${rows}, ${inner}] -> ${outer}, ${name}, ${kernels.variant}`;
      const value = (2 * rows * inner * outer) / summaryOf(m, name).median / 1e6;
      const ratio = ratioOf(m, name, "forward").ratio;
      const part = { peer: "its forward pass", ratio, target: { atLeast: PART_OF_FORWARD } };
      figures.push({ metric, value, unit: "GFLOP/s", ...(name === "forward" ? {} : part) });
    }
  }
  kernels.dispose();
  return figures;
}
