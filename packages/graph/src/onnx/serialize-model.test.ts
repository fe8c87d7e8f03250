import { arrayConstructor, type DType, sizeOf, type Tensor } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { graphOf, infoOf, modelOf, nodeOf } from "../model/build-model.test-support.js";
import type { Attribute, Graph, Model, Node } from "../model/model.js";
import { parseModel } from "./parse-model.js";
import { serializeModel } from "./serialize-model.js";

const text = fc.string({ unit: "grapheme", maxLength: 8 });
const dtype = fc.constantFrom<DType>(
  "f32",
  "f64",
  "f16",
  "bf16",
  "i8",
  "u8",
  "i16",
  "u16",
  "i32",
  "u32",
  "i64",
  "u64",
  "bool",
);
const tensor: fc.Arbitrary<Tensor> = fc
  .tuple(
    dtype,
    fc.array(fc.nat(3), { maxLength: 3 }),
    fc.uint8Array({ minLength: 216, maxLength: 216 }),
  )
  .map(([type, shape, bytes]) => {
    const Elements = arrayConstructor(type);
    const data = new Elements(bytes.slice().buffer, 0, sizeOf(shape));
    const bits = type === "bool" ? data.map((value) => (Number(value) & 1) as never) : data;
    return { dtype: type, shape, data: bits } as Tensor;
  });
const integer = fc.oneof(
  fc.maxSafeInteger(),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
);
const float = fc.float({ noNaN: false });
const plainAttribute: fc.Arbitrary<Attribute> = fc.oneof(
  fc.record({ type: fc.constant("float" as const), value: float }),
  fc.record({ type: fc.constant("int" as const), value: integer }),
  fc.record({ type: fc.constant("string" as const), value: text }),
  fc.record({ type: fc.constant("tensor" as const), value: tensor }),
  fc.record({ type: fc.constant("floats" as const), value: fc.array(float, { maxLength: 3 }) }),
  fc.record({ type: fc.constant("ints" as const), value: fc.array(integer, { maxLength: 3 }) }),
  fc.record({ type: fc.constant("strings" as const), value: fc.array(text, { maxLength: 3 }) }),
);

/** Graphs that hang together: every node reads values made before it, branches read those around. */
function graphArbitrary(
  prefix: string,
  outer: readonly string[],
  depth: number,
): fc.Arbitrary<Graph> {
  return fc
    .record({
      weights: fc.array(tensor, { maxLength: 2 }),
      inputs: fc.array(
        fc.tuple(
          dtype,
          fc.option(fc.array(fc.oneof(fc.nat(9), fc.constantFrom("n", null)), { maxLength: 3 })),
        ),
        { maxLength: 2 },
      ),
      nodes: fc.array(
        fc.record({
          reads: fc.array(fc.nat(), { maxLength: 3 }),
          attributes: fc.dictionary(fc.string({ minLength: 1, maxLength: 4 }), plainAttribute, {
            maxKeys: 3,
            noNullPrototype: true,
          }),
          domain: fc.constantFrom("", "com.example"),
        }),
        { maxLength: 4 },
      ),
      branch:
        depth === 0
          ? fc.constant(null)
          : fc.option(graphArbitrary(`${prefix}b`, [`${prefix}in0`], depth - 1)),
    })
    .map(({ weights, inputs, nodes, branch }) => {
      const values = [...outer];
      const initializers = new Map(weights.map((weight, i) => [`${prefix}w${i}`, weight]));
      const infos = inputs.map(([type, shape], i) => ({
        name: `${prefix}in${i}`,
        dtype: type,
        shape,
      }));
      values.push(...initializers.keys(), ...infos.map((info) => info.name));
      const made: Node[] = nodes.map(({ reads, attributes, domain }, i) => {
        const entries = Object.entries(attributes);
        if (branch !== null && i === 0 && infos.length > 0) {
          entries.push(["then_branch of test", { type: "graph", value: branch }]);
        }
        const node: Node = {
          name: `${prefix}node ${i}`,
          opType: "Example",
          domain,
          inputs: reads.map((read) => (read === 0 ? "" : (values[read % values.length] ?? ""))),
          outputs: [`${prefix}v${i}`],
          attributes: new Map(entries),
        };
        values.push(`${prefix}v${i}`);
        return node;
      });
      const output = values.at(-1);
      return {
        name: `${prefix}graph`,
        inputs: infos,
        outputs: output === undefined ? [] : [{ name: output, dtype: "f32", shape: null }],
        initializers,
        nodes: made,
        valueInfo: new Map(),
      } satisfies Graph;
    });
}

