import { throwIfAborted } from "@edgewright/core";
import { checkWidths, type PrecisionScheduler } from "./precision-scheduler.js";
import { staticScheduler } from "./static-scheduler.js";

/** One schedule that a search tried. */
export interface ScheduleTrial {
  readonly switchPoints: readonly number[];
  /** Larger is better. */
  readonly quality: number;
  readonly meanBits: number;
}

/** Options of {@link searchSwitchPoints}. */
export interface SearchSwitchPointsOptions {
  /** Bit widths, two or more. */
  readonly widths: readonly number[];
  /** Token indices to try: the paper's are 0, a third and two thirds of the longest text, and `Infinity` for never. */
  readonly switchPoints: readonly number[];
  /** Quality that is good enough, in the units of `evaluate`. */
  readonly target: number;
  /** Measures a schedule on validation texts: {@link evaluateScheduleByRouge}, or `-nll`. */
  readonly evaluate: (
    scheduler: PrecisionScheduler,
  ) => Promise<{ readonly quality: number; readonly meanBits: number }>;
  readonly signal?: AbortSignal;
  /** Called after every schedule. @default none */
  readonly onProgress?: (trial: ScheduleTrial, done: number, all: number) => void;
}

/**
 * Tries every static schedule with the given switch points and takes the one with the fewest mean bits among those
 * that are good enough, the better one among equals (PMPD, arXiv:2410.13461: an exhaustive search, offline, once a
 * task).
 *
 * @throws AbortError when the signal fires.
 *
 * @example
 * ```ts
 * const { best } = await searchSwitchPoints({
 *   widths: [4, 5], switchPoints: [0, 85, 170, Infinity], target: 0.98,
 *   evaluate: (precision) => evaluateScheduleByRouge({ session, prompts, precision }),
 * });
 * ```
 */
export async function searchSwitchPoints(
  options: SearchSwitchPointsOptions,
): Promise<{ best: ScheduleTrial | undefined; trials: readonly ScheduleTrial[] }> {
  const { target, evaluate, signal, onProgress } = options;
  const widths = checkWidths("searchSwitchPoints", options.widths);
  const points = [...new Set(options.switchPoints)].sort((a, b) => a - b);
  let choices: number[][] = [[]];
  for (let level = 1; level < widths.length; level++) {
    choices = choices.flatMap((chosen) =>
      points.filter((p) => p >= (chosen.at(-1) ?? 0)).map((p) => [...chosen, p]),
    );
  }
  const trials: ScheduleTrial[] = [];
  for (const switchPoints of choices) {
    throwIfAborted(signal, "searchSwitchPoints");
    const trial = { switchPoints, ...(await evaluate(staticScheduler({ widths, switchPoints }))) };
    trials.push(trial);
    onProgress?.(trial, trials.length, choices.length);
  }
  const good = trials.filter(({ quality }) => quality >= target);
  good.sort((a, b) => a.meanBits - b.meanBits || b.quality - a.quality);
  return { best: good[0], trials };
}

/** Bit widths of the two phases of a text. */
export interface PhaseWidths {
  readonly prefillBits: number;
  readonly decodeBits: number;
}

/** Options of {@link searchPhaseWidths}. */
export interface SearchPhaseWidthsOptions {
  readonly widths: readonly number[];
  /** Quality that is good enough, in the units of `evaluate`. */
  readonly target: number;
  /** Measures the quality of a pair on validation texts; larger is better. */
  readonly evaluate: (widths: PhaseWidths) => Promise<number>;
  readonly signal?: AbortSignal;
}

/**
 * The smallest pair of widths for prompt and decoding that is good enough: the narrowest for decoding, which reads all
 * weights for every token, then the narrowest for the prompt, which is bound by arithmetic (phase-aware allocation,
 * PMPD, arXiv:2410.13461). The prompt never has fewer bits than decoding.
 *
 * @throws AbortError when the signal fires.
 */
export async function searchPhaseWidths(options: SearchPhaseWidthsOptions): Promise<{
  best: (PhaseWidths & { quality: number }) | undefined;
  trials: readonly (PhaseWidths & { quality: number })[];
}> {
  const widths = checkWidths("searchPhaseWidths", options.widths);
  const trials: (PhaseWidths & { quality: number })[] = [];
  for (const decodeBits of widths) {
    for (const prefillBits of widths.filter((bits) => bits >= decodeBits)) {
      throwIfAborted(options.signal, "searchPhaseWidths");
      const quality = await options.evaluate({ prefillBits, decodeBits });
      const trial = { prefillBits, decodeBits, quality };
      trials.push(trial);
      if (quality >= options.target) return { best: trial, trials };
    }
  }
  return { best: undefined, trials };
}
