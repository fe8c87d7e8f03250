// ONNX files of a single node, for the peers: enough of the format to state it, written by hand so
// that a benchmark of the kernels needs no other package.

/** A tensor of the model: an input, or with `data` an initializer. */
export interface ModelTensor {
  readonly name: string;
  /** ONNX element type: 1 f32, 2 u8, 3 i8, 6 i32. */
  readonly type: number;
  readonly dims: readonly number[];
  readonly data?: ArrayBufferView;
}

/** What {@link encodeOneNodeModel} encodes. */
export interface OneNodeModel {
  readonly op: string;
  /** `com.microsoft` for onnxruntime's own operators. @default "" */
  readonly domain?: string;
  readonly inputs: readonly ModelTensor[];
  readonly output: ModelTensor;
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
}

/** Bytes of an ONNX model with one node. */
export function encodeOneNodeModel(model: OneNodeModel): Uint8Array {
  const { op, domain = "", inputs, output, attributes = {} } = model;
  const node = join([
    ...inputs.map(({ name }) => text(1, name)),
    text(2, output.name),
    text(4, op),
    ...Object.entries(attributes).map(([name, value]) => bytes(5, encodeAttribute(name, value))),
    text(7, domain),
  ]);
  const graph = join([
    bytes(1, node),
    text(2, "one"),
    ...inputs.filter(({ data }) => data).map((tensor) => bytes(5, encodeTensor(tensor))),
    ...inputs.filter(({ data }) => !data).map((tensor) => bytes(11, encodeInfo(tensor))),
    bytes(12, encodeInfo(output)),
  ]);
  return join([
    integer(1, 8), // IR version
    bytes(7, graph),
    bytes(8, join([text(1, ""), integer(2, 17)])),
    ...(domain ? [bytes(8, join([text(1, domain), integer(2, 1)]))] : []),
  ]);
}

function encodeTensor({ name, type, dims, data }: ModelTensor): Uint8Array {
  const view = data!;
  const raw = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return join([
    ...dims.map((dim) => integer(1, dim)),
    integer(2, type),
    text(8, name),
    bytes(9, raw),
  ]);
}

function encodeInfo({ name, type, dims }: ModelTensor): Uint8Array {
  const shape = join(dims.map((dim) => bytes(1, integer(1, dim))));
  const tensorType = join([integer(1, type), bytes(2, shape)]);
  return join([text(1, name), bytes(2, bytes(1, tensorType))]);
}

function encodeAttribute(name: string, value: number | readonly number[]): Uint8Array {
  if (typeof value === "number") return join([text(1, name), integer(3, value), integer(20, 2)]);
  return join([text(1, name), ...value.map((one) => integer(8, one)), integer(20, 7)]);
}

function integer(field: number, value: number): Uint8Array {
  return join([varint(field << 3), varint(value)]);
}

function bytes(field: number, value: Uint8Array): Uint8Array {
  return join([varint((field << 3) | 2), varint(value.length), value]);
}

function text(field: number, value: string): Uint8Array {
  return bytes(field, new TextEncoder().encode(value));
}

function varint(value: number): Uint8Array {
  const out: number[] = [];
  let rest = value;
  while (rest >= 128) {
    out.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Uint8Array.from([...out, rest]);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
