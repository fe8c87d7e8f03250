import { arrayConstructor, type DType, sizeOf } from "@edgewright/core";

/** Element type and shape of a value, both known. */
export interface ConcreteValue {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** Bytes of a value in memory. */
export function valueBytes({ dtype, shape }: ConcreteValue): number {
  return sizeOf(shape) * arrayConstructor(dtype).BYTES_PER_ELEMENT;
}
