import { describe, expect, it } from "vitest";
import { messageOf, modelBytesOf } from "./build-message.test-support.js";
import { parseModel } from "./parse-model.js";
import { parseTensor } from "./read-tensor.js";

// What readFileSync returns: a Buffer, whose slice() shares memory, often inside a pool of others.
const bufferOf = (bytes: Uint8Array, shift: number): Buffer => {
  const pool = Buffer.alloc(bytes.length + shift + 3, 0xee);
  pool.set(bytes, shift);
  return pool.subarray(shift, shift + bytes.length);
};
const values = Float32Array.of(1.5, -2.5);
const raw = new Uint8Array(values.buffer);

describe("files read as Node buffers", () => {
  it.each([0, 1, 2, 3])("give the same tensors at any alignment (%i)", (shift) => {
    const rawTensor = messageOf([1, 2], [2, 1], [8, "w"], [9, raw]);
    const packedTensor = messageOf([1, 2], [2, 1], [8, "w"], [4, raw]);
    const booleans = messageOf([1, 2], [2, 9], [9, Uint8Array.of(1, 0)]);
    expect(parseTensor(bufferOf(rawTensor, shift)).tensor.data).toStrictEqual(values);
    expect(parseTensor(bufferOf(packedTensor, shift)).tensor.data).toStrictEqual(values);
    expect(parseTensor(bufferOf(booleans, shift)).tensor.data).toStrictEqual(Uint8Array.of(1, 0));
  });

  it.each([0, 1, 2, 3])("hold external data at any alignment (%i)", (shift) => {
    const location = messageOf([1, "location"], [2, "w.bin"]);
    const bytes = modelBytesOf(
      messageOf([5, messageOf([1, 2], [2, 1], [8, "w"], [13, location], [14, 1])]),
    );
    const { graph } = parseModel(bufferOf(bytes, shift), {
      externalData: { "w.bin": bufferOf(raw, shift) },
    });
    expect(graph.initializers.get("w")?.data).toStrictEqual(values);
  });
});
