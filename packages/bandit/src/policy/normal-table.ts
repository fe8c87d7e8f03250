import { normalCdf, normalDensity } from "./normal-distribution.js";

/** The standard normal distribution function in cubic pieces, for loops that ask for it thousands of times. */
export interface NormalTable {
  /** Four coefficients for each piece, by rising powers of the place in the piece from 0 to 1. */
  readonly coefficients: Float64Array;
  /** The pieces reach from -reach to reach. */
  readonly reach: number;
  readonly piecesPerUnit: number;
}

/**
 * Cubic pieces through values and slopes of the distribution function, 64 for each deviation: right to 3e-10, and the
 * slopes in between to 1e-7.
 *
 * Worked out when first asked for, and kept: some 700 pieces.
 */
export function normalTable(): NormalTable {
  table ??= createTable(5.5, 64);
  return table;
}

let table: NormalTable | undefined;

function createTable(reach: number, piecesPerUnit: number): NormalTable {
  const pieces = 2 * reach * piecesPerUnit;
  const coefficients = new Float64Array(4 * pieces);
  for (let piece = 0; piece < pieces; piece++) {
    const left = piece / piecesPerUnit - reach;
    const right = (piece + 1) / piecesPerUnit - reach;
    const value = normalCdf(left);
    const rise = normalCdf(right) - value;
    const slope = normalDensity(left) / piecesPerUnit;
    const endSlope = normalDensity(right) / piecesPerUnit;
    coefficients[4 * piece] = value;
    coefficients[4 * piece + 1] = slope;
    coefficients[4 * piece + 2] = 3 * rise - 2 * slope - endSlope;
    coefficients[4 * piece + 3] = slope + endSlope - 2 * rise;
  }
  return { coefficients, reach, piecesPerUnit };
}
