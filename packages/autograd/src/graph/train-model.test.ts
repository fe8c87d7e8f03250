import { createRng, type Tensor } from "@edgewright/core";
import { type Model, parseModel, serializeModel } from "@edgewright/graph";
import type { Kernels } from "@edgewright/kernels";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { predictMemory } from "../engine/memory-account.js";
import type { Parameter } from "../engine/parameter.js";
import { createProgram } from "../engine/program.js";
import { createTape } from "../engine/tape.js";
import { crossEntropy } from "../operations/cross-entropy.js";
import { loadEveryKernels } from "../testing/check-gradients.test-support.js";
import { ModelWriter } from "./build-model.test-support.js";
import {
  expectNear,
  randomInputs,
  runFrozen,
  runSession,
} from "./compare-with-session.test-support.js";
import { type TrainableModel, trainableModel } from "./trainable-model.js";

let everyKernels: Kernels[];
beforeAll(async () => {
  everyKernels = await loadEveryKernels();
});
afterAll(() => {
  for (const kernels of everyKernels) kernels.dispose();
});

/** Every storage of weights: filters, depthwise filters, transposed and plain matrices, slopes, tables. */
function classifier(): Model {
  const w = new ModelWriter(21);
  let x = w.node("Conv", ["x", w.weight("stem", [4, 2, 3, 3])], { pads: [1, 1, 1, 1] });
  x = w.node("Relu", [w.batchNorm(x, "bn", 4)]);
  x = w.node("Conv", [x, w.weight("depthwise", [4, 1, 3, 3]), w.weight("db", [4])], { group: 4 });
  x = w.node("PRelu", [x, w.weight("slope", [4, 1, 1])]);
  x = w.node("MaxPool", [x], { kernel_shape: [2, 2], strides: [2, 2] });
  x = w.node("Flatten", [w.node("Mul", [x, w.floats("half", [0.5], [])])]);
  x = w.node("Gemm", [x, w.weight("fc1.w", [7, 16]), w.weight("fc1.b", [7])], { transB: 1 });
  x = w.node("MatMul", [w.node("Tanh", [x]), w.weight("fc2.w", [7, 3])]);
  w.node("Add", [x, w.weight("fc2.b", [3])], {}, ["logits"]);
  return w.model({ x: ["n", 2, 6, 6] }, ["logits"]);
}

const inputs = randomInputs({ x: [8, 2, 6, 6] });
const labels = Int32Array.from({ length: 8 }, (_, i) => i % 3);

/** Some steps of plain gradient descent; the losses before each. */
function descend(kernels: Kernels, network: TrainableModel, steps: number, rate = 0.1): number[] {
  const tape = createTape();
  const { logits } = network.apply(tape.input("x", [8, 2, 6, 6]));
  const loss = crossEntropy(logits!, tape.input("labels", [8], "i32"));
  using program = createProgram(kernels, { tape, loss });
  return Array.from({ length: steps }, () => {
    program.run({ x: inputs.x!, labels });
    for (const parameter of program.trainable) {
      const gradient = program.gradient(parameter).data as Float32Array;
      parameter.write(parameter.read().map((value, i) => value - rate * gradient[i]!));
    }
    return program.loss;
  });
}

