/** What went wrong, as a word a program can branch on. */
export type ErrorCode =
  | "invalid-argument"
  | "shape-mismatch"
  | "invalid-data"
  | "unsupported"
  | "out-of-memory"
  | "limit-exceeded"
  | "disposed"
  | "aborted"
  | "unavailable"
  | "conflict"
  | "diverged";

/** Fields an {@link EdgewrightError} may carry besides its message. */
export interface EdgewrightErrorOptions {
  /** The error that led to this one. */
  cause?: unknown;
  /** Where it happened: the name of a graph node, a file, a JSON path. */
  where?: string;
}

/**
 * Every error the `@edgewright` packages throw on purpose.
 *
 * Use {@link EdgewrightError.isInstance} rather than `instanceof`: it also recognises errors of
 * another copy of the package (ESM beside CommonJS, two versions in one tree).
 */
export class EdgewrightError extends Error {
  readonly code: ErrorCode;
  readonly where: string | undefined;

  constructor(code: ErrorCode, message: string, options: EdgewrightErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "EdgewrightError";
    this.code = code;
    this.where = options.where;
    Object.defineProperty(this, Symbol.for("@edgewright/error"), { value: true });
  }

  /** Whether `value` is an Edgewright error, from whichever copy of the package. */
  static isInstance(value: unknown): value is EdgewrightError {
    return (
      typeof value === "object" &&
      value !== null &&
      (value as Record<symbol, unknown>)[Symbol.for("@edgewright/error")] === true
    );
  }
}

/** Shapes that do not fit each other or the operation. `code` is `"shape-mismatch"`. */
export class ShapeError extends EdgewrightError {
  constructor(message: string, options?: EdgewrightErrorOptions) {
    super("shape-mismatch", message, options);
    this.name = "ShapeError";
  }
}

/** Data from outside that is not what it claims to be. `code` is `"invalid-data"`. */
export class ValidationError extends EdgewrightError {
  constructor(message: string, options?: EdgewrightErrorOptions) {
    super("invalid-data", message, options);
    this.name = "ValidationError";
  }
}

/** Valid input that this library cannot handle. `code` is `"unsupported"`. */
export class UnsupportedError extends EdgewrightError {
  constructor(message: string, options?: EdgewrightErrorOptions) {
    super("unsupported", message, options);
    this.name = "UnsupportedError";
  }
}

/** The caller's `AbortSignal` fired. `code` is `"aborted"`; `cause` is the signal's reason. */
export class AbortError extends EdgewrightError {
  constructor(where: string, reason?: unknown) {
    super("aborted", `${where}: aborted by the caller`, { cause: reason });
    this.name = "AbortError";
  }
}

/** Throws an {@link AbortError} when `signal` has fired; `where` names the work that stops. */
export function throwIfAborted(signal: AbortSignal | undefined, where: string): void {
  if (signal?.aborted) throw new AbortError(where, signal.reason);
}
