/**
 * The lines of a text that comes in pieces cut anywhere: of `response.body`, of a file's stream, of a socket. A last
 * line without a break is a line as well.
 *
 * @example
 * for await (const line of splitLines(["one\ntw", "o"])) console.log(line); // one, then two
 */
export async function* splitLines(
  pieces: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  // In parts, joined once: a line of many pieces would be copied with every one of them.
  let parts: string[] = [];
  for await (const piece of pieces) {
    const text = typeof piece === "string" ? piece : decoder.decode(piece, { stream: true });
    const lines = text.split("\n");
    const rest = lines.pop()!;
    if (lines.length > 0) {
      lines[0] = parts.join("") + lines[0]!;
      parts = [];
      yield* lines;
    }
    if (rest !== "") parts.push(rest);
  }
  const last = parts.join("") + decoder.decode();
  if (last !== "") yield last;
}
