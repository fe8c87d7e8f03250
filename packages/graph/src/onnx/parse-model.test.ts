import { describe, expect, it } from "vitest";
import { messageOf, modelBytesOf } from "./build-message.test-support.js";
import { listExternalData } from "./list-external-data.js";
import { parseModel } from "./parse-model.js";

const f32Tensor = (name: string, ...values: number[]): Uint8Array =>
  messageOf(
    [1, values.length],
    [2, 1],
    [8, name],
    [9, new Uint8Array(Float32Array.from(values).buffer)],
  );
const dim = (size: number | string): Uint8Array =>
  messageOf([typeof size === "number" ? 1 : 2, size]);
const info = (name: string, ...dims: (number | string)[]): Uint8Array =>
  messageOf(
    [1, name],
    [
      2,
      messageOf([
        1,
        messageOf(
          [1, 1],
          [2, messageOf(...dims.map((size) => [1, dim(size)] as [number, Uint8Array]))],
        ),
      ]),
    ],
  );
const node = (
  opType: string,
  inputs: string[],
  outputs: string[],
  ...more: [number, string | Uint8Array][]
): Uint8Array =>
  messageOf(
    ...inputs.map((name) => [1, name] as [number, string]),
    ...outputs.map((name) => [2, name] as [number, string]),
    [4, opType],
    ...more,
  );

