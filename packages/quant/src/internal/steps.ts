import { throwIfAborted } from "@edgewright/core";

/**
 * Work that can pause: a generator that yields how many weights are done so far, and returns its result. The same
 * code then serves a plain call and one that stays responsive.
 */
export type Steps<T> = Generator<number, T, void>;

/** Weights between two pauses: some tens of milliseconds of work. */
export const WEIGHTS_PER_STEP: number = 2 ** 18;

/** Runs paused work to its end without a pause. */
export function finishSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** What {@link pauseBetweenSteps} does while work pauses. */
export interface PauseOptions {
  /** Ends the work at the next pause. */
  readonly signal?: AbortSignal | undefined;
  /** Called at every pause with the weights done so far. */
  readonly onStep?: ((done: number) => void) | undefined;
}

/**
 * Runs paused work to its end and lets other tasks have their turn at every pause.
 *
 * @throws AbortError when the signal fires.
 */
export async function pauseBetweenSteps<T>(
  steps: Steps<T>,
  where: string,
  options: PauseOptions = {},
): Promise<T> {
  const { signal, onStep } = options;
  for (;;) {
    throwIfAborted(signal, where);
    const { done, value } = steps.next();
    if (done) return value;
    onStep?.(value);
    await yieldToOthers();
  }
}

/** Lets timers, input and abort signals have their turn. */
export function yieldToOthers(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}
