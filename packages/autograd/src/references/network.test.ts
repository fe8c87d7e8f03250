import { expect, it } from "vitest";
import {
  conv2d,
  createOptimizer,
  createParameter,
  createProgram,
  createTape,
  crossEntropy,
  flatten,
  linear,
  maxPool2d,
  type Parameter,
  relu,
  sgd,
  type Variable,
} from "../index.js";
import network from "./network.json";
import {
  casesOf,
  expectNear,
  expectSameBits,
  type ReferenceTensor,
  useEveryKernels,
} from "./run-reference.test-support.js";

/** LeNet-5 as scripts/reference/network.py had it: its weights are drawn, its gradients sampled. */
interface NetworkCase {
  readonly options: { readonly learningRate: number; readonly momentum: number };
  readonly images: { readonly seed: number; readonly shape: readonly number[] };
  readonly labels: readonly number[];
  readonly logits: ReferenceTensor;
  readonly parameters: Readonly<Record<string, SampledGradient>>;
  readonly losses: readonly number[];
}

interface SampledGradient {
  readonly shape: readonly number[];
  readonly seed: number;
  readonly bound: number;
  readonly norm: number;
  readonly largest: number;
  readonly positions: readonly number[];
  readonly values: readonly number[];
}

const everyKernels = useEveryKernels();
const [reference] = casesOf<NetworkCase>(network);
const { images, labels, options, parameters, losses, logits } = reference!;
const feeds = {
  images: drawn(images.seed, images.shape, 0, 1),
  labels: Int32Array.from(labels),
};

it("LeNet-5: logits, loss and the gradient of every parameter", () => {
  expect(everyKernels.length).toBeGreaterThan(0);
  for (const kernels of everyKernels) {
    const { tape, weights, output, loss } = lenet5();
    using program = createProgram(kernels, { tape, loss, outputs: [output] });
    program.run(feeds);
    expectNear([program.loss], [losses[0]!], "loss");
    expectNear(program.read(output).data, logits.data, "logits");
    for (const [name, sampled] of Object.entries(parameters)) {
      const gradient = program.gradient(weights[name]!).data as Float32Array;
      const norm = Math.sqrt(gradient.reduce((total, value) => total + value * value, 0));
      expectNear([norm], [sampled.norm], `norm of ${name}`);
      const entries = sampled.positions.map((position) => gradient[position]!);
      expectNear([...entries, largest(gradient)], [...sampled.values, sampled.largest], name);
    }
  }
});

it("LeNet-5: the losses of ten steps of SGD with momentum", () => {
  const results = everyKernels.map((kernels) => {
    const { tape, weights, loss } = lenet5();
    using program = createProgram(kernels, { tape, loss });
    using optimizer = createOptimizer(program, sgd(options));
    const measured = losses.map(() => {
      program.run(feeds);
      optimizer.step();
      return program.loss;
    });
    // Roundings of early steps grow while the network leaves its start.
    expectNear(measured, losses, "losses", 2e-5);
    return { kernels, values: Object.values(weights).map((weight) => weight.read()) };
  });
  expectSameBits(results);
});

function lenet5() {
  const weights: Record<string, Parameter> = {};
  for (const [name, { shape, seed, bound }] of Object.entries(parameters)) {
    weights[name] = createParameter({ name, shape, data: drawn(seed, shape, -bound, bound) });
  }
  const tape = createTape();
  const bias = (layer: string) => ({ bias: weights[`${layer}.bias`]! });
  const block = (x: Variable, layer: string, pads: "same" | "valid"): Variable => {
    const y = relu(conv2d(x, weights[`${layer}.weight`]!, { ...bias(layer), pads }));
    return maxPool2d(y, { kernel: [2, 2] });
  };
  const dense = (x: Variable, layer: string): Variable =>
    linear(x, weights[`${layer}.weight`]!, bias(layer));
  let x = block(tape.input("images", images.shape), "conv1", "same");
  x = flatten(block(x, "conv2", "valid"));
  const output = dense(relu(dense(relu(dense(x, "linear1")), "linear2")), "linear3");
  const loss = crossEntropy(output, tape.input("labels", [labels.length], "i32"));
  return { tape, weights, output, loss };
}

function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** What `drawn` of scripts/reference/network.py gives: mulberry32 of a seed, spread over [low, high). */
function drawn(seed: number, shape: readonly number[], low: number, high: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return low + (high - low) * (((t ^ (t >>> 14)) >>> 0) / 2 ** 32);
  });
}
