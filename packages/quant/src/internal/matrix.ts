import { EdgewrightError, formatShape, ShapeError, sizeOf } from "@edgewright/core";

/** Rows and columns of a weight: its first axis against all the others, as packed formats see it. */
export interface Matrix {
  readonly rows: number;
  readonly cols: number;
}

/**
 * Rows and columns of weights that are to be rounded.
 *
 * @throws ShapeError when there is not one weight for every element of the shape.
 * @throws EdgewrightError `invalid-argument` for a weight that is no finite number.
 */
export function checkWeights(
  weights: ArrayLike<number>,
  shape: readonly number[],
  where: string,
): Matrix {
  const size = sizeOf(shape);
  if (weights.length !== size) {
    throw new ShapeError(
      `${where}: shape ${formatShape(shape)} holds ${size} elements, got ${weights.length}`,
    );
  }
  for (let at = 0; at < size; at++) {
    if (Number.isFinite(weights[at])) continue;
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: weights must be finite, element ${at} is ${weights[at]}`,
    );
  }
  if (shape.length < 2) return { rows: 1, cols: size };
  return { rows: shape[0]!, cols: sizeOf(shape.slice(1)) };
}

/**
 * Checks sensitivities: one for every weight, finite and not negative.
 *
 * @throws ShapeError @throws EdgewrightError `invalid-argument`
 */
export function checkSensitivities(
  sensitivities: ArrayLike<number> | undefined,
  size: number,
  where: string,
): void {
  if (!sensitivities) return;
  if (sensitivities.length !== size) {
    throw new ShapeError(
      `${where}: expected one sensitivity for each of ${size} weights, got ${sensitivities.length}`,
    );
  }
  for (let at = 0; at < size; at++) {
    const one = sensitivities[at]!;
    if (one >= 0 && one < Infinity) continue;
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: sensitivities must be finite and not negative, element ${at} is ${one}`,
    );
  }
}

/** Checks that an option is a whole number within bounds. @throws EdgewrightError `invalid-argument` */
export function checkWhole(
  value: number,
  low: number,
  high: number,
  name: string,
  where: string,
): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  const range = high === Infinity ? `from ${low}` : `from ${low} to ${high}`;
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: ${name} must be a whole number ${range}, got ${value}`,
  );
}
