import { EdgewrightError } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { graphOf, infoOf, modelOf, nodeOf } from "../model/build-model.test-support.js";
import { inferShapes } from "../shapes/infer-shapes.js";
import { listExternalData } from "./list-external-data.js";
import { parseModel } from "./parse-model.js";
import { parseTensor } from "./read-tensor.js";
import { serializeModel } from "./serialize-model.js";

function throwsOnlyTyped(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (!EdgewrightError.isInstance(error)) throw error;
    expect(error.message.length).toBeLessThan(2000);
    return false;
  }
}

describe("hostile bytes", () => {
  it("random bytes end in a typed error or a model", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        throwsOnlyTyped(() => parseModel(bytes));
        throwsOnlyTyped(() => parseTensor(bytes));
        throwsOnlyTyped(() => listExternalData(bytes));
      }),
      { seed: 1, numRuns: 2000 },
    );
  });

  it("fields of random content end in a typed error or a model", () => {
    // Tags that exist in ONNX messages get past the first byte more often than random ones.
    const tags = [
      0x08, 0x0a, 0x12, 0x1a, 0x22, 0x2a, 0x32, 0x3a, 0x42, 0x4a, 0x5a, 0x62, 0x6a, 0xa0,
    ];
    const field = fc
      .tuple(fc.constantFrom(...tags), fc.uint8Array({ maxLength: 20 }))
      .map(([tag, content]) => [tag, content.length, ...content]);
    const nest = (inner: fc.Arbitrary<number[][]>) =>
      fc.tuple(fc.constantFrom(...tags), inner).map(([tag, fields]) => {
        const content = fields.flat().slice(0, 127);
        return [tag, content.length, ...content];
      });
    const level1 = fc.array(field, { maxLength: 6 });
    const level2 = fc.array(fc.oneof(field, nest(level1)), { maxLength: 4 });
    const level3 = fc.array(fc.oneof(field, nest(level2)), { maxLength: 4 });
    fc.assert(
      fc.property(level3, (fields) => {
        const bytes = Uint8Array.from([0x3a, 0, ...fields.flat()]);
        bytes[1] = Math.min(127, bytes.length - 2);
        throwsOnlyTyped(() => parseModel(bytes));
        throwsOnlyTyped(() => parseTensor(bytes.subarray(2)));
      }),
      { seed: 2, numRuns: 2000 },
    );
  });

  it("every cut and every changed byte of a small model is a typed error or a model", () => {
    const bytes = serializeModel(
      modelOf(
        graphOf({
          inputs: [infoOf("x", [1, 2, 8, 8]), infoOf("c", [], "bool")],
          outputs: [infoOf("z", null)],
          initializers: {
            w: { dtype: "f32", shape: [2, 2, 3, 3], data: new Float32Array(36) },
            s: { dtype: "i64", shape: [2], data: BigInt64Array.of(1n, -1n) },
          },
          nodes: [
            nodeOf("Conv", ["x", "w"], ["y"], { pads: [1, 1, 1, 1], strides: [2, 2] }),
            nodeOf("Reshape", ["y", "s"], ["r"]),
            nodeOf("If", ["c"], ["z"], {
              then_branch: {
                type: "graph",
                value: graphOf({
                  outputs: [infoOf("t", null)],
                  nodes: [nodeOf("Relu", ["r"], ["t"])],
                }),
              },
              else_branch: {
                type: "graph",
                value: graphOf({
                  outputs: [infoOf("e", null)],
                  nodes: [nodeOf("Neg", ["r"], ["e"])],
                }),
              },
            }),
          ],
        }),
      ),
    );
    let readable = 0;
    for (let at = 0; at < bytes.length; at++) {
      throwsOnlyTyped(() => parseModel(bytes.subarray(0, at)));
      for (const change of [0x01, 0x80, 0xff]) {
        const changed = bytes.slice();
        changed[at]! ^= change;
        if (throwsOnlyTyped(() => inferShapes(parseModel(changed)))) readable++;
      }
    }
    // Most bytes are weights and names, which may change without harm: the test must reach them.
    expect(readable).toBeGreaterThan(bytes.length / 2);
  });
});
