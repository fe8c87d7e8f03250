import { philox4x32, ValidationError } from "@edgewright/core";
import { fullConfidence, type GradientConfidence } from "./gradient-confidence.js";

/** What the state of a sketched confidence is. */
interface SketchState {
  readonly sketch: unknown;
  /** Parameters that were forgotten, and how often. */
  readonly redrawn: readonly (readonly [number, number])[];
}

/**
 * Keeps all of Z for gradients that are hashed to `size` numbers first: every parameter is added to one of them, with
 * a random sign, which preserves inner products in expectation (count sketch: Weinberger et al., "Feature Hashing for
 * Large Scale Multitask Learning", ICML 2009). O(count + size^2) time an operation.
 *
 * Parameters that are to be forgotten get a new place and sign: a direction hardly anything is known of.
 */
export function sketchedConfidence(count: number, ridge: number, size: number): GradientConfidence {
  const inner = fullConfidence(size, ridge);
  const place = new Int32Array(count);
  const sign = new Int8Array(count);
  const redrawn = new Map<number, number>();
  const sketch = new Float64Array(size);
  const draw = (i: number, times: number): void => {
    const [a, b] = philox4x32([i, times, 0, 0], [0, 0]);
    place[i] = a % size;
    sign[i] = b & 1 ? 1 : -1;
  };
  const forget = (indices: readonly number[]): void => {
    for (const i of indices) {
      redrawn.set(i, (redrawn.get(i) ?? 0) + 1);
      draw(i, redrawn.get(i)!);
    }
  };
  const hash = (gradient: Float64Array): Float64Array => {
    sketch.fill(0);
    for (let i = 0; i < count; i++) sketch[place[i]!]! += sign[i]! * gradient[i]!;
    return sketch;
  };
  for (let i = 0; i < count; i++) draw(i, 0);

  return {
    width: (gradient) => inner.width(hash(gradient)),
    add: (gradient, weight) => inner.add(hash(gradient), weight),
    reset: forget,
    // What is known of the others cannot be told apart from them: the copy starts unknown.
    copy: (_from, to) => forget(to),
    state: (): SketchState => ({ sketch: inner.state(), redrawn: [...redrawn] }),
    prepare(state, where) {
      const given = (state ?? {}) as Partial<SketchState>;
      const takeSketch = inner.prepare(given.sketch, where);
      const isCount = (value: unknown, below: number): boolean =>
        Number.isInteger(value) && (value as number) >= 0 && (value as number) < below;
      const entries = given.redrawn;
      const sound =
        Array.isArray(entries) &&
        entries.every((entry) => isCount(entry?.[0], count) && isCount(entry[1], 2 ** 32)) &&
        new Set(entries.map(([i]) => i)).size === entries.length;
      if (!sound) {
        throw new ValidationError(
          `${where}: pairs of a parameter and a count were expected; the snapshot is damaged or of another policy`,
        );
      }
      return () => {
        takeSketch();
        for (const i of redrawn.keys()) draw(i, 0);
        redrawn.clear();
        for (const [i, times] of entries as [number, number][]) {
          redrawn.set(i, times);
          draw(i, times);
        }
      };
    },
  };
}
