// f32 convolutions against onnxruntime-web (which runs NCHW) and tfjs-wasm, ours NHWC: each in the layout
// that it keeps between layers. The twelve shapes are layers of the three PaddleOCR models (detector at
// 640 x 640, recogniser at 48 x 320, orientation classifier at 48 x 192), with bias, as folded models have.
import { type Candidate, type FigureInput, ratioOf, summaryOf } from "@edgewright/device-bench";
import {
  type ConvAlgorithm,
  convOutputSize,
  type Kernels,
  loadKernels,
  packConvWeights,
  planConv2d,
} from "@edgewright/kernels";
import type { BenchContext } from "../context.js";
import { loadOrtNode, loadOrtWeb, loadTfjsWasm, type Ort } from "../peers.js";
import { encodeOneNodeModel } from "./low-bit/one-node-model.js";

const FLOAT = 1;

interface Layer {
  readonly name: string;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly oc: number;
  readonly k: number;
  readonly strides?: readonly [number, number];
  readonly depthwise?: boolean;
}

const BASIC: Layer = { name: "3x3 32->64 at 56x56", h: 56, w: 56, c: 32, oc: 64, k: 3 };

const OCR_LAYERS: readonly Layer[] = [
  { name: "detector first", h: 640, w: 640, c: 3, oc: 16, k: 3, strides: [2, 2] },
  { name: "detector pointwise 16->32", h: 320, w: 320, c: 16, oc: 32, k: 1 },
  { name: "detector depthwise 3x3 48", h: 160, w: 160, c: 48, oc: 48, k: 3, depthwise: true },
  {
    ...{ name: "detector depthwise 3x3 96 /2", h: 80, w: 80, c: 96, oc: 96, k: 3 },
    ...{ strides: [2, 2], depthwise: true },
  },
  { name: "detector depthwise 5x5 192", h: 40, w: 40, c: 192, oc: 192, k: 5, depthwise: true },
  { name: "detector pointwise 192->192", h: 40, w: 40, c: 192, oc: 192, k: 1 },
  { name: "detector 3x3 96->24", h: 160, w: 160, c: 96, oc: 24, k: 3 },
  { name: "recogniser pointwise 64->64", h: 24, w: 160, c: 64, oc: 64, k: 1 },
  { name: "recogniser depthwise 5x5 240", h: 12, w: 80, c: 240, oc: 240, k: 5, depthwise: true },
  { name: "recogniser pointwise 480->480", h: 3, w: 80, c: 480, oc: 480, k: 1 },
  { name: "classifier depthwise 5x5 88", h: 3, w: 96, c: 88, oc: 88, k: 5, depthwise: true },
  { name: "classifier pointwise 32->200", h: 2, w: 96, c: 32, oc: 200, k: 1 },
];

/** What every engine gets: numbers of one scale, and the sizes that follow from the layer. */
function prepareLayer({ h, w, c, oc, k, strides = [1, 1], depthwise = false }: Layer) {
  let state = 1;
  const draw = (count: number): Float32Array =>
    Float32Array.from({ length: count }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return state / 2 ** 31;
    });
  const pad = (k - 1) / 2;
  const groups = depthwise ? c : 1;
  const oh = convOutputSize(h, k, strides[0], 1, pad, pad);
  const ow = convOutputSize(w, k, strides[1], 1, pad, pad);
  const [x, weights, bias] = [draw(h * w * c), draw((oc * c * k * k) / groups), draw(oc)];
  const sizes = { h, w, c, oc, kh: k, kw: k, strides, groups };
  return { ...sizes, pads: [pad, pad, pad, pad] as const, oh, ow, x, weights, bias };
}

type Prepared = ReturnType<typeof prepareLayer>;

function oursCandidate(kernels: Kernels, layer: Prepared, algorithm: ConvAlgorithm): Candidate {
  const { arena } = kernels;
  const weights = packConvWeights(kernels, { ...layer, algorithm });
  const plan = planConv2d(kernels, {
    ...layer,
    weights,
    x: arena.upload(layer.x).ptr,
    y: arena.allocate(layer.oh * layer.ow * layer.oc * 4).ptr,
    bias: arena.upload(layer.bias).ptr,
  });
  return {
    name: algorithm === "auto" ? "ours" : `ours, ${algorithm}`,
    run: () => kernels.run(plan),
  };
}

