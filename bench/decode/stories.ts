import { readFileSync } from "node:fs";
import { sharedFile } from "./shared-models.js";

/**
 * The stories of TinyStories' first 128 kB that are there to be read, in their order, or `undefined` where the file
 * is absent. Its stories follow one another without a mark; a paragraph with a fairy tale's first words begins one.
 */
export function readStories(): string[] | undefined {
  const file = sharedFile("text-tinystories", "train-head.txt");
  if (file === undefined) return undefined;
  const stories: string[][] = [];
  for (const paragraph of readFileSync(file, "utf8").split(/\n\s*\n/)) {
    if (/^Once(,? there was| upon a time)/.test(paragraph) || stories.length === 0) {
      stories.push([]);
    }
    stories.at(-1)!.push(paragraph.trim());
  }
  return stories.map((paragraphs) => paragraphs.join("\n"));
}
