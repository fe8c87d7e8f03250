import type { DType } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import { messageOf, packedOf } from "./build-message.test-support.js";
import { parseTensor } from "./read-tensor.js";
import { codeOfDtype } from "./tensor-types.js";

const bytesOf = (data: ArrayBufferView): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

describe("parseTensor", () => {
  const raw: [DType, ArrayBufferView][] = [
    ["f32", Float32Array.of(1.5, -2)],
    ["f64", Float64Array.of(1e300, -0)],
    ["f16", Uint16Array.of(0x3c00, 0xc000)],
    ["bf16", Uint16Array.of(0x3f80, 0xc000)],
    ["i8", Int8Array.of(-128, 127)],
    ["u8", Uint8Array.of(0, 255)],
    ["i16", Int16Array.of(-32768, 32767)],
    ["u16", Uint16Array.of(0, 65535)],
    ["i32", Int32Array.of(-(2 ** 31), 2 ** 31 - 1)],
    ["u32", Uint32Array.of(0, 2 ** 32 - 1)],
    ["i64", BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n)],
    ["u64", BigUint64Array.of(0n, 2n ** 64n - 1n)],
    ["bool", Uint8Array.of(0, 1)],
  ];
  it.each(raw)("reads raw %s data", (dtype, data) => {
    const bytes = messageOf([1, 2], [2, codeOfDtype(dtype)], [8, "w"], [9, bytesOf(data)]);
    expect(parseTensor(bytes)).toEqual({ name: "w", tensor: { dtype, shape: [2], data } });
  });

  const typed: [DType, number, Uint8Array, ArrayLike<number | bigint>][] = [
    ["f32", 4, bytesOf(Float32Array.of(0.5, -1)), Float32Array.of(0.5, -1)],
    ["f64", 10, bytesOf(Float64Array.of(0.1, -1)), Float64Array.of(0.1, -1)],
    ["f16", 5, packedOf(0x3c00, 0xc000), Uint16Array.of(0x3c00, 0xc000)],
    ["i8", 5, packedOf(-128, 127), Int8Array.of(-128, 127)],
    ["bool", 5, packedOf(0, 1), Uint8Array.of(0, 1)],
    ["i32", 5, packedOf(-1, 7), Int32Array.of(-1, 7)],
    ["i64", 7, packedOf(-1, 2n ** 63n - 1n), BigInt64Array.of(-1n, 2n ** 63n - 1n)],
    ["u32", 11, packedOf(1, 2 ** 32 - 1), Uint32Array.of(1, 2 ** 32 - 1)],
    ["u64", 11, packedOf(1, -1), BigUint64Array.of(1n, 2n ** 64n - 1n)],
  ];
  it.each(typed)("reads packed %s values", (dtype, field, packed, data) => {
    const bytes = messageOf([1, 2], [2, codeOfDtype(dtype)], [field, packed]);
    expect(parseTensor(bytes).tensor).toEqual({ dtype, shape: [2], data });
  });

  it("reads values that are not packed, and packed ones in pieces", () => {
    const single = messageOf([1, 2], [2, 1], [4, { float: 3 }], [4, { float: 4 }]);
    expect(parseTensor(single).tensor.data).toEqual(Float32Array.of(3, 4));
    const [a, b] = [bytesOf(Float32Array.of(3)), bytesOf(Float32Array.of(4))];
    const pieces = messageOf([1, 2], [2, 1], [4, a], [4, b]);
    expect(parseTensor(pieces).tensor.data).toEqual(Float32Array.of(3, 4));
  });

  it("reads packed dimensions, scalars and empty tensors", () => {
    const matrix = messageOf([1, packedOf(2, 1)], [2, 3], [9, Uint8Array.of(1, 2)]);
    expect(parseTensor(matrix).tensor.shape).toEqual([2, 1]);
    const scalar = messageOf([2, 7], [7, packedOf(5)]);
    expect(parseTensor(scalar).tensor).toEqual({
      dtype: "i64",
      shape: [],
      data: BigInt64Array.of(5n),
    });
    expect(parseTensor(messageOf([1, 0], [2, 1])).tensor.data.length).toBe(0);
  });

  it("views aligned bytes in place and copies others", () => {
    const field = messageOf([1, 1], [2, 1], [9, bytesOf(Float32Array.of(7))]);
    for (let shift = 0; shift < 4; shift++) {
      const file = new Uint8Array(field.length + shift);
      file.set(field, shift);
      const { data } = parseTensor(file.subarray(shift)).tensor;
      expect(data[0]).toBe(7);
      const isView = data.buffer === file.buffer;
      expect(isView).toBe((shift + field.length - 4) % 4 === 0);
    }
  });

  it("makes booleans 0 or 1", () => {
    const bytes = messageOf([1, 3], [2, 9], [9, Uint8Array.of(0, 255, 2)]);
    expect(parseTensor(bytes).tensor.data).toEqual(Uint8Array.of(0, 1, 1));
  });

  it.each([
    [
      "less data than claimed",
      messageOf([1, 3], [2, 1], [8, "w"], [9, new Uint8Array(8)]),
      "invalid-data",
      /needs 12 bytes, the file holds 8/,
    ],
    ["no data", messageOf([1, 3], [2, 1], [8, "w"]), "invalid-data", /the file holds no data/],
    [
      "too few values",
      messageOf([1, 3], [2, 7], [8, "w"], [7, 1]),
      "invalid-data",
      /needs 3 elements, the file holds 1/,
    ],
    [
      "values in the wrong field",
      messageOf([1, 1], [2, 1], [8, "w"], [7, 1]),
      "invalid-data",
      /field 7, expected field 4/,
    ],
    [
      "values in two fields",
      messageOf([1, 1], [2, 1], [5, 1], [7, 1]),
      "invalid-data",
      /two different fields/,
    ],
    ["a negative size", messageOf([1, -1], [2, 1]), "invalid-data", /size -1 of an axis/],
    ["a size beyond all integers", messageOf([1, 2n ** 62n], [2, 1]), "invalid-data", /of an axis/],
    ["a huge size", messageOf([1, 2 ** 40], [2, 1]), "limit-exceeded", /exceeds \d+ elements/],
    [
      "more axes than any tensor",
      messageOf([1, packedOf(...new Array<number>(65).fill(1))], [2, 1]),
      "limit-exceeded",
      /64 axes/,
    ],
    ["an unknown type", messageOf([1, 1], [2, 99]), "invalid-data", /code 99 is not one/],
    ["strings", messageOf([1, 1], [2, 8], [6, "a"]), "unsupported", /STRING are not supported/],
    ["4-bit integers", messageOf([1, 1], [2, 22], [9, Uint8Array.of(1)]), "unsupported", /INT4/],
    ["a number where bytes belong", messageOf([9, 5]), "invalid-data", /wire type/],
    ["a length past the end", Uint8Array.of(0x4a, 0x7f), "invalid-data", /EOF/],
  ] as const)("refuses %s", (_, bytes, code, message) => {
    expect(() => parseTensor(bytes)).toThrowError(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});
