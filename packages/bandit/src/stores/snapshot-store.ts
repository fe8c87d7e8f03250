/** A value as a {@link SnapshotStore} holds it. */
export interface StoredValue {
  /** A copy: changing it changes nothing in the store. */
  readonly value: unknown;
  /** Grows with every save of the key; no two saves of a key share one, not even across a deletion. */
  readonly revision: number;
}

/** Options of {@link SnapshotStore.save}. */
export interface SaveOptions {
  /**
   * The revision that the store must still hold: of the value that this one was made from. Undefined for a key that
   * must not be there yet; `"any"` replaces whatever is there, and what another writer put there is lost.
   *
   * @default undefined, which is what {@link SnapshotStore.load} tells of an absent key
   */
  readonly revision?: number | "any" | undefined;
}

/** Options of {@link SnapshotStore.delete}. */
export interface DeleteOptions {
  /** The revision that the store must still hold. @default any */
  readonly revision?: number | undefined;
}

/**
 * Keeps JSON-able values by key, each with a revision. A save says which revision it was made from and fails when
 * another writer was faster, so that concurrent writers lose nothing; {@link updateStore} tries again for them.
 *
 * Every method rejects with an EdgewrightError: `invalid-argument` for keys and values that cannot be kept,
 * `invalid-data` (ValidationError) for a stored value that is damaged, `limit-exceeded` where room is short,
 * `unavailable` where the medium is out of reach, `disposed` after {@link SnapshotStore.close}.
 */
export interface SnapshotStore {
  /**
   * The value of a key; undefined when there is none.
   *
   * @param key 1 to 128 characters, any
   */
  load(key: string): Promise<StoredValue | undefined>;
  /**
   * Keeps a value if the key still has the expected revision, and resolves to the new one.
   *
   * @throws StoreConflictError when it has another; nothing is changed then
   */
  save(key: string, value: unknown, options?: SaveOptions): Promise<number>;
  /**
   * Removes a key. One that is not there is no error, unless a revision was expected.
   *
   * @throws StoreConflictError when it has another revision than the expected one
   */
  delete(key: string, options?: DeleteOptions): Promise<void>;
  /** Lets go of files and connections. May be called again. */
  close(): Promise<void>;
}