const model: fc.Arbitrary<Model> = fc
  .record({
    graph: graphArbitrary("", [], 2),
    irVersion: fc.integer({ min: 3, max: 14 }),
    producer: text,
    metadata: fc.dictionary(text, text, { maxKeys: 2, noNullPrototype: true }),
  })
  .map(({ graph, irVersion, producer, metadata }) => ({
    graph,
    opsets: new Map([
      ["", 17],
      ["com.example", 1],
    ]),
    irVersion,
    producer,
    metadata: new Map(Object.entries(metadata)),
  }));

describe("serializeModel", () => {
  it("reads back as the model that was written", () => {
    fc.assert(
      fc.property(model, (written) => {
        expect(parseModel(serializeModel(written))).toEqual(written);
      }),
      { seed: 7, numRuns: 150 },
    );
  });

  it("writes a model made by hand as the standard encodes it", () => {
    // Field 7 of ModelProto with the only node, byte for byte.
    const bytes = serializeModel(
      modelOf(
        graphOf({ name: "g", nodes: [nodeOf("Relu", ["x"], ["y"])], inputs: [infoOf("x", [1])] }),
      ),
    );
    const node = [0x0a, 1, 120, 0x12, 1, 121, 0x1a, 1, 121, 0x22, 4, 82, 101, 108, 117];
    const x = [0x0a, 1, 120, 0x12, 10, 0x0a, 8, 0x08, 1, 0x12, 4, 0x0a, 2, 0x08, 1];
    const graph = [0x0a, node.length, ...node, 0x12, 1, 103, 0x5a, x.length, ...x];
    expect([...bytes]).toEqual([
      0x08,
      8,
      0x12,
      4,
      116,
      101,
      115,
      116,
      0x3a,
      graph.length,
      ...graph,
      0x42,
      2,
      0x10,
      17,
    ]);
  });

  const relu = nodeOf("Relu", ["x"], ["y"]);
  const input = infoOf("x", [1]);
  it.each([
    ["a value that nothing makes", graphOf({ nodes: [relu] }), "y", /reads "x"/],
    [
      "data that do not fill the shape",
      graphOf({
        nodes: [],
        initializers: { w: { dtype: "f32", shape: [3], data: new Float32Array(2) } },
      }),
      "w",
      /shape \[3\] and 2 elements/,
    ],
    [
      "a fraction where an integer belongs",
      graphOf({ nodes: [nodeOf("Relu", ["x"], ["y"], { axis: 0.5 })], inputs: [input] }),
      undefined,
      /expected a 64-bit integer/,
    ],
    [
      "an integer of more than 64 bits",
      graphOf({
        nodes: [nodeOf("Relu", ["x"], ["y"], { axis: { type: "int", value: 2n ** 63n } })],
        inputs: [input],
      }),
      undefined,
      /expected a 64-bit integer/,
    ],
    [
      "a number beyond 32-bit floats",
      graphOf({
        nodes: [nodeOf("Relu", ["x"], ["y"], { alpha: { type: "float", value: 1e300 } })],
        inputs: [input],
      }),
      undefined,
      /beyond a 32-bit float/,
    ],
  ])("refuses %s", (_, graph, where, message) => {
    expect(() => serializeModel(modelOf(graph))).toThrowError(
      expect.objectContaining({
        code: "invalid-data",
        ...(where === undefined ? {} : { where }),
        message: expect.stringMatching(message),
      }),
    );
  });
});
