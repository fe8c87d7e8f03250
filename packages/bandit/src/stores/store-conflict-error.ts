import { EdgewrightError } from "@edgewright/core";

/**
 * Another writer saved or deleted the key since it was loaded. `code` is `"conflict"`. Load again, change that, save
 * again: {@link updateStore} does.
 */
export class StoreConflictError extends EdgewrightError {
  /** Key that was to be saved or deleted. */
  readonly key: string;
  /** Revision that was expected; undefined where the key was to be new. */
  readonly expected: number | undefined;

  /** @param found what the store holds, in words: `revision 7`, `nothing` */
  constructor(key: string, expected: number | undefined, found: string) {
    const wanted = expected === undefined ? "to be new" : `at revision ${expected}`;
    super(
      "conflict",
      `store: "${key}" was expected ${wanted}, but the store holds ${found}; load it again, or use updateStore`,
    );
    this.name = "StoreConflictError";
    this.key = key;
    this.expected = expected;
  }

  /** Whether `value` is such an error, from whichever copy of the package. */
  static override isInstance(value: unknown): value is StoreConflictError {
    return EdgewrightError.isInstance(value) && value.code === "conflict";
  }
}
