import { createRng, mean, variance } from "@edgewright/core";
import type { Kernels } from "@edgewright/kernels";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProgram } from "../engine/program.js";
import { createTape, type Variable } from "../engine/tape.js";
import { crossEntropy } from "../operations/cross-entropy.js";
import { maxPool2d } from "../operations/max-pool2d.js";
import { relu } from "../operations/relu.js";
import { flatten } from "../operations/reshape.js";
import { loadEveryKernels } from "../testing/check-gradients.test-support.js";
import { batchNormalization } from "./batch-normalization.js";
import { convolution, depthwiseConvolution } from "./convolution.js";
import { dense } from "./dense.js";
import { glorotNormal, glorotUniform, kaimingNormal, kaimingUniform } from "./initialization.js";
import { type Layer, sequential } from "./layer.js";

let everyKernels: Kernels[];
beforeAll(async () => {
  everyKernels = await loadEveryKernels();
});
afterAll(() => {
  for (const kernels of everyKernels) kernels.dispose();
});

const halve = (x: Variable): Variable => maxPool2d(x, { kernel: 2 });

function leNet(seed: number): Layer {
  const rng = createRng(seed);
  return sequential(
    convolution({ name: "conv1", in: 1, out: 6, kernel: 5, pads: "same", rng }),
    relu,
    halve,
    convolution({ name: "conv2", in: 6, out: 16, kernel: 5, rng }),
    relu,
    halve,
    flatten,
    dense({ name: "fc1", in: 400, out: 120, rng }),
    relu,
    dense({ name: "fc2", in: 120, out: 84, rng }),
    relu,
    dense({ name: "fc3", in: 84, out: 10, rng }),
  );
}

/** Some steps of plain gradient descent; the losses before each. */
function descend(
  kernels: Kernels,
  network: Layer,
  shape: readonly number[],
  steps: number,
): number[] {
  const rng = createRng(9);
  const tape = createTape();
  const x = tape.input("x", shape);
  const loss = crossEntropy(network.apply(x), tape.input("labels", [shape[0]!], "i32"));
  using program = createProgram(kernels, { tape, loss });
  const count = shape.reduce((product, size) => product * size, 1);
  const images = Float32Array.from({ length: count }, () => rng.normal());
  const labels = Int32Array.from({ length: shape[0]! }, (_, i) => i % 3);
  return Array.from({ length: steps }, () => {
    program.run({ x: images, labels });
    for (const parameter of program.trainable) {
      const slope = program.gradient(parameter).data as Float32Array;
      parameter.write(parameter.read().map((value, i) => value - 0.05 * slope[i]!));
    }
    return program.loss;
  });
}

describe("sequential", () => {
  it("builds LeNet-5, whose loss falls, from a seed to the bit", () => {
    for (const kernels of everyKernels) {
      const network = leNet(1);
      const count = network.parameters.reduce((sum, { bytes }) => sum + bytes / 4, 0);
      expect(count).toBe(61_706); // 156 + 2416 + 48120 + 10164 + 850
      const losses = descend(kernels, network, [4, 28, 28, 1], 6);
      expect(losses.at(-1)).toBeLessThan(0.7 * losses[0]!);
      const again = leNet(1);
      expect(again.parameters[0]!.read()).not.toEqual(network.parameters[0]!.read());
      expect(again.parameters[0]!.read()).toEqual(leNet(1).parameters[0]!.read());
      expect(again.parameters[0]!.read()).not.toEqual(leNet(2).parameters[0]!.read());
    }
  });

  it("trains depthwise convolutions and batch norms, and freezes these", () => {
    const rng = createRng(3);
    const network = sequential(
      convolution({ name: "stem", in: 2, out: 8, kernel: [3, 1], groups: 2, bias: false, rng }),
      batchNormalization({ name: "bn", channels: 8 }),
      relu,
      depthwiseConvolution({ name: "dw", channels: 8, kernel: 3, strides: [2, 2], rng }),
      flatten,
      dense({ name: "head", in: 48, out: 3, rng, initializer: glorotUniform }),
    );
    const names = network.parameters.map(({ name, shape }) => `${name} [${shape}]`);
    expect(names).toEqual([
      "stem.weight [3,1,1,8]",
      "bn.scale [8]",
      "bn.shift [8]",
      "bn.mean [8]",
      "bn.variance [8]",
      "dw.weight [3,3,8]",
      "dw.bias [8]",
      "head.weight [48,3]",
      "head.bias [3]",
    ]);
    const losses = descend(everyKernels[0]!, network, [4, 8, 8, 2], 8);
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    const mean = network.parameters.find(({ name }) => name === "bn.mean")!.read();
    expect(mean.some((value) => value !== 0)).toBe(true);

    const tape = createTape();
    const y = network.apply(tape.input("x", [1, 8, 8, 2]), { mode: "frozen" });
    using program = createProgram(everyKernels[0]!, { tape, outputs: [y] });
    program.run({ x: new Float32Array(128).fill(1) });
    expect(program.read(y).data).toHaveLength(3);
    const after = network.parameters.find(({ name }) => name === "bn.mean")!.read();
    expect(after).toEqual(mean);
  });

  it("names the layers' operations after them", () => {
    const tape = createTape();
    leNet(1).apply(tape.input("x", [2, 28, 28, 1]));
    const names = tape.nodes.flatMap((node) => (node.kind === "operation" ? [node.name] : []));
    expect(names).toContain("conv2/conv2d");
    expect(names).toContain("fc3/linear");
  });

  it("takes one layer in two places, and refuses two parameters of one name", () => {
    const rng = createRng(1);
    const shared = dense({ name: "same", in: 4, out: 4, rng });
    expect(sequential(shared, relu, shared).parameters).toHaveLength(2);
    const other = dense({ name: "same", in: 4, out: 4, rng });
    expect(() => sequential(shared, other)).toThrow(
      'sequential: two parameters are called "same.weight"; give every layer a name of its own',
    );
  });

  it("names what does not fit", () => {
    const rng = createRng(1);
    expect(() => dense({ name: "fc", in: 0, out: 4, rng })).toThrow("parameter fc.weight");
    const layer = dense({ name: "fc", in: 3, out: 4, rng });
    expect(() => layer.apply(createTape().input("x", [2, 5]))).toThrow(
      "linear: expected x [..., in] and weight [in, out], got [2,5] and [3,4]",
    );
  });
});

describe("initial weights", () => {
  const weights = { shape: [100, 100], fanIn: 50, fanOut: 150 };
  it.each([
    [kaimingUniform, 2 / 50, Math.sqrt(6 / 50)],
    [kaimingNormal, 2 / 50, Number.POSITIVE_INFINITY],
    [glorotUniform, 2 / 200, Math.sqrt(6 / 200)],
    [glorotNormal, 2 / 200, Number.POSITIVE_INFINITY],
  ])("%o has the mean, variance and range of its paper", (initialize, expected, bound) => {
    const drawn = initialize(weights, createRng(5));
    expect(drawn).toHaveLength(10_000);
    // Standard errors over 10,000 draws: 1 % of the deviation, at most 1.4 % of the variance.
    expect(Math.abs(mean(drawn))).toBeLessThan(0.04 * Math.sqrt(expected));
    expect(Math.abs(variance(drawn) / expected - 1)).toBeLessThan(0.06);
    expect(drawn.every((value) => Math.abs(value) <= bound)).toBe(true);
  });
});
