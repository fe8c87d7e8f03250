import {
  arrayConstructor,
  type DType,
  ShapeError,
  sizeOf,
  UnsupportedError,
} from "@edgewright/core";

/** Any object that has what a tensor of onnxruntime has: one made by another copy or runtime will do. */
export interface OnnxTensorLike {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}

/**
 * A tensor with the names that onnxruntime uses.
 *
 * @example
 * const x = new Tensor("float32", new Float32Array(6), [2, 3]);
 * console.log(x.dims, x.size); // [ 2, 3 ] 6
 */
export class Tensor implements OnnxTensorLike {
  readonly type: string;
  readonly data: ArrayBufferView & ArrayLike<number | bigint>;
  readonly dims: readonly number[];
  /** Number of elements. */
  readonly size: number;
  /** Where the data lies: always in JavaScript memory here. */
  readonly location = "cpu";

  /** @throws ShapeError when the data do not fill the dims, UnsupportedError for an unknown type. */
  constructor(type: string, data: ArrayLike<number | bigint | boolean>, dims?: readonly number[]);
  /** The type follows from the kind of array; a list of booleans is `bool`. */
  constructor(data: ArrayLike<number | bigint | boolean>, dims?: readonly number[]);
  constructor(
    first: string | ArrayLike<number | bigint | boolean>,
    second?: ArrayLike<number | bigint | boolean> | readonly number[],
    third?: readonly number[],
  ) {
    const typed = typeof first === "string";
    const source = (typed ? second : first) as ArrayLike<number | bigint | boolean> | undefined;
    if (source === undefined) throw new ShapeError("Tensor: data are missing");
    this.type = typed ? first : inferType(source);
    this.dims = [...((typed ? third : (second as readonly number[])) ?? [source.length])];
    this.size = sizeOf(this.dims);
    if (source.length !== this.size) {
      throw new ShapeError(
        `Tensor: dims [${this.dims.join(", ")}] hold ${this.size} elements, got ${source.length}`,
      );
    }
    this.data = toTypedArray(dtypeOf(this.type), source);
  }

  /** The data, for callers that expect them to come from a device. */
  async getData(): Promise<ArrayBufferView & ArrayLike<number | bigint>> {
    return this.data;
  }

  /** The same data under other dims. */
  reshape(dims: readonly number[]): Tensor {
    return new Tensor(this.type, this.data, dims);
  }

  /** Does nothing: the data are ordinary JavaScript memory. */
  dispose(): void {}
}

/** Our element type for onnxruntime's name. @throws UnsupportedError for one that we lack. */
export function dtypeOf(type: string): DType {
  for (const [dtype, name] of typeNames()) if (name === type) return dtype;
  throw new UnsupportedError(
    `Tensor: element type "${type}" is not supported; known are ${typeNames()
      .map(([, name]) => name)
      .join(", ")}`,
  );
}

/** onnxruntime's name for our element type. */
export function typeNameOf(dtype: DType): string {
  return typeNames().find(([own]) => own === dtype)![1];
}

function typeNames(): [DType, string][] {
  return [
    ["f32", "float32"],
    ["f64", "float64"],
    ["f16", "float16"],
    ["bf16", "bfloat16"],
    ["i8", "int8"],
    ["u8", "uint8"],
    ["i16", "int16"],
    ["u16", "uint16"],
    ["i32", "int32"],
    ["u32", "uint32"],
    ["i64", "int64"],
    ["u64", "uint64"],
    ["bool", "bool"],
  ];
}

function inferType(data: ArrayLike<number | bigint | boolean>): string {
  if (!ArrayBuffer.isView(data)) return typeof data[0] === "boolean" ? "bool" : "float32";
  if (data instanceof Uint8ClampedArray) return "uint8";
  for (const [dtype, name] of typeNames()) {
    if (dtype === "f16" || dtype === "bf16" || dtype === "bool") continue;
    if (data instanceof (arrayConstructor(dtype) as unknown as new () => object)) return name;
  }
  throw new UnsupportedError(`Tensor: data of ${data.constructor.name} have no element type`);
}

/** The data in the typed array of their element type; shared where they lie in one already. */
export function toTypedArray(
  dtype: DType,
  source: ArrayLike<number | bigint | boolean>,
): ArrayBufferView & ArrayLike<number | bigint> {
  const Elements = arrayConstructor(dtype);
  if (source instanceof (Elements as unknown as new () => object)) {
    return source as unknown as ArrayBufferView & ArrayLike<number>;
  }
  const wantsBigInt = dtype === "i64" || dtype === "u64";
  const data = new Elements(source.length);
  for (let i = 0; i < source.length; i++) {
    const value = source[i]!;
    (data as { [i: number]: number | bigint })[i] = wantsBigInt ? BigInt(value) : Number(value);
  }
  return data as ArrayBufferView & ArrayLike<number>;
}
