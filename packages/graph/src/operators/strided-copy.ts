import type { TensorData } from "@edgewright/core";
import { forEachRow } from "./broadcasting.js";
import { asNumbers } from "./element-values.js";

/** Where a strided walk begins and how far its axes step. */
export interface StridedView {
  readonly data: TensorData;
  /** @default 0 */
  readonly offset?: number;
  /** Elements between neighbours along each axis; 0 repeats, negative walks backwards. */
  readonly strides: readonly number[];
}

/** Copies elements from one strided view of `shape` to another, whatever their (equal) type. */
export function copyStrided(shape: readonly number[], from: StridedView, to: StridedView): void {
  const source = asNumbers(from.data);
  const target = asNumbers(to.data);
  const firstSource = from.offset ?? 0;
  const firstTarget = to.offset ?? 0;
  forEachRow(shape, [from.strides, to.strides], (offsets, steps, length) => {
    let i = firstSource + offsets[0]!;
    let o = firstTarget + offsets[1]!;
    const [stepIn, stepOut] = steps as [number, number];
    if (stepIn === 1 && stepOut === 1 && length > 16) {
      target.set(source.subarray(i, i + length), o);
      return;
    }
    for (let k = 0; k < length; k++, i += stepIn, o += stepOut) target[o] = source[i]!;
  });
}
