import { AbortError, EdgewrightError, throwIfAborted, ValidationError } from "@edgewright/core";
import { createSha256, type FileProgress } from "@edgewright/core/model-files";
import { wrongHash } from "./integrity.js";

/** Options of {@link download}. */
export interface DownloadOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Used instead of the global `fetch`. */
  readonly fetch?: typeof fetch;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FileProgress) => void;
  /** What the whole must hash to, hexadecimal. */
  readonly sha256?: string;
  /** How many bytes the whole must have. */
  readonly size?: number;
  /** The file, as progress names it. */
  readonly file?: string;
  /** How often a connection that breaks off is taken up again without a byte gained. @default 3 */
  readonly retries?: number;
}

/** A download that has begun. */
export interface Download {
  /** The bytes; fails when they are not what was promised. */
  readonly stream: ReadableStream<Uint8Array>;
  /** What the server calls this version of the file. */
  readonly tag: string | undefined;
}

/**
 * Begins to load a file from the web. A connection that breaks off is taken up where it ended, as long as the server
 * still has the same version; size and hash are checked before the stream ends.
 *
 * @throws EdgewrightError `unavailable` when the server cannot be reached or refuses, `aborted` when the signal
 * fires; while reading `invalid-data` when the file is another than promised.
 */
export async function download(url: string, options: DownloadOptions = {}): Promise<Download> {
  const { signal, onProgress, sha256, file } = options;
  const first = await request(url, 0, undefined, options);
  const tag = tagOf(first);
  const total = options.size ?? lengthOf(first);
  const announce = (loaded: number): void => {
    onProgress?.({
      stage: "download",
      loaded,
      ...(total === undefined ? {} : { total }),
      ...(file === undefined ? {} : { file }),
    });
  };
  const hash = sha256 === undefined ? undefined : createSha256();
  let loaded = 0;
  let failures = 0;
  let reader = readerOf(first);

  async function next(): Promise<Uint8Array | undefined> {
    for (;;) {
      throwIfAborted(signal, "download");
      try {
        const { done, value } = await reader.read();
        if (!done) {
          failures = 0;
          return value;
        }
        if (total === undefined || loaded >= total) return undefined;
        throw new Error(`the connection ended after ${loaded} of ${total} bytes`);
      } catch (cause) {
        if (signal?.aborted) throw new AbortError("download", signal.reason);
        if (failures++ >= (options.retries ?? 3)) throw unavailable(url, cause);
        reader = readerOf(await request(url, loaded, tag, options));
      }
    }
  }

  function checkWhole(): void {
    if (total !== undefined && loaded !== total) {
      throw new ValidationError(`${url} should have ${total} bytes, got ${loaded}`, { where: url });
    }
    const got = hash?.digest();
    if (sha256 !== undefined && got !== sha256) throw wrongHash(url, sha256, String(got));
  }

  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = await next();
        if (piece === undefined) {
          checkWhole();
          controller.close();
          return;
        }
        loaded += piece.length;
        if (total !== undefined && loaded > total) checkWhole();
        hash?.update(piece);
        announce(loaded);
        controller.enqueue(piece);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return { stream, tag };
}

/** Asks for the version of a file without loading it; undefined where the server does not say. */
export async function askVersion(
  url: string,
  options: DownloadOptions = {},
): Promise<string | undefined> {
  const { signal } = options;
  throwIfAborted(signal, "download");
  try {
    const response = await (options.fetch ?? fetch)(url, {
      method: "HEAD",
      headers: { ...options.headers },
      ...(signal ? { signal } : {}),
    });
    return response.ok ? tagOf(response) : undefined;
  } catch {
    throwIfAborted(signal, "download");
    return undefined; // offline: what is cached will do
  }
}

/** All bytes of a stream. */
export async function collect(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function request(
  url: string,
  begin: number,
  tag: string | undefined,
  options: DownloadOptions,
): Promise<Response> {
  const { signal } = options;
  throwIfAborted(signal, "download");
  const range = begin > 0 ? { Range: `bytes=${begin}-` } : {};
  const condition = begin > 0 && tag !== undefined ? { "If-Range": tag } : {};
  let response: Response;
  try {
    response = await (options.fetch ?? fetch)(url, {
      headers: { ...options.headers, ...range, ...condition },
      ...(signal ? { signal } : {}),
    });
  } catch (cause) {
    if (signal?.aborted) throw new AbortError("download", signal.reason);
    throw unavailable(url, cause);
  }
  if (response.status === (begin > 0 ? 206 : 200)) return response;
  await response.body?.cancel().catch(() => undefined);
  if (begin > 0 && response.status === 200) {
    throw unavailable(
      url,
      new Error("the connection broke off, and the server does not go on from there"),
    );
  }
  throw unavailable(
    url,
    new Error(`the server answered ${response.status}${hintFor(response.status)}`),
  );
}

function hintFor(status: number): string {
  if (status === 401 || status === 403) return ": it wants a token, or knows no such file";
  return status === 404 ? ": there is no such file" : "";
}

function readerOf(response: Response): ReadableStreamDefaultReader<Uint8Array> {
  return (response.body ?? new Blob([]).stream()).getReader();
}

// A compressed body is longer than its length says.
function lengthOf(response: Response): number | undefined {
  const length = response.headers.get("content-length");
  return length === null || response.headers.has("content-encoding") ? undefined : Number(length);
}

function tagOf(response: Response): string | undefined {
  return response.headers.get("etag") ?? response.headers.get("last-modified") ?? undefined;
}

function unavailable(url: string, cause: unknown): EdgewrightError {
  if (EdgewrightError.isInstance(cause)) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new EdgewrightError("unavailable", `${url} cannot be loaded: ${reason}`, {
    cause,
    where: url,
  });
}
