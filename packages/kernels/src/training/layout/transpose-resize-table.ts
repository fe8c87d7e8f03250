import type { ResizeTable } from "../../resize/resize-table.js";

/**
 * Computes the transpose of a resizing along one axis: which output elements each input element went into,
 * and with which weights. `planResize2d` with the transposed tables, from dy to dx, is the gradient of
 * `planResize2d`: every element is summed in a fixed order by one thread, nothing is scattered.
 *
 * Input elements that went nowhere get weights of 0.
 *
 * @example
 * ```ts
 * const twice = createResizeTable({ inputLength: 2, outputLength: 4, mode: "nearest" });
 * console.log(transposeResizeTable(twice).indices); // 0, 1, 2, 3
 * ```
 */
export function transposeResizeTable(table: ResizeTable): ResizeTable {
  const { inputLength, outputLength } = table;
  const uses: Map<number, number>[] = Array.from({ length: inputLength }, () => new Map());
  for (let i = 0; i < table.indices.length; i++) {
    const weight = table.weights[i]!;
    if (weight === 0) continue;
    const use = uses[table.indices[i]!]!;
    const output = Math.floor(i / table.taps);
    // At the edges one output element names the same input element more than once.
    use.set(output, (use.get(output) ?? 0) + weight);
  }
  const taps = Math.max(1, ...uses.map((use) => use.size));
  const indices = new Int32Array(inputLength * taps);
  const weights = new Float32Array(inputLength * taps);
  uses.forEach((use, input) => {
    // Places that are left over name an element that is read anyway.
    const [fallback = 0] = use.keys();
    indices.fill(fallback, input * taps, (input + 1) * taps);
    let tap = input * taps;
    for (const [output, weight] of use) {
      indices[tap] = output;
      weights[tap++] = weight;
    }
  });
  return { inputLength: outputLength, outputLength: inputLength, taps, indices, weights };
}
