import { EdgewrightError } from "@edgewright/core";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { maskedActivation } from "./masked-activation.js";

/** Options of {@link clamp}. */
export interface ClampOptions {
  /** @default no limit */
  readonly low?: number;
  /** @default no limit */
  readonly high?: number;
}

const CLAMP = /*@__PURE__*/ maskedActivation<Required<ClampOptions>>("clamp", ({ low, high }) => ({
  kind: "clip",
  alpha: low,
  beta: high,
}));

/**
 * x held between two numbers; no gradient beyond them or at them. Keeps one bit an element for the backward
 * pass.
 *
 * @throws EdgewrightError `invalid-argument` when low is above high.
 */
export function clamp(x: Operand, options: ClampOptions): Variable {
  const { low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY } = options;
  if (!(low <= high)) {
    throw new EdgewrightError(
      "invalid-argument",
      `clamp: expected low up to high, got ${low} and ${high}`,
    );
  }
  return record(CLAMP, [x], { low, high });
}
