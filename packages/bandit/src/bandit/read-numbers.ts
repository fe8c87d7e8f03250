import { ShapeError } from "@edgewright/core";
import { invalidArgument } from "./invalid-argument.js";
import type { VectorPool } from "./vector-pool.js";

/**
 * A copy of features that came from outside, every one checked.
 *
 * @param dimension how many there must be; undefined when any number will do
 * @param what names the features in errors: `context features`
 * @param allocate gives the copy's memory. @default a buffer of its own
 */
export function readNumbers(
  given: ArrayLike<number>,
  dimension: number | undefined,
  caller: string,
  what: string,
  allocate?: VectorPool,
): Float64Array {
  const length = checkLength(given, dimension, caller, what);
  const copy = allocate ? allocate(length) : new Float64Array(length);
  copyNumbers(given, copy, 0, caller, what);
  return copy;
}

/** The length of features that came from outside; checks no elements. */
export function checkLength(
  given: ArrayLike<number>,
  dimension: number | undefined,
  caller: string,
  what: string,
): number {
  const length = (given as ArrayLike<number> | null | undefined)?.length;
  if (typeof given !== "object" || !(Number.isSafeInteger(length) && length! >= 0)) {
    throw invalidArgument(
      `${caller}: ${what} were expected as an array of numbers, got ${describe(given)}`,
    );
  }
  if (dimension !== undefined && length !== dimension) {
    throw new ShapeError(`${caller}: ${dimension} ${what} were expected, got ${length}`);
  }
  return length!;
}

/** Writes all of `given` into `into` from `offset` on, every number checked. */
export function copyNumbers(
  given: ArrayLike<number>,
  into: Float64Array,
  offset: number,
  caller: string,
  what: string,
): void {
  const length = given.length;
  for (let i = 0; i < length; i++) {
    const value = given[i]!;
    if (!Number.isFinite(value)) {
      throw invalidArgument(
        `${caller}: finite ${what} were expected, got ${describe(value)} at ${i}; put a number in for what is missing`,
      );
    }
    into[offset + i] = value;
  }
}

/** A value as an error message shows it: short, whatever it is. */
export function describe(value: unknown): string {
  if (typeof value === "string") {
    return value.length > 40 ? `"${value.slice(0, 40)}..."` : `"${value}"`;
  }
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
