import { ShapeError } from "@edgewright/core";

/**
 * Checks that every value is a whole number from `least` below 2^31: kernels take sizes as 32-bit words.
 *
 * @throws ShapeError that names the function and the first value that is not.
 */
export function checkCounts(
  where: string,
  values: Readonly<Record<string, number>>,
  least: number,
): void {
  for (const [name, value] of Object.entries(values)) {
    if (!Number.isSafeInteger(value) || value < least || value >= 2 ** 31) {
      throw new ShapeError(
        `${where}: expected ${name} to be a whole number from ${least}, got ${value}`,
      );
    }
  }
}
