import { EdgewrightError } from "@edgewright/core";
import type { DesignSpace } from "./explore-designs.js";

/**
 * The processors that each feasible design uses: bit i for the problem's processor i.
 *
 * @throws EdgewrightError (`limit-exceeded`) above 31 processors
 */
export function listUsedProcessors({ problem, codes }: DesignSpace): Int32Array {
  const { candidates, processors } = problem;
  if (processors.length > 31) {
    throw new EdgewrightError(
      "limit-exceeded",
      `listUsedProcessors: at most 31 processors were expected, got ${processors.length}; ` +
        "let processorOf name several engines alike",
    );
  }
  const bits = candidates.map((list) =>
    Int32Array.from(list, ({ processor }) => 1 << processors.indexOf(processor)),
  );
  return Int32Array.from(codes, (code) => {
    let mask = 0;
    let rest = code;
    for (const own of bits) {
      const place = rest % own.length;
      mask |= own[place]!;
      rest = (rest - place) / own.length;
    }
    return mask;
  });
}

/** The bits of some processors; a name that the problem does not have is no bit. */
export function processorBits(processors: readonly string[], names: readonly string[]): number {
  return processors.reduce((mask, name, i) => (names.includes(name) ? mask | (1 << i) : mask), 0);
}
