/** Stories that people had a large model write, apart: to measure by, and to learn from. */
export interface TinyStories {
  /** The first 40: no training reads them. */
  readonly heldOut: readonly number[][];
  readonly rest: readonly number[][];
}

/** Stories whose text is never read in training, from the beginning of the file. */
const HELD_OUT = 60;

/** Splits the head of TinyStories' training text at "Once upon a time" and makes tokens of it. */
export function splitTinyStories(
  text: string,
  encode: (story: string) => readonly number[],
): TinyStories {
  const stories = text.split(/\n\n(?=Once upon a time)/).map((story) => [...encode(story.trim())]);
  return { heldOut: stories.slice(0, HELD_OUT), rest: stories.slice(HELD_OUT) };
}
