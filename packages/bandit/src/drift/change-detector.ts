/** Watches a stream of numbers for a change of its mean. */
export interface ChangeDetector {
  /** Takes in the next value, and says whether the mean has changed; if so, it has begun anew for the next change. */
  add(value: number): boolean;
  /** JSON-able data from which {@link ChangeDetector.restore} goes on bit for bit. */
  state(): unknown;
  /**
   * Takes over a state of a detector with the same options.
   *
   * @throws ValidationError when the state is damaged; nothing has changed then
   */
  restore(state: unknown): void;
}

/** A kind of detector with its parameters: {@link cusum}, {@link pageHinkley}, {@link adwin} or {@link glr}. */
export interface DetectorKind {
  /** Name with parameters; states are exchanged among detectors of the same name. */
  readonly name: string;
  /** Whether values must lie from 0 to 1 or may be any finite numbers. @default "real" */
  readonly values?: "unit" | "real";
  /** Starts a detector that has seen nothing. */
  start(): ChangeDetector;
}
