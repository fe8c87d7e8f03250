import { existsSync } from "node:fs";
import { join } from "node:path";

/** Which part of a data set. */
export type Split = "train" | "test";

/** Names of the files of each part, the same in every set of the MNIST family. */
export function splitFiles(split: Split): { images: string; labels: string } {
  const stem = split === "train" ? "train" : "t10k";
  return { images: `${stem}-images-idx3-ubyte.gz`, labels: `${stem}-labels-idx1-ubyte.gz` };
}

/** Whether a folder holds all four files of a data set. */
export function holdsDataset(folder: string): boolean {
  return (["train", "test"] as const)
    .flatMap((split) => Object.values(splitFiles(split)))
    .every((file) => existsSync(join(folder, file)));
}
