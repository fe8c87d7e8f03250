import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Split, splitFiles } from "./dataset-folder.js";
import type { DatasetName } from "./datasets.js";
import { type LabelledImages, readLabelledImages } from "./labelled-images.js";
import { locateFashionMnist } from "./locate-fashion-mnist.js";
import { locateMnist } from "./locate-mnist.js";

/** Options of {@link loadDataset}. */
export interface LoadDatasetOptions {
  /** Folder with the four files. @default where the data set is looked for */
  folder?: string;
  /** Told what is going on when files have to be fetched. @default none */
  onProgress?: (message: string) => void;
}

/** The folder with the files of a data set. @throws EdgewrightError `unavailable`, with what to do */
async function locateDataset(name: DatasetName, options: LoadDatasetOptions = {}): Promise<string> {
  return name === "mnist" ? locateMnist(options) : locateFashionMnist(options);
}

/**
 * Reads one part of a data set.
 *
 * @throws EdgewrightError `unavailable` where its files are not to be had, ValidationError when they are
 * damaged
 */
export async function loadDataset(
  name: DatasetName,
  split: Split,
  options: LoadDatasetOptions = {},
): Promise<LabelledImages> {
  const folder = await locateDataset(name, options);
  const files = splitFiles(split);
  return readLabelledImages(
    {
      images: await readFile(join(folder, files.images)),
      labels: await readFile(join(folder, files.labels)),
    },
    `${name} ${split}`,
  );
}
