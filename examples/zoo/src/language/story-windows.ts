import type { TrainingData } from "@edgewright/autograd";
import { EdgewrightError } from "@edgewright/core";
import { type PromptCuts, writePromptCuts } from "./prompt-cuts.js";

/** How {@link storyWindows} cuts rows. */
export interface StoryWindowsOptions {
  /** Rows of an epoch. */
  readonly rows: number;
  /** Tokens of a row. */
  readonly length: number;
  /** Part of the rows that begin where a story begins; the others begin anywhere. @default 0.5 */
  readonly aligned?: number;
  /** Stories that people wrote, with their next tokens to learn; drawn for `realShare` of the rows. @default none */
  readonly real?: readonly ArrayLike<number>[];
  /** @default 0 */
  readonly realShare?: number;
  /** Prompt tokens behind random places. @default none */
  readonly cuts?: PromptCuts;
}

/**
 * Rows of stories drawn at random, for `ids` (and `next`, where the tape has it).
 *
 * @throws EdgewrightError `invalid-argument` for less text than a row
 */
export function storyWindows(
  stories: readonly ArrayLike<number>[],
  options: StoryWindowsOptions,
): TrainingData {
  const { rows, length, aligned = 0.5, real = [], realShare = 0, cuts } = options;
  const written = joinStories(stories);
  const read = joinStories(real);
  for (const { tokens } of realShare > 0 ? [written, read] : [written]) {
    if (tokens.length > length) continue;
    throw new EdgewrightError(
      "invalid-argument",
      `storyWindows: expected more than ${length} tokens of text, got ${tokens.length}`,
    );
  }
  return {
    size: rows,
    read(indices, batch, rng) {
      const ids = batch.ids as Int32Array;
      const next = batch.next as Int32Array | undefined;
      for (let row = 0; row < indices.length; row++) {
        const isReal = rng.uniform() < realShare;
        const { tokens, starts } = isReal ? read : written;
        const last = tokens.length - length - 1;
        const fromStart = rng.uniform() < aligned;
        const drawn = fromStart ? starts[rng.integer(0, starts.length)]! : rng.integer(0, last + 1);
        const from = Math.min(drawn, last);
        ids.set(tokens.subarray(from, from + length), row * length);
        if (isReal) next?.set(tokens.subarray(from + 1, from + 1 + length), row * length);
        else next?.fill(-100, row * length, (row + 1) * length);
      }
      if (cuts) writePromptCuts(batch, cuts, rng);
    },
  };
}

function joinStories(stories: readonly ArrayLike<number>[]): {
  tokens: Int32Array;
  starts: Int32Array;
} {
  const tokens = new Int32Array(stories.reduce((sum, { length }) => sum + length, 0));
  const starts = new Int32Array(stories.length);
  let end = 0;
  stories.forEach((story, i) => {
    starts[i] = end;
    tokens.set(story, end);
    end += story.length;
  });
  return { tokens, starts };
}
