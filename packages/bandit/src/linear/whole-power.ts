/**
 * `base` to a whole power from 0 by repeated squaring: the same bits in every engine, which `Math.pow` does not
 * promise.
 */
export function wholePower(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let left = exponent; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}
