import { EdgewrightError, ShapeError } from "@edgewright/core";
import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, floatBits } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { checkExtents } from "../check-extents.js";
import { type IndexedPlan, withIndexCheck } from "../indexing/indexed-plan.js";
import { requireTraining } from "../load-training-kernels.js";

/** Which elements of a vector are turned together: i and i + rotated / 2 (GPT-NeoX, Llama), or 2 i and 2 i + 1 (RoFormer, GPT-J). */
export type RotaryPairing = "half" | "interleaved";

/** A rotary position embedding for {@link planRotary}. */
export interface RotarySpec {
  /** Address of the vectors, [outer, sequence, heads, width]. */
  readonly x: number;
  /** Address of the result; may be the operand's. */
  readonly y: number;
  /** @default 1 */
  readonly outer?: number;
  readonly sequence: number;
  /** Vectors of one position. @default 1 */
  readonly heads?: number;
  /** Elements of a vector. */
  readonly width: number;
  /** The first elements, which are turned; the others stay as they are. @default width */
  readonly rotated?: number;
  /** Address of the table of {@link createRotaryAngles}, [places, rotated]. */
  readonly angles: number;
  /** Rows of the table. */
  readonly places: number;
  /** Address of the table's row for every vector, i32 [outer / positionGroup, sequence]. @default 0, 1, 2 ... */
  readonly positions?: number;
  /** Neighbouring outer indices that share their positions: a divisor of `outer`. @default outer */
  readonly positionGroup?: number;
  /** @default "half" */
  readonly pairing?: RotaryPairing;
  /** Turn back: the gradient of the embedding. @default false */
  readonly inverse?: boolean;
}

const FLOATS_WORTH_A_THREAD = 16384;

/**
 * Plans the rotary position embedding: pairs (a, b) of a vector become (a cos t - b sin t, b cos t + a sin t)
 * by the angles t of the vector's position. Turning is its own transpose with the angles negated, so the
 * gradient is the same plan with `inverse`, from dy to dx.
 *
 * A position beyond the table gives zeros and lets `checkIndices` throw.
 *
 * @throws ShapeError when `rotated` is odd or above `width`, or the table is shorter than the sequence.
 * @throws UnsupportedError for kernels without the training extension.
 */
export function planRotary(kernels: Kernels, spec: RotarySpec): IndexedPlan {
  const { x, y, outer = 1, sequence, heads = 1, width, rotated = width, places } = spec;
  const { positions = 0, positionGroup = outer, pairing = "half", inverse = false } = spec;
  requireTraining("planRotary", kernels);
  checkCounts("planRotary", { outer, sequence, heads, width, rotated, places }, 0);
  const table = [places, rotated];
  checkExtents("planRotary", { x: [outer, sequence, heads, width], angles: table });
  if (spec.positionGroup !== undefined) checkCounts("planRotary", { positionGroup }, 1);
  if (rotated % 2 !== 0 || rotated > width) {
    throw new ShapeError(
      `planRotary: expected an even number of rotated elements up to the width ${width}, got ${rotated}`,
    );
  }
  if (positions === 0 && places < sequence) {
    throw new ShapeError(
      `planRotary: expected angles for ${sequence} positions, got ${places}; make a longer table`,
    );
  }
  if (outer > 0 && outer % positionGroup !== 0) {
    throw new ShapeError(
      `planRotary: expected a divisor of ${outer} as positionGroup, got ${positionGroup}`,
    );
  }
  if (pairing !== "half" && pairing !== "interleaved") {
    throw new EdgewrightError(
      "invalid-argument",
      `planRotary: expected pairing "half" or "interleaved", got ${JSON.stringify(pairing)}`,
    );
  }
  const plan = createPlan(kernels.arena, [
    {
      kernel: "rotary_f32",
      params: [
        x,
        y,
        sequence,
        heads,
        width,
        rotated,
        spec.angles,
        places,
        positions,
        Math.max(1, positionGroup),
        pairing === "interleaved" ? 1 : 0,
        floatBits(inverse ? -1 : 1),
        0,
      ],
      units: outer * sequence,
      grain: Math.max(1, Math.ceil(FLOATS_WORTH_A_THREAD / Math.max(1, heads * width))),
    },
  ]);
  return withIndexCheck(kernels.arena, plan, {
    where: "planRotary",
    word: 12,
    indices: positions,
    count: (outer / positionGroup) * sequence,
    limit: places,
  });
}
