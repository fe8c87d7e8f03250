import { EdgewrightError, throwIfAborted, ValidationError } from "@edgewright/core";
import {
  type ByteSource,
  blobSource,
  bytesSource,
  createSha256,
  diskFolder,
  type FileFolder,
  type FileProgress,
  fileSource,
  filesFolder,
  type ModelContents,
  type OpenedModel,
  openContents,
  openModel,
  readOpenedModel,
  urlSource,
} from "@edgewright/core/model-files";
import { createBrowserCache } from "./browser-cache.js";
import { askVersion, collect, download } from "./download.js";
import { createFolderCache } from "./folder-cache.js";
import {
  chooseFile,
  type HubModel,
  type HubOptions,
  listRepository,
  openHubFile,
  parseHubAddress,
} from "./hub-repository.js";
import { parseIntegrity, wrongHash } from "./integrity.js";
import type { ModelCache } from "./model-cache.js";
import { nodeFiles } from "./node-platform.js";

/**
 * Where a model comes from: bytes, a `File` or `Blob`, several of them by name, a URL, the path of a file or folder (Node),
 * `hf:owner/name` with `/file` behind it or not, a source of ranges, or what a file held already.
 */
export type ModelSource =
  | string
  | URL
  | Uint8Array
  | ArrayBuffer
  | Blob
  | Readonly<Record<string, Uint8Array | ArrayBuffer | Blob>>
  | HubModel
  | ByteSource
  | FileFolder
  | ModelContents;

/** Options of {@link loadModelContents}. */
export interface LoadModelOptions {
  readonly signal?: AbortSignal;
  /** Called as bytes are downloaded, and as they are read. */
  readonly onProgress?: (progress: FileProgress) => void;
  /**
   * Where downloads stay: a cache, a folder (Node), or false for none. Unless told otherwise the user's folder for
   * caches in Node, the Cache API in browsers.
   *
   * @default true
   */
  readonly cache?: boolean | string | ModelCache;
  /** The SHA-256 of the file: 64 hexadecimal digits, or `sha256-` and base64. */
  readonly integrity?: string;
  /** The tokenizer of a file that holds none: llama2.c's `tokenizer.bin`, or a `tokenizer.json`. */
  readonly tokenizerFile?: ModelSource;
  /** Headers of every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For repositories of the hub that are not public. */
  readonly token?: string;
  /** Where the hub is. @default "https://huggingface.co" */
  readonly endpoint?: string;
  /** Used instead of the global `fetch`. */
  readonly fetch?: typeof fetch;
}

/**
 * Loads what a model file holds: weights, configuration, tokenizer.
 *
 * @example
 * ```ts
 * const { weights, tokenizer } = await loadModelContents("hf:owner/name/model.gguf", {
 *   onProgress: ({ loaded, total }) => console.log(loaded, total),
 * });
 * ```
 *
 * @throws EdgewrightError `unavailable` when a file cannot be had, `invalid-data` when it is damaged or another than
 * promised, `unsupported` for models that cannot be run, `aborted` when the signal fires, `invalid-argument` for what is
 * no source.
 */
export async function loadModelContents(
  source: ModelSource,
  options: LoadModelOptions = {},
): Promise<ModelContents> {
  return readOpenedModel(await openModelContents(source, options));
}

/**
 * As {@link loadModelContents}, with the weights left where they are: to be read a block at a time.
 *
 * @throws as {@link loadModelContents}; what is wrong with a weight shows when it is read.
 */
export async function openModelContents(
  source: ModelSource,
  options: LoadModelOptions = {},
): Promise<OpenedModel> {
  const { signal, onProgress } = options;
  throwIfAborted(signal, "loadModelContents");
  checkSource(source);
  if (isContents(source)) return openContents(source);
  const tokenizer = options.tokenizerFile && (await openFile(options.tokenizerFile, options));
  return openModel(await openModelSource(source, options), {
    ...(signal ? { signal } : {}),
    ...(onProgress ? { onProgress } : {}),
    ...(tokenizer ? { tokenizer } : {}),
  });
}

function checkSource(source: unknown): void {
  if (typeof source === "string" ? source !== "" : typeof source === "object" && source !== null) {
    return;
  }
  throw new EdgewrightError(
    "invalid-argument",
    "loadModelContents: expected bytes, a File or Blob, a path, a URL or hf:owner/name, " +
      `got ${source === "" ? "an empty text" : source === null ? "null" : typeof source}`,
  );
}

function isContents(source: ModelSource): source is ModelContents {
  const { weights } = source as Partial<ModelContents>;
  return typeof weights === "object" && "config" in weights;
}

/** Opens a source: a file, or a folder of files that belong together. */
export async function openModelSource(
  source: Exclude<ModelSource, ModelContents>,
  options: LoadModelOptions = {},
): Promise<ByteSource | FileFolder> {
  const opened = await open(source, options);
  if (options.integrity === undefined || isAddress(source)) return opened; // checked while it came
  if ("open" in opened) {
    throw new EdgewrightError("invalid-argument", "integrity is that of one file, not of a folder");
  }
  await checkHash(opened, parseIntegrity(options.integrity), options.signal);
  return opened;
}