describe("parseModel", () => {
  it("reads a graph with weights, symbolic sizes and attributes", () => {
    const attributes = [
      messageOf([1, "f"], [2, { float: 0.5 }], [20, 1]),
      messageOf([1, "i"], [3, -3], [20, 2]),
      messageOf([1, "big"], [3, 2n ** 63n - 1n], [20, 2]),
      messageOf([1, "s"], [4, "text"], [20, 3]),
      messageOf([1, "fs"], [7, { float: 1 }], [7, { float: 2 }], [20, 6]),
      messageOf([1, "is"], [8, 1], [8, 2], [20, 7]),
      messageOf([1, "ss"], [9, "a"], [20, 8]),
      messageOf([1, "empty"], [20, 7]),
      messageOf([1, "t"], [5, f32Tensor("", 1)], [20, 4]),
    ];
    const { graph, opsets } = parseModel(
      modelBytesOf(
        messageOf(
          [
            1,
            node(
              "Add",
              ["x", "w"],
              ["y"],
              ...attributes.map((a) => [5, a] as [number, Uint8Array]),
            ),
          ],
          [2, "main"],
          [5, f32Tensor("w", 1, 2)],
          [11, info("x", "batch", 2)],
          [12, info("y", "batch", 2)],
        ),
      ),
    );
    expect(opsets).toEqual(new Map([["", 17]]));
    expect(graph.inputs).toEqual([{ name: "x", dtype: "f32", shape: ["batch", 2] }]);
    expect(graph.initializers.get("w")?.data).toEqual(Float32Array.of(1, 2));
    expect(graph.nodes[0]).toMatchObject({ name: "Add_0", opType: "Add", domain: "" });
    expect(Object.fromEntries(graph.nodes[0]!.attributes)).toEqual({
      f: { type: "float", value: 0.5 },
      i: { type: "int", value: -3 },
      big: { type: "int", value: 2n ** 63n - 1n },
      s: { type: "string", value: "text" },
      fs: { type: "floats", value: [1, 2] },
      is: { type: "ints", value: [1, 2] },
      ss: { type: "strings", value: ["a"] },
      empty: { type: "ints", value: [] },
      t: { type: "tensor", value: { dtype: "f32", shape: [1], data: Float32Array.of(1) } },
    });
  });

  it("keeps initialisers out of the inputs and gives every node a name of its own", () => {
    const { graph } = parseModel(
      modelBytesOf(
        messageOf(
          [1, node("Relu", ["x"], ["a"], [3, "same"])],
          [1, node("Relu", ["w"], ["b"], [3, "same"])],
          [5, f32Tensor("w", 1)],
          [11, info("x", 1)],
          [11, info("w", 1)],
        ),
      ),
    );
    expect(graph.inputs.map((input) => input.name)).toEqual(["x"]);
    expect(graph.nodes.map((each) => each.name)).toEqual(["same", "same_2"]);
  });

  it("takes ai.onnx for the standard domain", () => {
    const graph = messageOf([1, node("Relu", ["x"], ["y"], [7, "ai.onnx"])], [11, info("x", 1)]);
    const bytes = messageOf([1, 8], [8, messageOf([1, "ai.onnx"], [2, 12])], [7, graph]);
    const model = parseModel(bytes);
    expect(model.opsets.get("")).toBe(12);
    expect(model.graph.nodes[0]?.domain).toBe("");
  });

  it("puts nodes in topological order", () => {
    const { graph } = parseModel(
      modelBytesOf(
        messageOf(
          [1, node("Relu", ["b"], ["c"])],
          [1, node("Relu", ["x"], ["a"])],
          [1, node("Relu", ["a"], ["b"])],
          [11, info("x", 1)],
          [12, info("c", 1)],
        ),
      ),
    );
    expect(graph.nodes.map((each) => each.outputs[0])).toEqual(["a", "b", "c"]);
  });

  const relu = messageOf([1, node("Relu", ["x"], ["y"], [3, "act"])]);
  const withAttribute = (attribute: Uint8Array): Uint8Array =>
    modelBytesOf(
      messageOf([1, node("Relu", ["x"], ["y"], [3, "act"], [5, attribute])], [11, info("x", 1)]),
    );
  const refusals: [string, Uint8Array, string, string | undefined, RegExp][] = [
    ["an empty file", new Uint8Array(0), "invalid-data", undefined, /the file is empty/],
    ["no graph", messageOf([1, 8]), "invalid-data", undefined, /holds no graph/],
    [
      "a missing value",
      modelBytesOf(relu),
      "invalid-data",
      "act",
      /Relu "act" reads "x", which no node/,
    ],
    [
      "an output nobody makes",
      modelBytesOf(messageOf([12, info("z", 1)])),
      "invalid-data",
      "z",
      /made by no node/,
    ],
    [
      "a cycle",
      modelBytesOf(
        messageOf(
          [1, node("Relu", ["a"], ["b"], [3, "p"])],
          [1, node("Relu", ["b"], ["a"], [3, "q"])],
        ),
      ),
      "invalid-data",
      "p",
      /has a cycle/,
    ],
    [
      "a node fed by itself",
      modelBytesOf(messageOf([1, node("Relu", ["a"], ["a"], [3, "p"])])),
      "invalid-data",
      "p",
      /has a cycle/,
    ],
    [
      "two producers of a value",
      modelBytesOf(messageOf([1, node("Relu", ["x"], ["x"])], [11, info("x", 1)])),
      "invalid-data",
      "x",
      /defined twice/,
    ],
    [
      "two initialisers of a name",
      modelBytesOf(messageOf([5, f32Tensor("w", 1)], [5, f32Tensor("w", 1)])),
      "invalid-data",
      "model",
      /two initialisers are called "w"/,
    ],
    [
      "an initialiser without data",
      modelBytesOf(messageOf([5, messageOf([1, 4], [2, 1], [8, "w"])])),
      "invalid-data",
      "w",
      /tensor 0 "w".*no data/,
    ],
    [
      "a string initialiser",
      modelBytesOf(messageOf([5, messageOf([1, 1], [2, 8], [8, "w"])])),
      "unsupported",
      "w",
      /STRING/,
    ],
    [
      "a sparse initialiser",
      modelBytesOf(messageOf([15, messageOf()])),
      "unsupported",
      "model",
      /sparse/,
    ],
    [
      "a node without operator",
      modelBytesOf(messageOf([1, messageOf([3, "nil"])])),
      "invalid-data",
      "nil",
      /no operator type/,
    ],
    [
      "an attribute of two types",
      withAttribute(messageOf([1, "a"], [3, 1], [20, 1])),
      "invalid-data",
      "act",
      /attribute 0 "a".*does not match/,
    ],
    [
      "an attribute of no known type",
      withAttribute(messageOf([1, "a"], [20, 77])),
      "invalid-data",
      "act",
      /type 77/,
    ],
    [
      "an attribute of a function",
      withAttribute(messageOf([1, "a"], [21, "alpha"])),
      "unsupported",
      "act",
      /functions/,
    ],
    [
      "a tensor attribute without a tensor",
      withAttribute(messageOf([1, "a"], [20, 4])),
      "invalid-data",
      "act",
      /does not match/,
    ],
    [
      "a model-local function",
      messageOf([25, messageOf([1, "f"])]),
      "unsupported",
      "model",
      /inline them/,
    ],
    [
      "an operator set from the future",
      modelBytesOf(messageOf(), 999),
      "unsupported",
      "opset_import",
      /knows up to/,
    ],
    [
      "an operator set below 1",
      modelBytesOf(messageOf(), -4),
      "invalid-data",
      "model",
      /version -4/,
    ],
    [
      "a negative size",
      modelBytesOf(messageOf([11, info("x", -7)])),
      "invalid-data",
      "x",
      /size -7 of axis 0/,
    ],
    ["a graph cut short", modelBytesOf(relu).slice(0, -3), "invalid-data", "model", /past the end/],
    [
      "text",
      new TextEncoder().encode("version https://git-lfs.github.com/spec/v1"),
      "invalid-data",
      "model",
      /model/,
    ],
  ];
  it.each(refusals)("refuses %s", (_, bytes, code, where, message) => {
    expect(() => parseModel(bytes)).toThrowError(
      expect.objectContaining({ code, where, message: expect.stringMatching(message) }),
    );
  });

  it("refuses subgraphs nested without end, quickly", () => {
    let graph = messageOf([2, "innermost"]);
    for (let depth = 0; depth < 500; depth++) {
      const attribute = messageOf([1, "body"], [6, graph], [20, 5]);
      graph = messageOf([1, node("Loop", [], [], [3, `loop ${depth}`], [5, attribute])]);
    }
    expect(() => parseModel(modelBytesOf(graph))).toThrowError(
      expect.objectContaining({ code: "limit-exceeded", message: expect.stringMatching(/nested/) }),
    );
  });

  it("refuses a file that unfolds into far more objects than bytes", () => {
    const nodes = new Uint8Array(5 * 260_000);
    const one = messageOf([1, messageOf([4, "A"])]);
    for (let at = 0; at < nodes.length; at += one.length) nodes.set(one, at);
    expect(() => parseModel(modelBytesOf(nodes))).toThrowError(
      expect.objectContaining({ code: "limit-exceeded", message: expect.stringMatching(/nodes/) }),
    );
  });
});

