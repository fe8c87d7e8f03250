import { AbortError, EdgewrightError, throwIfAborted, ValidationError } from "../errors.js";
import { type ByteSource, bytesSource, checkRange } from "./byte-source.js";
import type { FileProgress } from "./read-options.js";

/** Options of {@link urlSource}. */
export interface UrlSourceOptions {
  /** Headers of every request, such as an authorisation. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Used instead of the global `fetch`. */
  readonly fetch?: typeof fetch;
  readonly signal?: AbortSignal;
  /** Called while a body without ranges is loaded as a whole. */
  readonly onProgress?: (progress: FileProgress) => void;
  /** How often a request that breaks off is taken up again. @default 3 */
  readonly retries?: number;
}

const FIRST_READ = 65536;
const READ_AHEAD = 2 ** 20;

/**
 * A {@link ByteSource} over a resource on the web, read by range requests. A server that knows no ranges is
 * asked once, and the whole body is kept in memory. Requests that break off are taken up where they ended.
 *
 * @throws EdgewrightError `unavailable` when the server cannot be reached or refuses, `aborted` when the signal
 * fires.
 */
export async function urlSource(
  url: string | URL,
  options: UrlSourceOptions = {},
): Promise<ByteSource> {
  const name = String(url);
  const first = await request(name, 0, FIRST_READ, options);
  if (first.status === 200) return bytesSource(await readWhole(name, first, options), name);
  if (!first.headers.has("content-range")) {
    // Another origin may send ranges and not let a page see which.
    await first.body?.cancel();
    const whole = await request(name, 0, Number.POSITIVE_INFINITY, options);
    return bytesSource(await readWhole(name, whole, options), name);
  }
  const { size } = contentRange(name, first);
  const tag = first.headers.get("etag");
  let window = { begin: 0, bytes: await bytesOf(first) };
  return {
    name,
    size,
    async read(begin, end, signal = options.signal) {
      checkRange(name, begin, end, size);
      if (begin < window.begin || end > window.begin + window.bytes.length) {
        const until = Math.min(size, Math.max(end, begin + READ_AHEAD));
        const bytes = new Uint8Array(until - begin);
        await fill(name, bytes, begin, size, tag, signal ? { ...options, signal } : options);
        window = { begin, bytes };
      }
      return window.bytes.subarray(begin - window.begin, end - window.begin);
    },
  };
}

// Requests range after range until the bytes are there: a connection may break off anywhere.
async function fill(
  name: string,
  bytes: Uint8Array,
  begin: number,
  size: number,
  tag: string | null,
  options: UrlSourceOptions,
): Promise<void> {
  let at = 0;
  for (let attempt = 0; at < bytes.length; attempt++) {
    const before = at;
    try {
      const response = await request(name, begin + at, begin + bytes.length, options);
      const range = contentRange(name, response);
      if (
        range.size !== size ||
        range.begin !== begin + at ||
        response.headers.get("etag") !== tag
      ) {
        throw new ValidationError(`urlSource: ${name} has changed while it was read`, {
          where: name,
        });
      }
      for await (const piece of pieces(response)) {
        if (at + piece.length > bytes.length) {
          throw new ValidationError(`urlSource: ${name} sent more than was asked for`);
        }
        bytes.set(piece, at);
        at += piece.length;
      }
      if (at < bytes.length) throw new Error(`the connection ended after ${at} bytes`);
    } catch (cause) {
      throwIfAborted(options.signal, "urlSource");
      if (EdgewrightError.isInstance(cause) && cause.code !== "unavailable") throw cause;
      if (at > before) attempt = 0; // it moves
      if (attempt >= (options.retries ?? 3)) throw unavailable(name, cause);
    }
  }
}

async function request(
  name: string,
  begin: number,
  end: number,
  options: UrlSourceOptions,
): Promise<Response> {
  const { signal } = options;
  throwIfAborted(signal, "urlSource");
  const range = Number.isFinite(end) ? { Range: `bytes=${begin}-${end - 1}` } : {};
  let response: Response;
  try {
    response = await (options.fetch ?? fetch)(name, {
      headers: { ...options.headers, ...range },
      ...(signal ? { signal } : {}),
    });
  } catch (cause) {
    if (signal?.aborted) throw new AbortError("urlSource", signal.reason);
    throw unavailable(name, cause);
  }
  if (response.status === 206 || (response.status === 200 && begin === 0)) return response;
  await response.body?.cancel();
  if (response.status === 416) {
    throw new ValidationError(
      `urlSource: ${name}: there is nothing at byte ${begin}; is it empty?`,
    );
  }
  throw unavailable(name, new Error(`the server answered ${response.status}`));
}

async function readWhole(
  name: string,
  response: Response,
  options: UrlSourceOptions,
): Promise<Uint8Array> {
  const encoded = response.headers.get("content-encoding");
  const length = encoded ? null : response.headers.get("content-length");
  const total = length === null ? undefined : Number(length);
  const parts: Uint8Array[] = [];
  let loaded = 0;
  try {
    for await (const piece of pieces(response)) {
      throwIfAborted(options.signal, "urlSource");
      parts.push(piece);
      loaded += piece.length;
      options.onProgress?.({
        stage: "download",
        loaded,
        ...(total === undefined ? {} : { total }),
      });
    }
  } catch (cause) {
    throwIfAborted(options.signal, "urlSource");
    throw unavailable(name, cause);
  }
  if (total !== undefined && loaded !== total) {
    throw unavailable(name, new Error(`the connection ended after ${loaded} of ${total} bytes`));
  }
  const bytes = new Uint8Array(loaded);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

// A body that breaks off is asked for again by who reads it.
async function bytesOf(response: Response): Promise<Uint8Array> {
  return response.arrayBuffer().then(
    (bytes) => new Uint8Array(bytes),
    () => new Uint8Array(0),
  );
}

async function* pieces(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function contentRange(name: string, response: Response): { begin: number; size: number } {
  const header = response.headers.get("content-range") ?? "";
  const match = /^bytes (\d+)-\d+\/(\d+)$/.exec(header);
  const [begin, size] = [Number(match?.[1]), Number(match?.[2])];
  if (Number.isSafeInteger(begin) && Number.isSafeInteger(size)) return { begin, size };
  throw new ValidationError(
    `urlSource: ${name}: expected a Content-Range of bytes and a size, got ${JSON.stringify(header)}`,
    { where: name },
  );
}

function unavailable(name: string, cause: unknown): EdgewrightError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new EdgewrightError("unavailable", `urlSource: ${name} cannot be loaded: ${reason}`, {
    cause,
    where: name,
  });
}
