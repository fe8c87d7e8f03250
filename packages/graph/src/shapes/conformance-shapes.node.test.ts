import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { EdgewrightError, type Tensor } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import { parseModel } from "../onnx/parse-model.js";
import { parseTensor } from "../onnx/read-tensor.js";
import { inferShapes } from "./infer-shapes.js";

// Debian's libonnx-testdata: inputs and outputs of every operator, by the authors of the standard.
const FOLDER = process.env.ONNX_TESTDATA ?? "/usr/share/libonnx-testdata/data/node";

/** Results whose size depends on data, and operators that have no rule. */
const WITHOUT_RULE = /^(Adagrad|Adam|Momentum|NonMaxSuppression|NonZero|Unique|Loop|Scan)$/;

const readTensor = (path: string): Tensor | undefined => {
  try {
    return parseTensor(new Uint8Array(readFileSync(path))).tensor;
  } catch (error) {
    // Sequences, optional values and strings are no tensors here.
    if (EdgewrightError.isInstance(error)) return undefined;
    throw error;
  }
};

describe.skipIf(!existsSync(FOLDER))(
  "inferShapes on the conformance tests (skipped without libonnx-testdata)",
  () => {
    it("foretells the types and shapes of all outputs whose operators have a rule", () => {
      let checked = 0;
      const wrong: string[] = [];
      for (const test of readdirSync(FOLDER)) {
        // The data of the bf16 tests are stored as u16, and a shape of theirs is wrong.
        if (test.includes("BFLOAT16")) continue;
        const folder = join(FOLDER, test, "test_data_set_0");
        try {
          const model = parseModel(new Uint8Array(readFileSync(join(FOLDER, test, "model.onnx"))));
          const inputValues: Record<string, Tensor> = {};
          for (const [i, { name }] of model.graph.inputs.entries()) {
            const tensor = readTensor(join(folder, `input_${i}.pb`));
            if (tensor !== undefined) inputValues[name] = tensor;
          }
          const { values } = inferShapes(model, { inputValues });
          for (const [i, { name }] of model.graph.outputs.entries()) {
            const expected = readTensor(join(folder, `output_${i}.pb`));
            if (expected === undefined) continue;
            const { dtype, shape } = values.get(name)!;
            if (
              JSON.stringify([dtype, shape]) === JSON.stringify([expected.dtype, expected.shape])
            ) {
              checked++;
            } else if (!model.graph.nodes.some((node) => WITHOUT_RULE.test(node.opType))) {
              wrong.push(
                `${test}: ${dtype} [${shape}], expected ${expected.dtype} [${expected.shape}]`,
              );
            }
          }
        } catch (error) {
          if (!EdgewrightError.isInstance(error) || error.code !== "unsupported") throw error;
        }
      }
      expect(wrong).toEqual([]);
      expect(checked).toBeGreaterThan(1000);
    });
  },
);
