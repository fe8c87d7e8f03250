import { expect, test } from "vitest";
import { arrayConstructor, bytesPerElement, type DType } from "./dtype.js";
import { AbortError, EdgewrightError, ShapeError, throwIfAborted } from "./errors.js";
import { sizeOf, tensor } from "./tensor.js";

const bytes: Record<DType, number> = {
  f32: 4,
  f64: 8,
  f16: 2,
  bf16: 2,
  i8: 1,
  u8: 1,
  i16: 2,
  u16: 2,
  i32: 4,
  u32: 4,
  i64: 8,
  u64: 8,
  bool: 1,
};

test.each(Object.entries(bytes) as [DType, number][])("%s takes %i bytes", (dtype, size) => {
  expect(bytesPerElement(dtype)).toBe(size);
  const { data } = tensor(dtype, [2, 3]);
  expect(data).toBeInstanceOf(arrayConstructor(dtype) as unknown as new () => object);
  expect(data.byteLength).toBe(6 * size);
});

test("a tensor keeps a typed array of its own kind and copies any other list", () => {
  const data = Float32Array.of(1, 2);
  expect(tensor("f32", [2], data).data).toBe(data);
  expect([...tensor("i32", [2], data).data]).toEqual([1, 2]);
  expect([...tensor("i64", [1], [5n]).data]).toEqual([5n]);
  expect(sizeOf([])).toBe(1);
  expect(() => tensor("f32", [2, 2], [1])).toThrow("tensor: shape [2, 2] holds 4 elements, got 1");
});

test("errors are known by their brand, also those of another copy of the package", () => {
  const foreign = Object.assign(new Error("from elsewhere"), {
    [Symbol.for("@edgewright/error")]: true,
  });
  expect(EdgewrightError.isInstance(foreign)).toBe(true);
  expect(EdgewrightError.isInstance(new ShapeError("no"))).toBe(true);
  expect(EdgewrightError.isInstance(new Error("no"))).toBe(false);
  expect(EdgewrightError.isInstance(null)).toBe(false);
});

test("a signal that fired stops the work and keeps its reason", () => {
  const abort = new AbortController();
  throwIfAborted(abort.signal, "work");
  throwIfAborted(undefined, "work");
  abort.abort("enough");
  try {
    throwIfAborted(abort.signal, "work");
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(AbortError);
    expect((error as AbortError).code).toBe("aborted");
    expect((error as AbortError).cause).toBe("enough");
    expect((error as AbortError).message).toBe("work: aborted by the caller");
  }
});
