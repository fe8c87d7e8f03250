/** Arguments of the int8 product kernels, in the order that assembly/int8-finish.ts reads them. */
export interface ProductArguments {
  /** Address of the prepared activations. */
  readonly a: number;
  /** Address of the packed weights. */
  readonly b: number;
  readonly y: number;
  /** Output rows in all (pixels of a convolution). */
  readonly rows: number;
  readonly panels: number;
  /** Output rows of one unit. */
  readonly blockRows: number;
  readonly outWidth: number;
  readonly outHeight: number;
  /** Bytes in A from one output pixel to the next, from one line, from one image. */
  readonly pixelStride: number;
  readonly lineStride: number;
  readonly imageStride: number;
  /** Contiguous runs of A that an output row reads, where they begin, and their 4-byte steps. */
  readonly runs: number;
  readonly offsets: number;
  readonly runSteps: number;
  readonly panelBytes: number;
  readonly panelsPerGroup: number;
  readonly columnsPerGroup: number;
  readonly groupBytes: number;
}

/** The words of a product kernel's parameter block. */
export function productWords(product: ProductArguments, outputWords: readonly number[]): number[] {
  const p = product;
  return [
    ...[p.a, p.b, p.y, p.rows, p.panels, p.blockRows, p.outWidth, p.outHeight],
    ...[p.pixelStride, p.lineStride, p.imageStride, p.runs, p.offsets, p.runSteps],
    ...[p.panelBytes, p.panelsPerGroup, p.columnsPerGroup, p.groupBytes, ...outputWords],
  ];
}
