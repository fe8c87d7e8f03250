import { expect, test } from "vitest";
import { graphOf, infoOf, modelOf, nodeOf } from "../model/build-model.test-support.js";
import { serializeModel } from "../onnx/serialize-model.js";
import { floats } from "../optimize/compare-optimized.test-support.js";
import { InferenceSession } from "./onnxruntime-face.js";
import { Tensor } from "./onnxruntime-tensor.js";

function bytes(): Uint8Array {
  const graph = graphOf({
    inputs: [infoOf("x", ["n", 2])],
    outputs: [infoOf("y", ["n", 2]), infoOf("z", ["n", 2])],
    initializers: { c: floats([2], [10, 20]) },
    nodes: [nodeOf("Add", ["x", "c"], ["y"]), nodeOf("Mul", ["x", "c"], ["z"])],
  });
  return serializeModel(modelOf(graph));
}

test("create and run with onnxruntime's names", async () => {
  const session = await InferenceSession.create(bytes(), {
    executionProviders: ["wasm"],
    graphOptimizationLevel: "all",
  });
  expect(session.inputNames).toEqual(["x"]);
  expect(session.outputNames).toEqual(["y", "z"]);
  const { y, z } = await session.run({ x: new Tensor("float32", [1, 2, 3, 4], [2, 2]) });
  expect([y!.type, y!.dims, y!.size, y!.location]).toEqual(["float32", [2, 2], 4, "cpu"]);
  expect(y!.data).toEqual(Float32Array.of(11, 22, 13, 24));
  expect(await z!.getData()).toEqual(Float32Array.of(10, 40, 30, 80));
  await session.release();
});

test("create accepts a buffer and a part of one", async () => {
  const model = bytes();
  const buffer = new ArrayBuffer(model.length + 8);
  new Uint8Array(buffer).set(model, 8);
  const whole = await InferenceSession.create(buffer.slice(8));
  const part = await InferenceSession.create(buffer, 8, model.length);
  expect(part.inputNames).toEqual(whole.inputNames);
  await whole.release();
  await part.release();
});

test("run takes any object with type, dims and data, and returns the wanted outputs", async () => {
  const session = await InferenceSession.create(bytes());
  const x = { type: "float32", dims: [1, 2], data: new Float32Array([1, 2]) };
  expect(Object.keys(await session.run({ x }, ["z"]))).toEqual(["z"]);
  expect(Object.keys(await session.run({ x }, { y: null }))).toEqual(["y"]);
  expect(Object.keys(await session.run({ x }, { logSeverityLevel: 0 }))).toEqual(["y", "z"]);
  await expect(session.run({ x }, ["q"])).rejects.toThrow('the model has no output "q"');
  await expect(session.run({ x: 3 as never })).rejects.toThrow("must be a tensor");
  await session.release();
});

test("a file that is not there is an error that names it", async () => {
  await expect(InferenceSession.create("no-such-file.onnx")).rejects.toThrow("no-such-file.onnx");
});

test("tensors infer their type and check their size", () => {
  expect(new Tensor(new Int32Array(2)).type).toBe("int32");
  expect(new Tensor([true, false]).type).toBe("bool");
  expect(new Tensor(new BigInt64Array(1), []).dims).toEqual([]);
  expect(new Tensor("int64", [1, 2], [2]).data).toEqual(BigInt64Array.of(1n, 2n));
  expect(new Tensor(new Float32Array(6), [2, 3]).reshape([3, 2]).dims).toEqual([3, 2]);
  expect(() => new Tensor(new Float32Array(6), [2, 2])).toThrow(
    "dims [2, 2] hold 4 elements, got 6",
  );
  expect(() => new Tensor("string", [], [0])).toThrow('element type "string" is not supported');
});
