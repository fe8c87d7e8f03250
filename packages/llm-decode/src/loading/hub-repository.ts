import { EdgewrightError, ValidationError } from "@edgewright/core";
import type { ByteSource } from "@edgewright/core/model-files";
import { collect, type DownloadOptions, download } from "./download.js";
import type { ModelCache } from "./model-cache.js";

/** A model on the Hugging Face hub. */
export interface HubModel {
  /** `owner/name`. */
  readonly repo: string;
  /** The file to load; chosen by kind where there is none: `.ewq`, safetensors, GGUF. */
  readonly file?: string;
  /** A branch, tag or commit. @default "main" */
  readonly revision?: string;
}

/** What {@link listRepository} and {@link openHubFile} need besides the repository. */
export interface HubOptions extends DownloadOptions {
  /** Where the hub is. @default "https://huggingface.co" */
  readonly endpoint?: string;
  /** For repositories that are not public. */
  readonly token?: string;
  readonly cache?: ModelCache;
}

/** A file of a repository. */
interface HubFile {
  readonly name: string;
  readonly size: number | undefined;
  /** Known of large files. */
  readonly sha256: string | undefined;
}

/** The files of a repository at one commit. */
export interface HubListing {
  readonly repo: string;
  readonly commit: string;
  readonly files: readonly HubFile[];
}

/**
 * Reads `hf:owner/name`, `hf:owner/name/file.gguf` and `hf:owner/name@revision/file.gguf`.
 *
 * @throws EdgewrightError `invalid-argument` for anything else.
 */
export function parseHubAddress(address: string): HubModel {
  const match = /^hf:([\w.-]+\/[\w.-]+)(?:@([\w./-]+?))?(?:\/(.+))?$/.exec(address);
  const [, repo, revision, file] = match ?? [];
  if (repo === undefined) {
    throw new EdgewrightError(
      "invalid-argument",
      `expected hf:owner/name, with /file behind it or not, got ${JSON.stringify(address)}`,
    );
  }
  return { repo, ...(revision ? { revision } : {}), ...(file ? { file } : {}) };
}

/**
 * Lists a repository's files with their sizes and hashes. What the cache has is the answer while the hub cannot be
 * reached.
 */
export async function listRepository(model: HubModel, options: HubOptions): Promise<HubListing> {
  const { repo, revision = "main" } = model;
  const url = `${endpointOf(options)}/api/models/${repo}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const { onProgress: _, ...quiet } = withToken(options);
  let bytes: Uint8Array;
  try {
    bytes = await collect((await download(url, quiet)).stream);
  } catch (error) {
    const cached = EdgewrightError.isInstance(error) && error.code === "unavailable";
    const entry = cached ? await options.cache?.open(url) : undefined;
    if (!entry) throw error;
    return parseListing(repo, await entry.source.read(0, entry.source.size));
  }
  const listing = parseListing(repo, bytes);
  await options.cache?.store(url, new Blob([new Uint8Array(bytes)]).stream());
  return listing;
}

/**
 * Opens a file of a repository: from the cache, where it stays for as long as the commit does, or from the hub, checked
 * against the listing. Undefined where the repository has no such file.
 */
export async function openHubFile(
  listing: HubListing,
  name: string,
  options: HubOptions,
): Promise<ByteSource | undefined> {
  const file = listing.files.find((one) => one.name === name);
  if (!file) return undefined;
  const path = name.split("/").map(encodeURIComponent).join("/");
  const url = `${endpointOf(options)}/${listing.repo}/resolve/${listing.commit}/${path}`;
  const cached = await options.cache?.open(url);
  if (cached && (file.size === undefined || cached.source.size === file.size)) return cached.source;
  const { stream } = await download(url, {
    ...withToken(options),
    file: name,
    ...(file.size === undefined ? {} : { size: file.size }),
    ...(file.sha256 === undefined ? {} : { sha256: file.sha256 }),
  });
  if (options.cache) return options.cache.store(url, stream);
  const bytes = await collect(stream);
  return { name, size: bytes.length, read: async (begin, end) => bytes.subarray(begin, end) };
}

/**
 * The file or folder that a repository without further words stands for.
 *
 * @returns a file's name, or undefined for the repository as a folder of safetensors
 * @throws ValidationError when nothing in it can be read.
 */
export function chooseFile(listing: HubListing): string | undefined {
  const names = listing.files.map((file) => file.name);
  const ewq = names.find((name) => name.endsWith(".ewq"));
  if (ewq !== undefined) return ewq;
  if (
    names.includes("config.json") &&
    names.some((name) => /^model[^/]*\.safetensors/.test(name))
  ) {
    return undefined;
  }
  const gguf = names.filter((name) => name.endsWith(".gguf"));
  // What loses least for its size, among the types that are read.
  const preferred = ["q8_0", "q4_k_m", "q4_0", "q4_k_s", "f16", "bf16", "f32"];
  for (const type of preferred) {
    const found = gguf.find((name) => name.toLowerCase().includes(type));
    if (found !== undefined) return found;
  }
  if (gguf[0] !== undefined) return gguf[0];
  throw new ValidationError(
    `hf:${listing.repo} has no .ewq, no .gguf and no model.safetensors with config.json`,
    { where: listing.repo },
  );
}

function parseListing(repo: string, bytes: Uint8Array): HubListing {
  const fault = (cause?: unknown): ValidationError =>
    new ValidationError(`the hub's list of files of ${repo} cannot be read`, { cause });
  let json: { sha?: unknown; siblings?: unknown };
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw fault(cause);
  }
  const { sha, siblings } = json ?? {};
  if (typeof sha !== "string" || !/^[0-9a-f]{7,64}$/.test(sha) || !Array.isArray(siblings)) {
    throw fault();
  }
  const files = siblings.map((one): HubFile => {
    const { rfilename, size, lfs } = (one ?? {}) as Record<string, unknown>;
    if (typeof rfilename !== "string") throw fault();
    const hash = (lfs as { sha256?: unknown } | undefined)?.sha256;
    return {
      name: rfilename,
      size: typeof size === "number" ? size : undefined,
      sha256: typeof hash === "string" && /^[0-9a-f]{64}$/.test(hash) ? hash : undefined,
    };
  });
  return { repo, commit: sha, files };
}

function withToken(options: HubOptions): HubOptions {
  if (options.token === undefined) return options;
  return { ...options, headers: { ...options.headers, Authorization: `Bearer ${options.token}` } };
}

function endpointOf(options: HubOptions): string {
  return (options.endpoint ?? "https://huggingface.co").replace(/\/$/, "");
}
