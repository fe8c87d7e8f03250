import { expect, it } from "vitest";
import {
  conv2d,
  createOptimizer,
  createProgram,
  createTape,
  crossEntropy,
  flatten,
  linear,
  maxPool2d,
  relu,
  sgd,
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
const reference = networkCase("LeNet-5");

it("LeNet-5: logits, loss and the gradient of every parameter", () => {
  expect(everyKernels.length).toBeGreaterThan(0);
  for (const kernels of everyKernels) {
    const { tape, weights, output, loss } = lenet5();
    using program = createProgram(kernels, { tape, loss, outputs: [output] });
    program.run(feedsOf(reference));
    expectNear([program.loss], [reference.losses[0]!], "loss");
    expectNear(program.read(output).data, reference.logits.data, "logits");
    expectSampledGradients(program, weights, reference);
    program.run(feedsOf(reference), { scrub: true }); // nothing is read after its last use
    expectSampledGradients(program, weights, reference);
  }
});

it("LeNet-5: the losses of ten steps of SGD with momentum", () => {
  const { options, losses } = reference;
  const results = everyKernels.map((kernels) => {
    const { tape, weights, loss } = lenet5();
    using program = createProgram(kernels, { tape, loss });
    using optimizer = createOptimizer(program, sgd(options));
    const measured = losses.map(() => {
      program.run(feedsOf(reference));
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
  const { images, labels } = reference;
  const weights = drawParameters(reference);
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
