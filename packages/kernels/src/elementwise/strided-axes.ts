/** One axis of an iteration space, with the distance between neighbours in each operand. */
export interface StridedAxis {
  readonly length: number;
  readonly strides: readonly number[];
}

/** Indices of the axes that a kernel cannot iterate itself. */
export interface OuterBlock {
  /** Number of the block in row-major order. */
  readonly index: number;
  /** Where the block begins in each operand. */
  readonly offsets: readonly number[];
}

/** Drops axes of length 1 and merges neighbours that every operand walks as one. Keeps at least one axis. */
export function mergeAxes(axes: readonly StridedAxis[]): StridedAxis[] {
  const merged: StridedAxis[] = [];
  for (const axis of axes) {
    if (axis.length === 1) continue;
    const last = merged.at(-1);
    if (last?.strides.every((stride, i) => stride === axis.strides[i]! * axis.length)) {
      merged[merged.length - 1] = { length: last.length * axis.length, strides: axis.strides };
    } else merged.push(axis);
  }
  if (merged.length === 0) {
    merged.push({ length: 1, strides: axes[0]?.strides.map(() => 1) ?? [1, 1] });
  }
  return merged;
}

/**
 * Splits merged axes into the innermost one, exactly `count` outer ones (filled up with length 1 in
 * front), and one block for every index of the axes beyond.
 */
export function splitOuterAxes(
  axes: readonly StridedAxis[],
  count: number,
): { inner: StridedAxis; outer: StridedAxis[]; blocks: OuterBlock[] } {
  const inner = axes.at(-1)!;
  const rest = axes.slice(0, -1);
  const still = { length: 1, strides: inner.strides.map(() => 0) };
  const outer = rest.slice(-count);
  while (outer.length < count) outer.unshift(still);
  let blocks: { offsets: number[] }[] = [{ offsets: inner.strides.map(() => 0) }];
  for (const axis of rest.slice(0, Math.max(0, rest.length - count))) {
    blocks = blocks.flatMap((block) =>
      Array.from({ length: axis.length }, (_, i) => ({
        offsets: block.offsets.map((offset, operand) => offset + i * axis.strides[operand]!),
      })),
    );
  }
  return { inner, outer, blocks: blocks.map((block, index) => ({ index, ...block })) };
}
