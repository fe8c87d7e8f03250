import { arrayConstructor, type DType, type Tensor, type TensorData } from "@edgewright/core";
import { type ExternalData, externalBytes, externalReference } from "./external-data.js";
import { MAX_RANK, MAX_TENSOR_ELEMENTS } from "./limits.js";
import { MessageReader } from "./message-reader.js";
import { readStringPair } from "./string-pairs.js";
import { dtypeOfCode, nameOfCode } from "./tensor-types.js";

/** A tensor together with the name its message carries (`""` when it carries none). */
export interface NamedTensor {
  readonly name: string;
  readonly tensor: Tensor;
}

/**
 * Reads a `TensorProto` file, such as `input_0.pb` of the ONNX conformance tests.
 *
 * @throws ValidationError when the bytes are damaged or do not fill the claimed shape.
 * @throws UnsupportedError for element types without a typed array (strings, complex, 4-bit ...).
 */
export function parseTensor(bytes: Uint8Array): NamedTensor {
  const reader = new MessageReader(bytes);
  const fields = emptyFields();
  let built: Tensor | undefined;
  reader.readRoot(
    "tensor",
    (field) => readTensorField(reader, field, fields),
    () => {
      built = buildTensor(fields, undefined, reader);
    },
  );
  return { name: fields.name, tensor: built! };
}

/** Reads the current field of `reader` as a `TensorProto`. */
export function readTensor(
  reader: MessageReader,
  kind: string,
  index: number,
  externalData: ExternalData | undefined,
): NamedTensor {
  const fields = emptyFields();
  let built: Tensor | undefined;
  reader.message(
    kind,
    index,
    (field) => readTensorField(reader, field, fields),
    () => {
      built = buildTensor(fields, externalData, reader);
    },
  );
  return { name: fields.name, tensor: built! };
}

interface TensorFields {
  name: string;
  code: number;
  readonly dims: (number | bigint)[];
  raw: Uint8Array | undefined;
  /** Packed float or double bytes as they lie in the file. */
  readonly packed: Uint8Array[];
  readonly values: (number | bigint)[];
  /** Field number of the typed values: float_data, int32_data, ... */
  valuesField: number;
  readonly external: Map<string, string>;
  isExternal: boolean;
}

function emptyFields(): TensorFields {
  return {
    name: "",
    code: 0,
    dims: [],
    raw: undefined,
    packed: [],
    values: [],
    valuesField: 0,
    external: new Map(),
    isExternal: false,
  };
}

// Field numbers are those of TensorProto in onnx.proto.
function readTensorField(reader: MessageReader, field: number, fields: TensorFields): void {
  switch (field) {
    case 1:
      reader.int64s(fields.dims);
      if (fields.dims.length > MAX_RANK) {
        throw reader.tooLarge(`more than ${MAX_RANK} axes`);
      }
      return;
    case 2:
      fields.code = reader.int32();
      return;
    case 4:
    case 10:
      noteValues(reader, field, fields);
      if (reader.isPacked()) fields.packed.push(reader.bytes());
      else fields.values.push(field === 4 ? reader.float() : reader.double());
      return;
    case 5:
      noteValues(reader, field, fields);
      if (reader.isPacked()) reader.packed((numbers) => fields.values.push(numbers.int32()));
      else fields.values.push(reader.int32());
      return;
    case 7:
    case 11:
      noteValues(reader, field, fields);
      reader.int64s(fields.values);
      return;
    case 8:
      fields.name = reader.string();
      reader.nameMessage(fields.name);
      return;
    case 9:
      fields.raw = reader.bytes();
      return;
    case 13: {
      const [key, value] = readStringPair(reader, "external data entry");
      fields.external.set(key, value);
      return;
    }
    case 14:
      fields.isExternal = reader.int32() === 1;
      return;
    default:
      reader.skip();
  }
}

function noteValues(reader: MessageReader, field: number, fields: TensorFields): void {
  if (fields.valuesField !== 0 && fields.valuesField !== field) {
    throw reader.invalid("values are given in two different fields");
  }
  fields.valuesField = field;
}

