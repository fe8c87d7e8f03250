import { readFile } from "node:fs/promises";
import { type LabelledImages, readLabelledImages } from "./labelled-images.js";

const FOLDER = new URL("../../test-subset/", import.meta.url);

/** Names of the files of the subset that is committed. */
export const SUBSET_FILES = {
  images: "images-idx3-ubyte.gz",
  labels: "labels-idx1-ubyte.gz",
} as const;

/**
 * The 1,000 pictures of Fashion-MNIST's test set that ship with the repository: the first 100 of each
 * class, in the order of the test set.
 */
export async function loadTestSubset(): Promise<LabelledImages> {
  return readLabelledImages(
    {
      images: await readFile(new URL(SUBSET_FILES.images, FOLDER)),
      labels: await readFile(new URL(SUBSET_FILES.labels, FOLDER)),
    },
    "examples/zoo/test-subset",
  );
}
