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
  let rest = "";
  for await (const piece of pieces) {
    const text = typeof piece === "string" ? piece : decoder.decode(piece, { stream: true });
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}
