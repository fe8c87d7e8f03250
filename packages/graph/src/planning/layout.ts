import { sizeOf } from "@edgewright/core";

/**
 * Order of a value's elements in memory. Shapes are always ONNX's; `channels-last` stores
 * [n, c, ...spatial] as [n, ...spatial, c], the order in which image kernels work.
 */
export type Layout = "row-major" | "channels-last";

/** The axes of a value from the outermost to the innermost in memory. */
export function memoryOrder(rank: number, layout: Layout): number[] {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  if (layout === "row-major" || rank < 3) return axes;
  return [0, ...axes.slice(2), 1];
}

/** Sizes of a value's axes in the order of memory. */
export function memoryShape(shape: readonly number[], layout: Layout): number[] {
  return memoryOrder(shape.length, layout).map((axis) => shape[axis]!);
}

/** Whether both layouts of a shape are the same bytes: one channel, or one pixel. */
export function layoutsCoincide(shape: readonly number[]): boolean {
  if (shape.length < 3) return true;
  return shape[1] === 1 || sizeOf(shape.slice(2)) === 1;
}

/** Where an axis lies in memory. */
export function memoryAxis(axis: number, rank: number, layout: Layout): number {
  return memoryOrder(rank, layout).indexOf(axis);
}

/** Whether moving the axes of `shape` into the order `permutation` moves no element. */
export function isFreePermutation(
  shape: readonly number[],
  permutation: readonly number[],
): boolean {
  const moving = permutation.filter((axis) => shape[axis] !== 1);
  return moving.every((axis, i) => i === 0 || moving[i - 1]! < axis);
}
