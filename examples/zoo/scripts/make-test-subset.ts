/**
 * Makes examples/zoo/test-subset from Fashion-MNIST's test set: the first 100 pictures of each class, in
 * the order of the test set. `pnpm --filter zoo make-test-subset`.
 */
import { writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { writeIdx } from "../src/data/idx.js";
import { balancedIndices, selectImages } from "../src/data/labelled-images.js";
import { loadDataset } from "../src/data/load-dataset.js";
import { SUBSET_FILES } from "../src/data/test-subset.js";

const folder = new URL("../test-subset/", import.meta.url);
const set = await loadDataset("fashion-mnist", "test", { onProgress: console.error });
const subset = selectImages(set, balancedIndices(set.labels, 100));
const { count, height, width, pixels, labels } = subset;
const files = {
  images: { shape: [count, height, width], data: pixels },
  labels: { shape: [count], data: labels },
};
for (const part of ["images", "labels"] as const) {
  const bytes = gzipSync(writeIdx({ dtype: "u8", ...files[part] }), { level: 9 });
  // The header names the operating system (RFC 1952): unknown, so that every machine writes the same.
  bytes[9] = 255;
  await writeFile(new URL(SUBSET_FILES[part], folder), bytes);
}
console.log(`${count} pictures in ${folder.pathname}`);
