import { EdgewrightError, type Rng, ShapeError } from "@edgewright/core";

/** The arrays that a batch is written into, by the names of the tape's inputs. */
export type BatchArrays = Readonly<Record<string, Float32Array | Int32Array>>;

/** Examples to learn from, read in batches. */
export interface TrainingData {
  /** The number of examples. */
  readonly size: number;
  /**
   * Writes the examples `indices` into the arrays of a batch, one behind the other.
   *
   * @param rng what augmentation must draw from, so that a run can be repeated and resumed bit by bit
   */
  read(indices: Int32Array, batch: BatchArrays, rng: Rng): void | Promise<void>;
}

/**
 * Examples that lie in arrays: each array holds `size` equal pieces.
 *
 * @throws ShapeError when an array cannot be divided into that many pieces.
 *
 * @example
 * ```ts
 * const data = arrayData(2, { x: Float32Array.of(1, 2, 3, 4), labels: Int32Array.of(0, 1) });
 * ```
 */
export function arrayData(size: number, arrays: BatchArrays): TrainingData {
  const pieces = Object.entries(arrays).map(([name, data]) => {
    const length = data.length / size;
    if (!Number.isInteger(length) || length < 1) {
      throw new ShapeError(
        `arrayData: ${name} has ${data.length} numbers, which are no ${size} equal examples`,
      );
    }
    return { name, data, length };
  });
  return {
    size,
    read(indices, batch) {
      for (const { name, data, length } of pieces) {
        const target = batch[name];
        if (target === undefined) {
          throw new EdgewrightError(
            "invalid-argument",
            `arrayData: the network has no input ${name}; it has ${Object.keys(batch).join(", ")}`,
          );
        }
        if (target.length !== indices.length * length) {
          throw new ShapeError(
            `arrayData: input ${name} takes ${target.length / indices.length} numbers an example, ` +
              `the data has ${length}`,
          );
        }
        for (let i = 0; i < indices.length; i++) {
          const from = indices[i]! * length;
          target.set(data.subarray(from, from + length), i * length);
        }
      }
    },
  };
}
