import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { EdgewrightError, sizeOf, type Tensor } from "@edgewright/core";
import { type Model, parseModel, parseTensor } from "@edgewright/graph";
import type { Kernels } from "@edgewright/kernels";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProgram } from "../engine/program.js";
import { createTape } from "../engine/tape.js";
import { operatorRule } from "./operators/rules.js";
import { trainableModel } from "./trainable-model.js";

// Where Debian's package libonnx-testdata puts the node tests of the ONNX standard.
const FOLDER = "/usr/share/libonnx-testdata/data/node";

// Of 309 tests of one node that has a rule, from f32 to f32; the others are refused: three spatial axes,
// computed exponents, scales to no whole size, steps below 0.
const EXPECTED_PASSES = 287;

interface NodeTest {
  readonly name: string;
  readonly model: Model;
  readonly feed: Tensor;
  readonly expected: Tensor;
}

/** The first input is fed; the others are initialisers, as weights and sizes are in real models. */
function readTest(name: string): NodeTest | undefined {
  const folder = join(FOLDER, name);
  const read = (file: string): Tensor =>
    parseTensor(readFileSync(join(folder, "test_data_set_0", file))).tensor;
  let model: Model;
  try {
    model = parseModel(readFileSync(join(folder, "model.onnx")));
  } catch {
    return undefined; // strings and sequences
  }
  const { graph } = model;
  const [node] = graph.nodes;
  const [first, ...rest] = graph.inputs;
  if (graph.nodes.length !== 1 || node!.domain !== "" || first?.dtype !== "f32") return undefined;
  if (operatorRule(node!.opType) === undefined || graph.outputs[0]!.dtype !== "f32")
    return undefined;
  if (node!.inputs.filter((input) => input === first.name).length !== 1) return undefined;
  const expected = read("output_0.pb");
  // Empty tensors have no place on a tape; dropout that is switched on is not applied.
  if (sizeOf(first.shape as number[]) * sizeOf(expected.shape) === 0) return undefined;
  if (name.startsWith("test_training_dropout")) return undefined;
  const initializers = new Map(rest.map(({ name }, i) => [name, read(`input_${i + 1}.pb`)]));
  const outputs = graph.outputs.slice(0, 1);
  return {
    name,
    model: { ...model, graph: { ...graph, inputs: [first], outputs, initializers } },
    feed: read("input_0.pb"),
    expected,
  };
}

describe.skipIf(!existsSync(FOLDER))(
  "node tests of the ONNX standard (skipped without Debian's libonnx-testdata)",
  () => {
    let kernels: Kernels;
    beforeAll(async () => {
      kernels = await loadTrainingKernels();
    });
    afterAll(() => kernels.dispose());

    function run({ name, model, feed, expected }: NodeTest): "passed" | "unsupported" | string {
      try {
        const tape = createTape();
        const x = tape.input("x", feed.shape);
        const mode = name.endsWith("training_mode") ? "train" : "frozen";
        const [output] = Object.values(trainableModel(model).apply(x, { mode }));
        using program = createProgram(kernels, { tape, outputs: [output!] });
        program.run({ x: feed });
        const { shape, data } = program.read(output!);
        if (`${shape}` !== `${expected.shape}`) return `[${shape}] instead of [${expected.shape}]`;
        const wrong = Array.from(expected.data as Float32Array).findIndex((value, i) => {
          const difference = Math.abs((data[i] as number) - value);
          return !(difference <= 1e-6 + 1e-3 * Math.abs(value)) && !Object.is(data[i], value);
        });
        return wrong < 0
          ? "passed"
          : `element ${wrong}: ${data[wrong]}, not ${expected.data[wrong]}`;
      } catch (error) {
        const refused = EdgewrightError.isInstance(error) && error.code === "unsupported";
        return refused ? "unsupported" : String(error);
      }
    }

    it("nothing claimed fails", () => {
      const tests = readdirSync(FOLDER).flatMap((name) => readTest(name) ?? []);
      const outcomes = tests.map((test) => [test.name, run(test)] as const);
      const failed = outcomes.filter(([, one]) => one !== "passed" && one !== "unsupported");
      expect(failed).toEqual([]);
      const passed = outcomes.filter(([, one]) => one === "passed").length;
      expect(passed).toBeGreaterThanOrEqual(EXPECTED_PASSES);
    });
  },
);