async function open(
  source: Exclude<ModelSource, ModelContents>,
  options: LoadModelOptions,
): Promise<ByteSource | FileFolder> {
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) return bytesSource(source);
  if (source instanceof Blob) return blobSource(source);
  if (source instanceof URL) return openAddress(source.href, options);
  if (typeof source === "string") return openAddress(source, options);
  if (typeof (source as ByteSource).read === "function") return source as ByteSource;
  if (typeof (source as FileFolder).open === "function") return source as FileFolder;
  if (typeof (source as HubModel).repo === "string") return openHub(source as HubModel, options);
  return filesFolder(source as Readonly<Record<string, Uint8Array | ArrayBuffer | Blob>>);
}

async function openFile(source: ModelSource, options: LoadModelOptions): Promise<ByteSource> {
  const { integrity: _, tokenizerFile: __, ...rest } = options;
  const opened = await open(source as Exclude<ModelSource, ModelContents>, rest);
  if ("read" in opened) return opened;
  const file = await opened.open("tokenizer.json", options.signal);
  if (file) return file;
  throw new ValidationError(`${opened.name} holds no tokenizer.json`);
}

async function openAddress(
  address: string,
  options: LoadModelOptions,
): Promise<ByteSource | FileFolder> {
  if (address.startsWith("hf:")) return openHub(parseHubAddress(address), options);
  if (/^(https?|blob|data):/.test(address)) return openUrl(address, options);
  const files = nodeFiles();
  if (!files) {
    // In a page, what is no address on its own is one beside the page.
    const { location } = globalThis as { location?: { readonly href: string } };
    return openUrl(new URL(address, location?.href ?? "https://localhost/").href, options);
  }
  const path = address.startsWith("file:")
    ? decodeURIComponent(new URL(address).pathname)
    : address;
  const about = await files.stat(path).catch(() => undefined);
  return about?.isDirectory() ? diskFolder(path) : fileSource(path);
}

async function openHub(
  model: HubModel,
  options: LoadModelOptions,
): Promise<ByteSource | FileFolder> {
  const cache = cacheOf(options);
  const hub: HubOptions = { ...options, ...(cache ? { cache } : {}) } as HubOptions;
  const listing = await listRepository(model, hub);
  const name = model.file ?? chooseFile(listing);
  if (name === undefined) {
    return { name: `hf:${model.repo}`, open: (file) => openHubFile(listing, file, hub) };
  }
  const found = await openHubFile(listing, name, hub);
  if (!found) {
    const some = listing.files.map((file) => file.name).slice(0, 12);
    throw new ValidationError(`hf:${model.repo} has no file ${name}; it has ${some.join(", ")}`);
  }
  if (options.integrity !== undefined) {
    await checkHash(found, parseIntegrity(options.integrity), options.signal);
  }
  return found;
}

async function openUrl(url: string, options: LoadModelOptions): Promise<ByteSource> {
  const cache = /^https?:/.test(url) ? cacheOf(options) : undefined;
  const sha256 = options.integrity === undefined ? undefined : parseIntegrity(options.integrity);
  const loading = { ...options, ...(sha256 === undefined ? {} : { sha256 }) };
  if (cache) {
    const cached = await cache.open(url);
    if (cached) {
      const version = await askVersion(url, loading);
      const current = version === undefined || version === cached.tag;
      if (current && (await hasHash(cached.source, sha256, options.signal))) return cached.source;
    }
    const { stream, tag } = await download(url, loading);
    return cache.store(url, stream, tag);
  }
  if (sha256 === undefined) return urlSource(url, options);
  return bytesSource(await collect((await download(url, loading)).stream), url);
}

function cacheOf(options: LoadModelOptions): ModelCache | undefined {
  const { cache = true } = options;
  if (typeof cache === "object") return cache;
  if (typeof cache === "string") return createFolderCache(cache);
  if (!cache) return undefined;
  if (nodeFiles()) return createFolderCache();
  return "caches" in globalThis ? createBrowserCache() : undefined;
}

function isAddress(source: unknown): boolean {
  const text = source instanceof URL ? source.href : source;
  if (typeof text === "string") return /^(https?|hf):/.test(text);
  return typeof (source as HubModel).repo === "string";
}

async function checkHash(source: ByteSource, sha256: string, signal?: AbortSignal): Promise<void> {
  const got = await hashOf(source, signal);
  if (got !== sha256) throw wrongHash(source.name, sha256, got);
}

async function hasHash(
  source: ByteSource,
  sha256: string | undefined,
  signal?: AbortSignal,
): Promise<boolean> {
  return sha256 === undefined || (await hashOf(source, signal)) === sha256;
}

async function hashOf(source: ByteSource, signal?: AbortSignal): Promise<string> {
  const hash = createSha256();
  const step = 2 ** 24;
  for (let at = 0; at < source.size; at += step) {
    hash.update(await source.read(at, Math.min(source.size, at + step), signal));
  }
  return hash.digest();
}
