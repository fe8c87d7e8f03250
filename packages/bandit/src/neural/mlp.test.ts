import {
  createParameter,
  createProgram,
  createTape,
  linear,
  relu,
  slice,
  sum,
} from "@edgewright/autograd";
import { createRng } from "@edgewright/core";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import { expect, test } from "vitest";
import { drawInitialWeights } from "./initial-weights.js";
import { createMlp } from "./mlp.js";

const SHAPE = { inputs: 5, hidden: [8, 6], outputs: 3 };

test("gradients agree with finite differences and with autograd", async () => {
  const rng = createRng(3);
  const mlp = createMlp(SHAPE);
  const parameters = Float64Array.from({ length: mlp.parameterCount }, () =>
    Math.fround(rng.normal(0, 0.5)),
  );
  const input = Float32Array.from({ length: 5 }, () => rng.normal());
  using kernels = await loadTrainingKernels();
  for (let output = 0; output < SHAPE.outputs; output++) {
    mlp.forward(parameters, input);
    const gradient = new Float64Array(mlp.parameterCount);
    mlp.gradient(parameters, output, gradient);

    const step = 1e-6;
    for (let p = 0; p < mlp.parameterCount; p++) {
      const shifted = (by: number): number => {
        const moved = parameters.slice();
        moved[p]! += by;
        mlp.forward(moved, input);
        return mlp.outputs[output]!;
      };
      expect(gradient[p]).toBeCloseTo((shifted(step) - shifted(-step)) / (2 * step), 6);
    }

    const tape = createTape();
    let x = tape.input("x", [1, 5]);
    const leaves = mlp.layers.map(({ inputs, outputs, weights, biases }, l) => {
      const at = {
        weights: parameters.slice(weights, biases),
        biases: parameters.slice(biases, biases + outputs),
      };
      return {
        weight: createParameter({ name: `w${l}`, shape: [inputs, outputs], data: at.weights }),
        bias: createParameter({ name: `b${l}`, shape: [outputs], data: at.biases }),
      };
    });
    leaves.forEach(({ weight, bias }, l) => {
      const y = linear(x, weight, { bias });
      x = l + 1 < leaves.length ? relu(y) : y;
    });
    const loss = sum(slice(x, { starts: [0, output], ends: [1, output + 1] }));
    using program = createProgram(kernels, { tape, loss });
    program.run({ x: input });
    mlp.forward(parameters, input);
    expect(program.loss).toBeCloseTo(mlp.outputs[output]!, 5);
    mlp.layers.forEach(({ weights, biases, outputs }, l) => {
      const expected = [
        ...program.gradient(leaves[l]!.weight).data,
        ...program.gradient(leaves[l]!.bias).data,
      ];
      gradient.subarray(weights, biases + outputs).forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i] as number, 5);
      });
    });
  }
});

test("a network that has learnt nothing predicts 0 exactly, and has gradients", () => {
  const mlp = createMlp({ ...SHAPE, hidden: [16, 16] });
  const parameters = Float64Array.from(drawInitialWeights(mlp, createRng(1)));
  const rng = createRng(2);
  const gradient = new Float64Array(mlp.parameterCount);
  let moving = 0;
  for (let n = 0; n < 40; n++) {
    mlp.forward(
      parameters,
      Float64Array.from({ length: 5 }, () => rng.normal()),
    );
    for (const value of mlp.outputs) expect(value).toBeCloseTo(0, 12);
    mlp.gradient(parameters, n % 3, gradient);
    const first = mlp.layers[0]!;
    if (gradient.subarray(first.weights, first.biases).some((value) => value !== 0)) moving++;
  }
  // For some inputs no ReLU of the last layer may stand open.
  expect(moving).toBeGreaterThan(35);
});
