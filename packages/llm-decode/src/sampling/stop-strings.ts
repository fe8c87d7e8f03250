import { EdgewrightError } from "@edgewright/core";

/** What a piece of text became behind a {@link StopStringFilter}. */
export interface FilteredText {
  /** Text that can be shown: it is no part of a stop string, and will not become one. */
  readonly text: string;
  /** The stop string that was found, if one was; nothing comes after it. */
  readonly stop: string | undefined;
}

/** Watches streamed text for stop strings; made by {@link createStopStringFilter}. */
export interface StopStringFilter {
  /** Takes the next piece, however text is cut into pieces. */
  push(piece: string): FilteredText;
  /** What was held back at the end of the text, when no stop string came. */
  flush(): string;
}

/**
 * A filter that ends text before the first stop string, also where tokens cut it in two, and shows no
 * part of one: the end of the text is held back as long as it could be the beginning of a stop string.
 * Of several stop strings the one wins that is complete first, and of these the longest.
 *
 * @example
 * const filter = createStopStringFilter(["\n\n"]);
 * console.log(filter.push("one\n").text); // "one"
 * console.log(filter.push("two\n").text); // "\ntwo"
 * console.log(filter.push("\nthree")); // { text: "", stop: "\n\n" }
 *
 * @throws EdgewrightError `invalid-argument` for a stop string that is empty or no string.
 */
export function createStopStringFilter(stop: string | readonly string[] = []): StopStringFilter {
  const stops: readonly string[] = Array.isArray(stop) ? stop : [stop];
  for (const one of stops) {
    if (typeof one === "string" && one.length > 0) continue;
    throw new EdgewrightError(
      "invalid-argument",
      `stop: strings of at least one character were expected, got ${JSON.stringify(one)}`,
      { where: "stop" },
    );
  }
  const longest = stops.reduce((length, one) => Math.max(length, one.length), 0);
  let held = "";
  let stopped = false;
  return {
    push(piece) {
      if (stopped) return { text: "", stop: undefined };
      const text = held + piece;
      const found = findFirstComplete(text, stops);
      if (found !== undefined) {
        stopped = true;
        held = "";
        return { text: text.slice(0, found.start), stop: found.stop };
      }
      const safe = text.length - lengthHeldBack(text, stops, longest);
      held = text.slice(safe);
      return { text: text.slice(0, safe), stop: undefined };
    },
    flush() {
      const rest = held;
      held = "";
      return rest;
    },
  };
}

function findFirstComplete(
  text: string,
  stops: readonly string[],
): { start: number; stop: string } | undefined {
  let found: { start: number; stop: string } | undefined;
  for (const stop of stops) {
    const start = text.indexOf(stop);
    if (start < 0) continue;
    const end = start + stop.length;
    const best = found === undefined ? Number.POSITIVE_INFINITY : found.start + found.stop.length;
    if (end < best || (end === best && start < found!.start)) found = { start, stop };
  }
  return found;
}

// Length of the longest end of the text with which a stop string begins.
function lengthHeldBack(text: string, stops: readonly string[], longest: number): number {
  for (let length = Math.min(longest - 1, text.length); length > 0; length--) {
    const end = text.slice(text.length - length);
    if (stops.some((stop) => stop.length > length && stop.startsWith(end))) return length;
  }
  return 0;
}
