import { expect, it } from "vitest";
import {
  adamW,
  add,
  batchNorm,
  conv2d,
  createOptimizer,
  createParameter,
  createProgram,
  createTape,
  crossEntropy,
  depthwiseConv2d,
  globalAveragePool,
  linear,
  type Parameter,
  relu,
  relu6,
  type Variable,
} from "../index.js";
import {
  drawParameters,
  expectSampledGradients,
  feedsOf,
  networkCase,
} from "./drawn-network.test-support.js";
import { expectNear, expectSameBits, useEveryKernels } from "./run-reference.test-support.js";

const everyKernels = useEveryKernels();
const reference = networkCase("residual");

it("a residual network with batch norm: logits, loss and the gradient of every parameter", () => {
  expect(everyKernels.length).toBeGreaterThan(0);
  for (const kernels of everyKernels) {
    const { tape, weights, output, loss } = residualNetwork();
    using program = createProgram(kernels, { tape, loss, outputs: [output] });
    program.run(feedsOf(reference));
    expectNear([program.loss], [reference.losses[0]!], "loss");
    expectNear(program.read(output).data, reference.logits.data, "logits");
    expectSampledGradients(program, weights, reference);
    program.run(feedsOf(reference), { scrub: true }); // nothing is read after its last use
    expectSampledGradients(program, weights, reference);
  }
});

it("a residual network with batch norm: losses and running statistics of ten steps of AdamW", () => {
  const { options, losses } = reference;
  const results = everyKernels.map((kernels) => {
    const { tape, weights, running, loss } = residualNetwork();
    using program = createProgram(kernels, { tape, loss });
    using optimizer = createOptimizer(program, adamW(options));
    const measured = losses.map(() => {
      program.run(feedsOf(reference));
      optimizer.step();
      return program.loss;
    });
    // Adam divides by the size of a gradient: roundings of small ones move a weight as large ones do.
    expectNear(measured, losses, "losses", 2e-5);
    for (const [name, { mean, variance }] of Object.entries(reference.statistics!)) {
      expectNear(running[name]!.mean.read(), mean.data, `running mean of ${name}`, 2e-5);
      expectNear(
        running[name]!.variance.read(),
        variance.data,
        `running variance of ${name}`,
        2e-5,
      );
    }
    return { kernels, values: Object.values(weights).map((weight) => weight.read()) };
  });
  expectSameBits(results);
});

/** A stem, then a depthwise-separable block beside a strided shortcut, then a classifier. */
function residualNetwork() {
  const { images, labels } = reference;
  const weights = drawParameters(reference);
  const weight = (name: string): Parameter => weights[`${name}.weight`]!;
  const tape = createTape();
  const running: Record<string, { mean: Parameter; variance: Parameter }> = {};
  const normalized = (x: Variable, name: string): Variable => {
    const shape = [x.shape.at(-1)!];
    const statistic = (kind: string, value: number): Parameter => {
      const data = new Float32Array(shape[0]!).fill(value);
      return createParameter({ name: `${name}.${kind}`, shape, data, trainable: false });
    };
    const own = { mean: statistic("mean", 0), variance: statistic("variance", 1) };
    running[name] = own;
    return batchNorm(x, {
      scale: weights[`${name}.scale`]!,
      shift: weights[`${name}.shift`]!,
      runningMean: own.mean,
      runningVariance: own.variance,
      mode: "train",
    });
  };
  const input = tape.input("images", images.shape);
  const x = relu(normalized(conv2d(input, weight("stem"), { pads: "same" }), "stem"));
  let y = depthwiseConv2d(x, weight("depthwise"), { strides: [2, 2], pads: [1, 1, 1, 1] });
  y = conv2d(relu6(normalized(y, "depthwise")), weight("pointwise"));
  const bias = weights["shortcut.bias"]!;
  const shortcut = conv2d(x, weight("shortcut"), { strides: [2, 2], bias });
  y = relu(add(normalized(y, "pointwise"), shortcut));
  const output = linear(globalAveragePool(y), weight("head"), { bias: weights["head.bias"]! });
  const loss = crossEntropy(output, tape.input("labels", [labels.length], "i32"));
  return { tape, weights, running, output, loss };
}
