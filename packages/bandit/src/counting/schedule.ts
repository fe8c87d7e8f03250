import { EdgewrightError } from "@edgewright/core";

/**
 * A parameter by the number of rewards learnt: a constant, value / (1 + rounds / decay), or a function's; checked to
 * lie from `low` to `high` whenever it is asked for.
 *
 * @param name what it belongs to, and its name, for the messages of errors
 */
export function createSchedule(
  name: string,
  value: number | ((rounds: number) => number),
  decay: number,
  low: number,
  high: number,
): (rounds: number) => number {
  const check = (result: number): number => {
    if (result >= low && result <= high) return result;
    throw new EdgewrightError(
      "invalid-argument",
      `${name}: from ${low} to ${high} was expected, got ${result}`,
    );
  };
  if (!(decay > 0)) {
    throw new EdgewrightError(
      "invalid-argument",
      `${name}: a decay above 0 was expected, got ${decay}`,
    );
  }
  if (typeof value === "function") return (rounds) => check(value(rounds));
  check(value);
  return (rounds) => value / (1 + rounds / decay);
}
