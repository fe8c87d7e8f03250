import { formatShape, ShapeError, type Tensor, ValidationError } from "@edgewright/core";
import { readIdx } from "./idx.js";

/** Grey pictures with the class of each. */
export interface LabelledImages {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** One byte a pixel, 0 to 255: [count, height, width]. */
  readonly pixels: Uint8Array;
  /** [count]. */
  readonly labels: Uint8Array;
}

/** The two files of a set of pictures, as bytes. */
export interface LabelledImageFiles {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

/**
 * Reads a pair of IDX files.
 *
 * @param name what errors call the pair
 * @param classes labels must be below
 * @throws ValidationError when a file is damaged or a label is none of the classes, ShapeError when the
 * two files do not belong together
 */
export function readLabelledImages(
  files: LabelledImageFiles,
  name: string,
  classes = 10,
): LabelledImages {
  const images = readIdx(files.images, `${name} (images)`);
  const labels = readIdx(files.labels, `${name} (labels)`);
  return pairUp(images, labels, name, classes);
}

/** The pictures at `indices`, in that order. */
export function selectImages(set: LabelledImages, indices: ArrayLike<number>): LabelledImages {
  const { height, width } = set;
  const area = height * width;
  const pixels = new Uint8Array(indices.length * area);
  const labels = new Uint8Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    pixels.set(set.pixels.subarray(index * area, (index + 1) * area), i * area);
    labels[i] = set.labels[index]!;
  }
  return { count: indices.length, height, width, pixels, labels };
}

/**
 * Where the first `perClass` pictures of every class stand, in the order of the set.
 *
 * @throws ValidationError when a class has fewer
 */
export function balancedIndices(labels: Uint8Array, perClass: number, classes = 10): number[] {
  const found = new Array<number>(classes).fill(0);
  const indices: number[] = [];
  for (const [index, label] of labels.entries()) {
    if (found[label]! < perClass) indices.push(index);
    found[label]!++;
  }
  const scarce = found.findIndex((count) => count < perClass);
  if (scarce >= 0) {
    throw new ValidationError(
      `balancedIndices: ${perClass} of each class were expected, class ${scarce} has ${found[scarce]}`,
    );
  }
  return indices;
}

function pairUp(
  images: Tensor<"u8">,
  labels: Tensor<"u8">,
  name: string,
  classes: number,
): LabelledImages {
  const [count = 0, height = 0, width = 0] = images.shape;
  if (images.shape.length !== 3 || labels.shape.length !== 1 || labels.shape[0] !== count) {
    throw new ShapeError(
      `${name}: images [n, height, width] and labels [n] were expected, got ` +
        `${formatShape(images.shape)} and ${formatShape(labels.shape)}`,
    );
  }
  const wrong = labels.data.findIndex((label) => label >= classes);
  if (wrong >= 0) {
    throw new ValidationError(
      `${name}: labels below ${classes} were expected, number ${wrong} is ${labels.data[wrong]}`,
    );
  }
  return { count, height, width, pixels: images.data, labels: labels.data };
}
