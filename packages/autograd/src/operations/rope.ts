import { EdgewrightError, ShapeError } from "@edgewright/core";
import { createRotaryAngles, planRotary, type RotaryPairing } from "@edgewright/kernels/training";
import type { Operation, ProgramBuilder } from "../engine/operation.js";
import { type Operand, record, tapeOf, type Variable } from "../engine/tape.js";
import type { Value } from "../engine/value.js";
import { checkedPlan } from "./checked-plan.js";

/** Options of {@link rope}. */
export interface RopeOptions {
  /** Position of every token, i32 [t] or [b, t]. @default offset, offset + 1, ... */
  readonly positions?: Variable;
  /** Positions are below this: the length of the table of angles. @default t; needed with `positions` */
  readonly maxPositions?: number;
  /** Position of the first token. @default 0 */
  readonly offset?: number;
  /** Wavelengths grow from 2 pi to this times 2 pi. @default 10000 */
  readonly base?: number;
  /** Angle in radians per position of every pair, [rotated / 2]. @default those that follow from `base` */
  readonly frequencies?: readonly number[];
  /** Multiplies positions: below 1 squeezes longer texts into the trained range. @default 1 */
  readonly positionScale?: number;
  /** The first elements of a vector, which are turned; the others stay. @default d */
  readonly rotated?: number;
  /** Which elements are turned together: i and i + rotated / 2, or 2 i and 2 i + 1. @default "half" */
  readonly pairing?: RotaryPairing;
}

/** What the table of angles depends on. */
interface AngleOptions
  extends Pick<RopeOptions, "offset" | "base" | "frequencies" | "positionScale"> {
  readonly places: number;
  readonly rotated: number;
}

/** {@link RopeOptions} as the operation needs them; its inputs are x, the angles, and positions if any. */
interface RotaryOptions {
  readonly angles: AngleOptions;
  readonly pairing: RotaryPairing;
}

const ROPE: Operation<RotaryOptions> = {
  name: "rope",
  mixedTypes: true,
  outputShape([x, , positions]) {
    const [b, , t] = x!;
    if (positions !== undefined && `${positions}` !== `${[t]}` && `${positions}` !== `${[b, t]}`) {
      throw new ShapeError(`rope: expected positions [t] or [b, t] for [${x}], got [${positions}]`);
    }
    return x!;
  },
  forward: (build, { inputs, options }) => ({ output: turn(build, "rope", inputs, options) }),
  backward(build, { inputs: [, ...rest], options, gradient }) {
    return [turn(build, "gradient", [gradient, ...rest], options), undefined, undefined];
  },
};

function turn(
  build: ProgramBuilder,
  name: string,
  [x, angles, positions]: readonly Value[],
  options: RotaryOptions,
): Value {
  const { shape } = x!;
  const y = build.value(shape);
  const [b, heads, t, d] = shape as [number, number, number, number];
  build.step({
    name,
    reads: [x!, angles!, ...(positions ? [positions] : [])],
    writes: [y],
    inPlace: { read: x!, write: y },
    plan(kernels, at) {
      const plan = planRotary(kernels, {
        x: at(x!),
        y: at(y),
        outer: b * heads,
        sequence: t,
        width: d,
        rotated: options.angles.rotated,
        angles: at(angles!),
        places: options.angles.places,
        pairing: options.pairing,
        inverse: name === "gradient",
        ...(positions && { positions: at(positions) }),
        ...(positions?.shape.length === 2 && { positionGroup: heads }),
      });
      return positions ? checkedPlan("rope", kernels, plan) : plan;
    },
  });
  return y;
}

/** The table of angles on the tape of x: queries and keys of all layers share one. */
function anglesFor(x: Operand, options: AngleOptions): Variable {
  const tape = tapeOf("rope", [x]);
  const key = JSON.stringify(options);
  for (const node of tape.nodes) {
    if (node.kind !== "operation" || node.operation.name !== "rope") continue;
    const { angles } = node.options as RotaryOptions;
    if (JSON.stringify(angles) === key) return node.inputs[1]!;
  }
  return tape.constant(createRotaryAngles(options), [options.places, options.rotated]);
}

/**
 * Turns pairs of elements of every vector of [b, heads, t, d] by angles that grow with its position: rotary
 * position embedding (Su et al. 2021). Keeps nothing for the backward pass but the positions, where they are
 * given, and a table of angles that all calls with the same options share.
 *
 * @throws ShapeError for an x of another rank or an odd number of elements to turn. A run throws
 * ValidationError for a position that is not below `maxPositions`.
 */
export function rope(x: Operand, options: RopeOptions = {}): Variable {
  const { positions, maxPositions, rotated, pairing = "half", ...rest } = options;
  const [, , t = 0, d = 0] = x.shape;
  const angles: AngleOptions = { places: maxPositions ?? t, rotated: rotated ?? d, ...rest };
  if (x.shape.length !== 4 || angles.rotated % 2 !== 0 || angles.rotated > d) {
    throw new ShapeError(
      `rope: expected [b, heads, t, d] and an even number of elements to turn, ` +
        `got [${x.shape}] and ${angles.rotated}`,
    );
  }
  if (positions !== undefined && (positions.type !== "i32" || maxPositions === undefined)) {
    throw new EdgewrightError(
      "invalid-argument",
      "rope: expected positions of type i32 together with maxPositions, the length of the table " +
        `of angles, got ${positions.type} and ${maxPositions}`,
    );
  }
  const operands = [x, anglesFor(x, angles), ...(positions ? [positions] : [])];
  return record(ROPE, operands, { angles, pairing });
}
