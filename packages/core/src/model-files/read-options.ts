/** How far reading or writing has come. */
export interface FileProgress {
  /** What is being done: bytes are fetched, read and turned into weights, or written. */
  readonly stage: "download" | "read" | "write";
  /** The file, where there are several. */
  readonly file?: string;
  /** Bytes done. */
  readonly loaded: number;
  /** Bytes in all; absent where a server does not say. */
  readonly total?: number;
}

/** Options of everything that reads a model file. */
export interface ReadOptions {
  /** Stops reading with an `AbortError`. */
  readonly signal?: AbortSignal;
  /** Called as bytes are read. */
  readonly onProgress?: (progress: FileProgress) => void;
}
