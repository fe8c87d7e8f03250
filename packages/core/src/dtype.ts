/** Element types of a {@link Tensor}. `f16` and `bf16` live in 16-bit storage, `bool` in bytes of 0 or 1. */
export type DType =
  | "f32"
  | "f64"
  | "f16"
  | "bf16"
  | "i8"
  | "u8"
  | "i16"
  | "u16"
  | "i32"
  | "u32"
  | "i64"
  | "u64"
  | "bool";

/** The typed array that stores each element type. */
export interface DTypeArrays {
  f32: Float32Array;
  f64: Float64Array;
  f16: Uint16Array;
  bf16: Uint16Array;
  i8: Int8Array;
  u8: Uint8Array;
  i16: Int16Array;
  u16: Uint16Array;
  i32: Int32Array;
  u32: Uint32Array;
  i64: BigInt64Array;
  u64: BigUint64Array;
  bool: Uint8Array;
}

/** Any typed array that a tensor may hold. */
export type TensorData = DTypeArrays[DType];

/** What makes a typed array: from a length, or over a buffer. */
export type TypedArrayConstructor<A> = {
  new (length: number): A;
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): A;
  readonly BYTES_PER_ELEMENT: number;
};

/** The constructor of the typed array behind an element type. */
export function arrayConstructor<D extends DType>(dtype: D): TypedArrayConstructor<DTypeArrays[D]> {
  return constructors()[dtype] as unknown as TypedArrayConstructor<DTypeArrays[D]>;
}

/** Bytes of one element. */
export function bytesPerElement(dtype: DType): number {
  return arrayConstructor(dtype).BYTES_PER_ELEMENT;
}

// A function rather than a table: bundlers drop it when nobody asks.
function constructors(): Record<DType, unknown> {
  return {
    f32: Float32Array,
    f64: Float64Array,
    f16: Uint16Array,
    bf16: Uint16Array,
    i8: Int8Array,
    u8: Uint8Array,
    i16: Int16Array,
    u16: Uint16Array,
    i32: Int32Array,
    u32: Uint32Array,
    i64: BigInt64Array,
    u64: BigUint64Array,
    bool: Uint8Array,
  };
}
