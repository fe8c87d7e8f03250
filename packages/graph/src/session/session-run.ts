import { EdgewrightError, throwIfAborted } from "@edgewright/core";
import type { Outputs, Step, UnnumberedStep } from "./step.js";

/**
 * A run of a model, one layer an iteration; made by `session.steps(feeds)`.
 *
 * Nothing is computed before the first `next()`, and nothing after the last: stop whenever you like.
 */
export class SessionRun implements IterableIterator<Step, Outputs> {
  #steps: Generator<UnnumberedStep, Outputs> | undefined;
  #index = 0;
  #outputs: Outputs | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #onEnd: () => void;

  /** @internal */
  constructor(
    steps: Generator<UnnumberedStep, Outputs>,
    signal: AbortSignal | undefined,
    onEnd: () => void,
  ) {
    this.#steps = steps;
    this.#signal = signal;
    this.#onEnd = onEnd;
  }

  /** Whether every layer has run. */
  get done(): boolean {
    return this.#outputs !== undefined;
  }

  /**
   * The model's outputs.
   *
   * @throws EdgewrightError `unavailable` before the last layer has run.
   */
  get outputs(): Outputs {
    if (this.#outputs === undefined) {
      throw new EdgewrightError(
        "unavailable",
        "SessionRun.outputs: layers are still to run; iterate to the end first",
      );
    }
    return this.#outputs;
  }

  /**
   * Runs the next layer.
   *
   * @throws AbortError when the signal has fired; the run is over then.
   */
  next(): IteratorResult<Step, Outputs> {
    const steps = this.#steps;
    if (steps === undefined) return { done: true, value: this.#outputs ?? {} };
    try {
      throwIfAborted(this.#signal, "Session.steps");
      const begin = performance.now();
      const result = steps.next();
      const ms = performance.now() - begin;
      if (result.done) {
        this.#outputs = result.value;
        this.#end();
        return { done: true, value: result.value };
      }
      const step = result.value;
      return {
        done: false,
        value: {
          index: this.#index++,
          name: step.name,
          opType: step.opType,
          engine: step.engine,
          macs: step.macs,
          ms,
          outputNames: step.outputNames,
          read: (output = 0) => step.read(output),
          zeroShare: (samples, output) => step.zeroShare(samples, output),
        },
      };
    } catch (error) {
      this.return();
      throw error;
    }
  }

  /** Ends the run early; `for ... of` with `break` calls it. */
  return(value?: Outputs): IteratorResult<Step, Outputs> {
    this.#steps?.return({});
    this.#end();
    return { done: true, value: value ?? {} };
  }

  /** The run itself: it is iterated once. */
  [Symbol.iterator](): this {
    return this;
  }

  #end(): void {
    if (this.#steps === undefined) return;
    this.#steps = undefined;
    this.#onEnd();
  }
}
