import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "@edgewright/autograd";
import type { Recipe } from "./recipes.js";

/** How far an interrupted training has come. */
interface TrainingProgressFile {
  readonly checkpoint: Checkpoint;
  /** Wall time of the steps so far. */
  readonly seconds: number;
}

/** Keeps interrupted trainings, one file for each recipe and number of pictures. */
export interface ProgressFiles {
  /** What an earlier run of the same recipe left. */
  read(recipe: Recipe, pictures: number): Promise<TrainingProgressFile | undefined>;
  write(recipe: Recipe, pictures: number, progress: TrainingProgressFile): Promise<void>;
  remove(recipe: Recipe, pictures: number): Promise<void>;
}

/**
 * Keeps interrupted trainings in a folder. The name of a file holds a hash of the recipe, so that a changed
 * recipe never goes on from another's state.
 *
 * @param folder @default examples/zoo/.cache/progress, which git ignores
 */
export function progressFiles(
  folder: string = fileURLToPath(new URL("../.cache/progress", import.meta.url)),
): ProgressFiles {
  const pathOf = (recipe: Recipe, pictures: number) => {
    const { target: _, description: __, ...rest } = recipe;
    const text = JSON.stringify({ ...rest, pictures });
    const hash = createHash("sha256").update(text).digest("hex").slice(0, 8);
    return join(folder, `${recipe.name}-${hash}.safetensors`);
  };
  return {
    async read(recipe, pictures) {
      const bytes = await readFile(pathOf(recipe, pictures)).catch((error) => {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
      });
      if (bytes === undefined) return undefined;
      // The time stands in front: a file is whole or, by the renaming below, not there.
      const seconds = bytes.readDoubleLE(0);
      return { seconds, checkpoint: decodeCheckpoint(new Uint8Array(bytes.subarray(8))) };
    },
    async write(recipe, pictures, { checkpoint, seconds }) {
      const path = pathOf(recipe, pictures);
      const time = Buffer.alloc(8);
      time.writeDoubleLE(seconds);
      await mkdir(folder, { recursive: true });
      await writeFile(`${path}.part`, Buffer.concat([time, encodeCheckpoint(checkpoint)]));
      await rename(`${path}.part`, path);
    },
    async remove(recipe, pictures) {
      await rm(pathOf(recipe, pictures), { force: true });
    },
  };
}