async function ortCandidate(name: string, ort: Ort, layer: Prepared): Promise<Candidate> {
  const { h, w, c, oc, kh, kw, groups } = layer;
  const dims = [1, c, h, w];
  const model = encodeOneNodeModel({
    op: "Conv",
    inputs: [
      { name: "x", type: FLOAT, dims },
      { name: "w", type: FLOAT, dims: [oc, c / groups, kh, kw], data: layer.weights },
      { name: "b", type: FLOAT, dims: [oc], data: layer.bias },
    ],
    output: { name: "y", type: FLOAT, dims: [1, oc, layer.oh, layer.ow] },
    attributes: {
      kernel_shape: [kh, kw],
      strides: layer.strides,
      pads: layer.pads,
      group: groups,
    },
  });
  const session = await ort.createSession(model);
  const feeds = { x: new ort.Tensor("float32", layer.x, dims) };
  return { name, run: () => session.run(feeds) };
}

/** 3 x 3, 32 to 64 channels, 56 x 56 pixels: direct and by Winograd's algorithm. */
export async function benchConvolution(context: BenchContext): Promise<FigureInput[]> {
  const kernels = await loadKernels();
  const layer = prepareLayer(BASIC);
  const algorithms = ["direct", "winograd"] as const;
  const candidates = algorithms.map((algorithm) => oursCandidate(kernels, layer, algorithm));
  if (context.peers) {
    const web = await loadOrtWeb({ threads: 1 });
    const native = await loadOrtNode({ threads: 1 });
    const { version, tf } = await loadTfjsWasm({ threads: 1 });
    context.addVersions({
      "onnxruntime-web": web.version,
      "onnxruntime-node": native.version,
      "tfjs-wasm": version,
    });
    const { h, w, c, oc, kh, kw } = layer;
    const x = tf.tensor4d(layer.x, [1, h, w, c]);
    // The weights need not be permuted from ONNX's order: their values do not change the time.
    const filter = tf.tensor4d(layer.weights, [kh, kw, c, oc]);
    candidates.push(
      await ortCandidate("onnxruntime-web", web, layer),
      await ortCandidate("onnxruntime-node", native, layer),
      { name: "tfjs-wasm", run: () => tf.conv2d(x, filter, 1, "same").dispose() },
    );
  }
  // Long enough for the peers' large modules to leave the baseline tier: cold, they look six times slower.
  const m = await context.measure(candidates, { warmupMs: 1500 });
  const figures: FigureInput[] = [];
  const targets: Record<string, number> = {
    "direct onnxruntime-web": 1.8,
    "direct tfjs-wasm": 1.4,
    "winograd onnxruntime-web": 2.2,
  };
  for (const algorithm of algorithms) {
    const name = `ours, ${algorithm}`;
    const metric = `f32 convolution ${BASIC.name}, ${algorithm}, ${kernels.variant}`;
    const value = summaryOf(m, name).median;
    const flops = 2 * layer.oh * layer.ow * layer.oc * layer.c * layer.kh * layer.kw;
    figures.push({
      ...{ metric, value: flops / value / 1e6, unit: "GFLOP/s" },
      note: "operations of the definition, however few the algorithm needs",
    });
    for (const peer of context.peers ? ["onnxruntime-web", "tfjs-wasm", "onnxruntime-node"] : []) {
      const atLeast = targets[`${algorithm} ${peer}`];
      figures.push({
        ...{ metric, value, unit: "ms", peer, ratio: ratioOf(m, name, peer).ratio },
        ...(atLeast === undefined ? {} : { target: { atLeast } }),
      });
    }
  }
  return figures;
}

/** Twelve layers of the OCR models, each in the algorithm that the library takes by itself. */
export async function benchOcrLayers(context: BenchContext): Promise<FigureInput[]> {
  const kernels = await loadKernels();
  const web = context.peers ? await loadOrtWeb({ threads: 1 }) : undefined;
  if (web) context.addVersions({ "onnxruntime-web": web.version });
  const figures: FigureInput[] = [];
  let logarithms = 0;
  for (const entry of OCR_LAYERS) {
    const layer = prepareLayer(entry);
    const candidates = [oursCandidate(kernels, layer, "auto")];
    if (web) candidates.push(await ortCandidate("onnxruntime-web", web, layer));
    const m = await context.measure(candidates);
    const figure = {
      metric: `f32 convolution ${entry.name} at ${entry.h}x${entry.w}, ${kernels.variant}`,
      value: summaryOf(m, "ours").median,
      unit: "ms",
    };
    if (!web) {
      figures.push(figure);
      continue;
    }
    const { ratio } = ratioOf(m, "ours", "onnxruntime-web");
    logarithms += Math.log(ratio);
    figures.push({ ...figure, peer: "onnxruntime-web", ratio, target: { atLeast: 1 } });
  }
  if (web) {
    figures.push({
      metric: `f32 convolution, ${OCR_LAYERS.length} OCR layers, geometric mean, ${kernels.variant}`,
      value: Math.exp(logarithms / OCR_LAYERS.length),
      unit: "x onnxruntime-web",
      target: { atLeast: 1.6 },
    });
  }
  return figures;
}