describe("external data", () => {
  const external = (entries: Record<string, string>): Uint8Array =>
    modelBytesOf(
      messageOf([
        5,
        messageOf(
          [1, 2],
          [2, 1],
          [8, "w"],
          ...Object.entries(entries).map(
            ([key, value]) => [13, messageOf([1, key], [2, value])] as [number, Uint8Array],
          ),
          [14, 1],
        ),
      ]),
    );
  const file = new Uint8Array(Float32Array.of(9, 1, 2).buffer);
  const bytes = external({ location: "weights.bin", offset: "4", length: "8" });

  it("comes from a map, a record or a function", () => {
    for (const externalData of [
      new Map([["weights.bin", file]]),
      { "weights.bin": file },
      (name: string) => (name === "weights.bin" ? file : undefined),
    ]) {
      const { graph } = parseModel(bytes, { externalData });
      expect(graph.initializers.get("w")?.data).toEqual(Float32Array.of(1, 2));
    }
  });

  it("is listed before it is fetched", () => {
    expect(listExternalData(bytes)).toEqual(["weights.bin"]);
  });

  it.each([
    ["no file", bytes, undefined, /pass its bytes as externalData/],
    ["another file", bytes, { "other.bin": file }, /pass its bytes/],
    ["a file too short", bytes, { "weights.bin": file.subarray(0, 8) }, /bytes 4 to 12.*has 8/],
    [
      "a length that is not the shape's",
      external({ location: "w", length: "4" }),
      { w: file },
      /needs 8 bytes, the model places 4/,
    ],
    [
      "an offset that is no number",
      external({ location: "w", offset: "-1" }),
      { w: file },
      /offset "-1"/,
    ],
    [
      "a path out of the folder",
      external({ location: "../../etc/passwd" }),
      {},
      /inside the model's folder/,
    ],
    ["an absolute path", external({ location: "/etc/passwd" }), {}, /inside the model's folder/],
    ["a drive", external({ location: "C:\\x" }), {}, /inside the model's folder/],
  ])("refuses %s", (_, model, externalData, message) => {
    const options =
      externalData === undefined
        ? {}
        : { externalData: externalData as Record<string, Uint8Array> };
    expect(() => parseModel(model, options)).toThrowError(
      expect.objectContaining({
        code: "invalid-data",
        where: "w",
        message: expect.stringMatching(message),
      }),
    );
  });
});
