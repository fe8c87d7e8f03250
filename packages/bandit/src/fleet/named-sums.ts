import { EdgewrightError } from "@edgewright/core";

/** Sums over examples by the names of arms: what several devices have in common, whatever slots their arms have. */
export interface NamedSums {
  /** [sharedLength] */
  readonly shared: Float64Array;
  /** By arm, each [armLength]; arms that nothing is known of may be absent. */
  readonly arms: Map<string, Float64Array>;
}

/** Lengths and kind that sums must have to be added: a part of every policy's `AdditiveSums`. */
export interface SumsShape {
  readonly kind: string;
  readonly sharedLength: number;
  readonly armLength: number;
}

/** Sums of no example. */
export function createNamedSums({ sharedLength }: SumsShape): NamedSums {
  return { shared: new Float64Array(sharedLength), arms: new Map() };
}

/** An arm's sums, begun at 0 when they are not there. */
export function openArm(sums: NamedSums, arm: string, { armLength }: SumsShape): Float64Array {
  let vector = sums.arms.get(arm);
  if (!vector) {
    vector = new Float64Array(armLength);
    if (armLength > 0) sums.arms.set(arm, vector);
  }
  return vector;
}

/**
 * The sums of all parts together, as new ones.
 *
 * @throws EdgewrightError `diverged` when a sum grows beyond float64
 */
export function addNamedSums(shape: SumsShape, ...parts: readonly NamedSums[]): NamedSums {
  const total = createNamedSums(shape);
  for (const part of parts) {
    addVector(total.shared, part.shared);
    for (const [arm, vector] of part.arms) addVector(openArm(total, arm, shape), vector);
  }
  return total;
}

function addVector(into: Float64Array, vector: Float64Array): void {
  for (let i = 0; i < into.length; i++) {
    into[i]! += vector[i]!;
    if (!Number.isFinite(into[i]!)) {
      throw new EdgewrightError(
        "diverged",
        "fleet: sums over examples grew beyond the range of float64; scale features and rewards down",
      );
    }
  }
}
