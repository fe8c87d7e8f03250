/** Stories that people had a large model write, apart: to measure by, and to learn from. */
export interface TinyStories {
  /** The first 60: no training reads them. */
  readonly heldOut: readonly number[][];
  readonly rest: readonly number[][];
}

/** Tokens of a held-out story that are measured: with them stories260K has the nll that was published for 60 stories. */
export const HELD_OUT_TOKENS = 162;

const HELD_OUT_STORIES = 60;
const OPENING = "Once upon a time";

/**
 * Splits the head of TinyStories' training text where a story opens with "Once upon a time", and makes tokens of
 * it; stories with other openings stay part of the one before them.
 */
export function splitTinyStories(
  text: string,
  encode: (story: string) => readonly number[],
): TinyStories {
  const [first = "", ...others] = text.split(OPENING);
  const stories = [first, ...others.map((story) => OPENING + story)].map((story) => [
    ...encode(story),
  ]);
  return { heldOut: stories.slice(0, HELD_OUT_STORIES), rest: stories.slice(HELD_OUT_STORIES) };
}
