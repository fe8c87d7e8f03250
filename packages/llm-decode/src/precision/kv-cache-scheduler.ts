import { EdgewrightError } from "@edgewright/core";
import { classifyKv, type KvClassifier, kvFeatures, SWITCH_CLASSES } from "./kv-classifier.js";
import { checkWidths, type PrecisionScheduler } from "./precision-scheduler.js";

/** Options of {@link kvCacheScheduler}. */
export interface KvCacheSchedulerOptions {
  /** Bit widths, two or more. */
  readonly widths: readonly number[];
  /** One for every step down, the highest width first: two widths have one. */
  readonly classifiers: readonly KvClassifier[];
  /** Token index of each of the four classes; the last is usually `Infinity`, never. */
  readonly switchPoints: readonly [number, number, number, number];
}

/** The switch points of the published experiments for texts of up to `maxTokens`: 0, one and two thirds, never. */
export function thirds(maxTokens: number): [number, number, number, number] {
  const third = Math.floor(maxTokens / 3);
  return [0, third, 2 * third, Number.POSITIVE_INFINITY];
}

/**
 * Falls where classifiers say that the text allows it: once a text, right behind the prompt, they read the last
 * layer's keys and values and choose a switch point for every step down (the learned scheduler of PMPD,
 * arXiv:2410.13461, section 3.4).
 *
 * `trainKvClassifier` of `@edgewright/llm-decode/training` trains them.
 *
 * @throws EdgewrightError when classifiers and widths do not fit; a text of a model of another shape ends in a
 * ValidationError.
 */
export function kvCacheScheduler(options: KvCacheSchedulerOptions): PrecisionScheduler {
  const widths = checkWidths("kvCacheScheduler", options.widths);
  const { classifiers, switchPoints } = options;
  if (classifiers.length !== widths.length - 1 || switchPoints.length !== SWITCH_CLASSES) {
    throw new EdgewrightError(
      "invalid-argument",
      `kvCacheScheduler: expected ${widths.length - 1} classifiers for ${widths.length} widths and ${SWITCH_CLASSES} switch points, ` +
        `got ${classifiers.length} and ${switchPoints.length}`,
    );
  }
  let chosen: number[] | undefined;
  return {
    name: `learned ${[...widths].reverse().join("/")}`,
    widths,
    schedule({ index, session }) {
      if (chosen === undefined) {
        const features = kvFeatures(session.lastLayerKv());
        let earliest = 0; // a lower width never comes before a higher one
        chosen = classifiers.map((classifier) => {
          const logits = classifyKv(classifier, features);
          earliest = Math.max(earliest, switchPoints[logits.indexOf(Math.max(...logits))]!);
          return earliest;
        });
      }
      const fallen = chosen.filter((s) => index >= s).length;
      return widths[widths.length - 1 - fallen]!;
    },
    reset() {
      chosen = undefined;
    },
  };
}