function buildTensor(
  fields: TensorFields,
  externalData: ExternalData | undefined,
  reader: MessageReader,
): Tensor {
  const dtype = dtypeOfCode(fields.code);
  if (dtype === undefined) {
    if (fields.code < 1 || fields.code > 26) {
      throw reader.invalid(`element type code ${fields.code} is not one of the ONNX standard`);
    }
    throw reader.unsupported(
      `tensors of element type ${nameOfCode(fields.code)} are not supported`,
    );
  }
  const shape = tensorShape(fields.dims, reader);
  let size = 1;
  for (const dim of shape) size *= dim;
  if (size > MAX_TENSOR_ELEMENTS) {
    throw reader.tooLarge(`shape [${shape.join(", ")}] exceeds ${MAX_TENSOR_ELEMENTS} elements`);
  }
  const byteLength = size * arrayConstructor(dtype).BYTES_PER_ELEMENT;
  if (fields.isExternal) {
    const reference = externalReference(fields.external, fields.name);
    const bytes = externalBytes(reference, externalData, byteLength, fields.name);
    return { dtype, shape, data: viewOrCopy(dtype, bytes, size) } as Tensor;
  }
  // An empty raw_data beside typed values means nothing; some exporters write it.
  if (fields.raw !== undefined && (fields.raw.length > 0 || fields.valuesField === 0)) {
    if (fields.raw.length !== byteLength) {
      throw reader.invalid(
        `shape [${shape.join(", ")}] of ${dtype} needs ${byteLength} bytes, the file holds ${fields.raw.length}`,
      );
    }
    return { dtype, shape, data: viewOrCopy(dtype, fields.raw, size) } as Tensor;
  }
  return { dtype, shape, data: typedValues(dtype, shape, size, fields, reader) } as Tensor;
}

function tensorShape(dims: readonly (number | bigint)[], reader: MessageReader): number[] {
  return dims.map((dim) => {
    if (typeof dim !== "number" || dim < 0) {
      throw reader.invalid(`size ${dim} of an axis must be a non-negative integer`);
    }
    return dim;
  });
}

// Zero-copy where the bytes happen to lie aligned, one aligned copy otherwise.
function viewOrCopy(dtype: DType, bytes: Uint8Array, size: number): TensorData {
  const Elements = arrayConstructor(dtype);
  if (dtype === "bool") return canonicalBooleans(bytes);
  if (bytes.byteOffset % Elements.BYTES_PER_ELEMENT === 0) {
    return new Elements(bytes.buffer, bytes.byteOffset, size);
  }
  return new Elements(bytes.slice().buffer, 0, size);
}

// Kernels rely on 0 and 1.
function canonicalBooleans(bytes: Uint8Array): Uint8Array {
  return bytes.every((byte) => byte <= 1) ? bytes : bytes.map((byte) => (byte === 0 ? 0 : 1));
}

function typedValues(
  dtype: DType,
  shape: readonly number[],
  size: number,
  fields: TensorFields,
  reader: MessageReader,
): TensorData {
  if (size > 0 && fields.valuesField !== valuesFieldOf(dtype)) {
    throw reader.invalid(
      fields.valuesField === 0
        ? `shape [${shape.join(", ")}] needs ${size} elements, the file holds no data`
        : `values of ${dtype} lie in field ${fields.valuesField}, expected field ${valuesFieldOf(dtype)} or raw_data`,
    );
  }
  const count =
    fields.values.length +
    fields.packed.reduce((sum, chunk) => sum + chunk.length, 0) / (dtype === "f64" ? 8 : 4);
  if (count !== size) {
    throw reader.invalid(
      `shape [${shape.join(", ")}] needs ${size} elements, the file holds ${count}`,
    );
  }
  const Elements = arrayConstructor(dtype);
  if (fields.packed.length === 1 && fields.values.length === 0) {
    return viewOrCopy(dtype, fields.packed[0]!, size);
  }
  const data = new Elements(size);
  const values = [
    ...fields.packed.flatMap((chunk) => unpackFloats(dtype, chunk)),
    ...fields.values,
  ];
  const wantsBigInt = dtype === "i64" || dtype === "u64";
  for (let i = 0; i < size; i++) {
    const value = values[i]!;
    (data as { [i: number]: number | bigint })[i] = wantsBigInt
      ? BigInt(value)
      : dtype === "bool"
        ? Number(value !== 0)
        : Number(value);
  }
  return data;
}

function unpackFloats(dtype: DType, chunk: Uint8Array): number[] {
  const bytes = chunk.slice().buffer;
  return [...(dtype === "f64" ? new Float64Array(bytes) : new Float32Array(bytes))];
}

// TensorProto: which repeated field holds the values of an element type.
function valuesFieldOf(dtype: DType): number {
  switch (dtype) {
    case "f32":
      return 4;
    case "f64":
      return 10;
    case "i64":
      return 7;
    case "u32":
    case "u64":
      return 11;
    default:
      return 5;
  }
}
