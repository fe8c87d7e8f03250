import { readFileSync } from "node:fs";
import {
  createTokenizer,
  fileSource,
  type ModelContents,
  readModel,
} from "@edgewright/core/model-files";
import { sharedFile, stories260K } from "../decode/shared-models.js";

/** stories260K with texts to judge it by and others to calibrate it on. */
export interface StoryTexts {
  readonly contents: ModelContents;
  /** The first 60 pieces, 162 tokens of each. */
  readonly judged: readonly (readonly number[])[];
  /** The others, 256 tokens of each. */
  readonly calibration: readonly (readonly number[])[];
}

/** Tokens of a judged piece: with it, 60 and 40 pieces have the nll of the project's reference table. */
const LENGTH = 162;

/**
 * TinyStories' first 128 kB, cut before every "Once upon a time", each piece with the token that begins texts;
 * `undefined` where model or text are absent.
 */
export async function readStoryTexts(): Promise<StoryTexts | undefined> {
  const model = stories260K("f32");
  const file = sharedFile("text-tinystories", "train-head.txt");
  if (model === undefined || file === undefined) return undefined;
  const contents = await readModel(await fileSource(model));
  const tokenizer = await createTokenizer(contents.tokenizer!);
  const pieces = readFileSync(file, "utf8")
    .split(/(?=Once upon a time)/)
    .map((piece) => [...tokenizer.encode(piece)]);
  return {
    contents,
    judged: pieces.slice(0, 60).map((ids) => ids.slice(0, LENGTH)),
    calibration: pieces.slice(60).map((ids) => ids.slice(0, 256)),
  };
}
