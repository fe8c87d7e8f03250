import { ShapeError } from "@edgewright/core";

/** WebAssembly addresses 2^32 bytes: no operand of 32-bit elements has as many as this. */
const TOO_MANY = 2 ** 30;

/**
 * Refuses operands that no memory holds, before the time and the 32-bit words of a plan run out on them.
 *
 * @throws ShapeError that names the function and the first operand whose sizes multiply to 2^30 and more.
 */
export function checkExtents(
  where: string,
  operands: Readonly<Record<string, readonly number[]>>,
): void {
  for (const [name, sizes] of Object.entries(operands)) {
    if (sizes.reduce((product, size) => product * size, 1) >= TOO_MANY) {
      throw new ShapeError(
        `${where}: ${name} of [${sizes.join(", ")}] does not fit into the 4 GiB of WebAssembly's memory`,
      );
    }
  }
}
