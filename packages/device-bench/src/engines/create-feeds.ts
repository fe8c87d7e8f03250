import {
  arrayConstructor,
  type DType,
  EdgewrightError,
  encodeBfloat16,
  encodeFloat16,
  type Rng,
  sizeOf,
  type Tensor,
} from "@edgewright/core";
import type { ValueInfo } from "@edgewright/graph";

/** What to feed a model that is measured. */
export interface FeedOptions {
  /** Shapes of inputs, needed where the model leaves a size other than the first open. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** One value for a whole input, where random ones make no sense: a sampling rate, a length. */
  readonly values?: Readonly<Record<string, number>>;
}

/**
 * Makes inputs for a model: floats uniform in [-1, 1), whole numbers 0 or 1. An open first axis
 * becomes 1.
 *
 * @throws EdgewrightError `invalid-argument` when a size is open and not given.
 */
export function createFeeds(
  inputs: readonly ValueInfo[],
  rng: Rng,
  options: FeedOptions = {},
): Record<string, Tensor> {
  const known = new Set(inputs.map(({ name }) => name));
  for (const name of [...Object.keys(options.shapes ?? {}), ...Object.keys(options.values ?? {})]) {
    if (!known.has(name)) {
      throw new EdgewrightError(
        "invalid-argument",
        `createFeeds: the model has no input "${name}"; it takes ${[...known].join(", ")}`,
      );
    }
  }
  return Object.fromEntries(
    inputs.map((input) => [
      input.name,
      fillInput(input.dtype ?? "f32", shapeOf(input, options), options.values?.[input.name], rng),
    ]),
  );
}

function shapeOf(input: ValueInfo, options: FeedOptions): readonly number[] {
  const given = options.shapes?.[input.name];
  if (given) return given;
  return (input.shape ?? [null]).map((dim, axis) => {
    if (typeof dim === "number") return dim;
    if (axis === 0 && input.shape !== null) return 1;
    const shape = input.shape?.map((size) => size ?? "?").join(", ") ?? "unknown";
    throw new EdgewrightError(
      "invalid-argument",
      `createFeeds: input "${input.name}" has the open shape [${shape}]; say which, for example ` +
        `--shape ${input.name}=${input.shape?.map((size) => (typeof size === "number" ? size : 224)).join("x") ?? "1"}`,
      { where: input.name },
    );
  });
}

function fillInput(
  dtype: DType,
  shape: readonly number[],
  value: number | undefined,
  rng: Rng,
): Tensor {
  const size = sizeOf(shape);
  const draw = (): number => value ?? rng.uniform() * 2 - 1;
  switch (dtype) {
    case "f32":
    case "f64":
      return { dtype, shape, data: new (arrayConstructor(dtype))(size).map(draw) } as Tensor;
    case "f16":
      return { dtype, shape, data: encodeFloat16(Float32Array.from({ length: size }, draw)) };
    case "bf16":
      return { dtype, shape, data: encodeBfloat16(Float32Array.from({ length: size }, draw)) };
    case "i64":
    case "u64": {
      const data = new (arrayConstructor(dtype))(size);
      for (let i = 0; i < size; i++) data[i] = BigInt(value ?? rng.integer(0, 2));
      return { dtype, shape, data } as Tensor;
    }
    default: {
      const data = new (arrayConstructor(dtype))(size) as Uint8Array;
      for (let i = 0; i < size; i++) data[i] = value ?? rng.integer(0, 2);
      return { dtype, shape, data } as Tensor;
    }
  }
}
