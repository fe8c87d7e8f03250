import type { ByteSource } from "@edgewright/core/model-files";

/** A file that a cache holds. */
export interface CachedFile {
  readonly source: ByteSource;
  /** What the server called this version of the file; undefined where it said nothing. */
  readonly tag: string | undefined;
}

/** Where downloaded models stay: a folder, a browser's storage, or a place of the caller's. */
export interface ModelCache {
  /** The file under a key, undefined where there is none. */
  open(key: string): Promise<CachedFile | undefined>;
  /**
   * Stores a file under a key in place of what was there, as a whole or not at all: when the stream fails, so
   * does this, and nothing is kept.
   */
  store(key: string, stream: ReadableStream<Uint8Array>, tag?: string): Promise<ByteSource>;
  /** Forgets the file under a key. */
  remove(key: string): Promise<void>;
}