function bytesOf({ data }: Tensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

describe("a trainable model", () => {
  it("learns, and goes back to ONNX with what it learned", async () => {
    for (const kernels of everyKernels) {
      const model = classifier();
      const network = trainableModel(model);
      const losses = descend(kernels, network, 20);
      expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]!);
      const trained = network.toModel();
      expectNear(
        runFrozen(kernels, network, inputs),
        await runSession(kernels, trained, inputs),
        1e-5,
      );
      for (const name of ["stem", "bn.scale", "bn.mean", "bn.variance", "depthwise", "fc1.w"]) {
        const before = model.graph.initializers.get(name)!;
        expect(trained.graph.initializers.get(name), name).not.toEqual(before);
      }
      const reread = parseModel(serializeModel(trained));
      expect(trainableModel(reread).parameters.map((one) => one.read())).toEqual(
        network.parameters.map((one) => one.read()),
      );
    }
  });

  it("gives an untouched model back byte by byte", () => {
    const model = classifier();
    const { initializers } = model.graph;
    const back = trainableModel(model).toModel();
    expect([...back.graph.initializers.keys()]).toEqual([...initializers.keys()]);
    for (const [name, tensor] of back.graph.initializers) {
      const original = initializers.get(name)!;
      expect(tensor.shape, name).toEqual(original.shape);
      expect(bytesOf(tensor), name).toEqual(bytesOf(original));
    }
    expect(serializeModel(back)).toEqual(serializeModel(model));
  });

  it("names its parameters as the initialisers are named, in our layouts", () => {
    const parameters = trainableModel(classifier()).parameters;
    const shapes = Object.fromEntries(parameters.map(({ name, shape }) => [name, shape]));
    expect(shapes).toEqual({
      stem: [3, 3, 2, 4],
      "bn.scale": [4],
      "bn.shift": [4],
      "bn.mean": [4],
      "bn.variance": [4],
      depthwise: [3, 3, 4],
      db: [4],
      slope: [4, 1, 1],
      half: [],
      "fc1.w": [16, 7],
      "fc1.b": [7],
      "fc2.w": [7, 3],
      "fc2.b": [3],
    });
    const frozen = parameters.filter(({ trainable }) => !trainable).map(({ name }) => name);
    expect(frozen).toEqual(["bn.mean", "bn.variance", "half"]);
  });

  it("trains what the caller chooses, and keeps nothing for the rest", () => {
    const kernels = everyKernels[0]!;
    const network = trainableModel(classifier(), {
      trainable: (name, shape) => name.startsWith("fc2") || (name === "half" && shape.length === 0),
    });
    const chosen = network.parameters.filter(({ trainable }) => trainable).map(({ name }) => name);
    expect(chosen).toEqual(["half", "fc2.w", "fc2.b"]);
    const values = (one: Parameter): Float32Array => one.read();
    const before = new Map(network.parameters.map((one) => [one.name, values(one)]));
    descend(kernels, network, 1);
    const changed = network.parameters
      .filter((one) => `${one.read()}` !== `${before.get(one.name)}`)
      .map(({ name }) => name);
    // Running statistics follow the batches of mode "train".
    expect(changed).toEqual(["bn.mean", "bn.variance", "half", "fc2.w", "fc2.b"]);

    const head = trainableModel(classifier(), { trainable: (name) => name.startsWith("fc2") });
    const tape = createTape();
    const { logits } = head.apply(tape.input("x", [8, 2, 6, 6]));
    const loss = crossEntropy(logits!, tape.input("labels", [8], "i32"));
    const kept = predictMemory({ tape, loss }).nodes.map(({ name }) => name);
    expect(kept).toHaveLength(2);
    expect(kept[0]).toMatch(/^MatMul/);
  });

  it("leaves batch normalisation alone when asked to", () => {
    const network = trainableModel(classifier(), { freezeBatchNorm: true });
    const mean = network.parameters.find(({ name }) => name === "bn.mean")!;
    const before = mean.read();
    const losses = descend(everyKernels[0]!, network, 8);
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    expect(mean.read()).toEqual(before);
  });

  it("takes and gives images with channels last, and batches of another size", () => {
    const w = new ModelWriter(3);
    const y = w.node("Conv", ["x", w.weight("w", [3, 2, 3, 3])]);
    const model = w.model({ x: [1, 2, 5, 4] }, [y]);
    const network = trainableModel(model, {
      inputLayout: "NHWC",
      outputLayout: "NHWC",
      anyBatch: true,
    });
    const tape = createTape();
    expect(network.apply(tape.input("x", [6, 5, 4, 2]))[y]!.shape).toEqual([6, 3, 2, 3]);
    expect(tape.nodes.map(({ kind }) => kind)).toEqual(["input", "parameter", "operation"]);
    expect(network.toModel()).toEqual(model);
  });

  it("shares tied weights between the nodes that use them", () => {
    const w = new ModelWriter(4);
    const x = w.node("Gather", [w.weight("table", [9, 4]), "ids"]);
    const turned = w.node("Transpose", [w.node("Identity", ["table"])], { perm: [1, 0] });
    w.node("MatMul", [x, turned], {}, ["logits"]);
    const model = w.model({ ids: ["n"] }, ["logits"], { integers: ["ids"] });
    const network = trainableModel(model);
    expect(network.parameters.map(({ name }) => name)).toEqual(["table"]);
    const tape = createTape();
    const { logits } = network.apply(tape.input("ids", [5], "i32"));
    const loss = crossEntropy(logits!, tape.input("labels", [5], "i32"));
    using program = createProgram(everyKernels[0]!, { tape, loss });
    const rng = createRng(1);
    const ids = Int32Array.from({ length: 5 }, () => rng.integer(0, 9));
    program.run({ ids, labels: ids });
    const [table] = network.parameters;
    const slope = program.gradient(table!).data as Float32Array;
    expect(slope.every((value) => value !== 0)).toBe(true);
  });

  it("keeps weights in Constant nodes where they are", () => {
    const w = new ModelWriter(5);
    const tensor: Tensor = {
      dtype: "f32",
      shape: [2, 1, 1, 1],
      data: Float32Array.of(3, 4),
    };
    w.node("Constant", [], { value: { type: "tensor", value: tensor } }, ["w"]);
    const y = w.node("Conv", ["x", "w"]);
    const network = trainableModel(w.model({ x: [1, 1, 2, 2] }, [y]));
    const [weight] = network.parameters;
    expect([weight!.name, weight!.shape, weight!.trainable]).toEqual(["w", [1, 1, 1, 2], true]);
    weight!.write([5, 6]);
    const { nodes, initializers } = network.toModel().graph;
    expect(initializers.size).toBe(0);
    expect(nodes[0]!.attributes.get("value")).toEqual({
      type: "tensor",
      value: { ...tensor, data: Float32Array.of(5, 6) },
    });
  });
});
