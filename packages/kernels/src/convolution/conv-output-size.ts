/**
 * Pixels along one axis of a convolution's output: `floor((size + padBegin + padEnd - dilation *
 * (kernel - 1) - 1) / stride) + 1`, and 0 where the kernel does not fit.
 *
 * @example
 * ```ts
 * convOutputSize(56, 3, 1, 1, 1, 1); // 56
 * ```
 */
export function convOutputSize(
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
  padBegin: number,
  padEnd: number,
): number {
  const span = dilation * (kernel - 1) + 1;
  return Math.max(0, Math.floor((size + padBegin + padEnd - span) / stride) + 1);
}

/** Pixels along one axis of a transposed convolution's output (ONNX's formula). */
export function convTransposeOutputSize(
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
  padBegin: number,
  padEnd: number,
  outputPad: number,
): number {
  const span = dilation * (kernel - 1) + 1;
  return stride * (size - 1) + outputPad + span - padBegin - padEnd;
}
