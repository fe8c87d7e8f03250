import { ShapeError } from "@edgewright/core";
import type { Operand } from "../engine/tape.js";
import type { Value } from "../engine/value.js";

/** Factors and shifts of a normalisation, one for each element of the last axis. */
export interface ScaleAndShift {
  /** Of shape [c]. @default ones */
  readonly scale?: Operand;
  /** Of shape [c]. @default zeros */
  readonly shift?: Operand;
}

/** Where factors and shifts are among the inputs of an operation; 0 (where x is) stands for none. */
export interface ScaleAndShiftPlaces {
  readonly scale: number;
  readonly shift: number;
}

/** The inputs behind x, and their places. */
export function placeScaleAndShift({ scale, shift }: ScaleAndShift): {
  operands: Operand[];
  places: ScaleAndShiftPlaces;
} {
  const operands = [scale, shift].filter((operand) => operand !== undefined);
  const places = {
    scale: scale === undefined ? 0 : 1,
    shift: shift === undefined ? 0 : operands.length,
  };
  return { operands, places };
}

/** Refuses scalars, and inputs behind x that are not [c]. */
export function checkChannels(name: string, shapes: readonly (readonly number[])[]): void {
  const [x, ...others] = shapes;
  const c = x!.at(-1);
  if (c === undefined) throw new ShapeError(`${name}: expected an axis to normalise, got x []`);
  for (const shape of others) {
    if (shape.length === 1 && shape[0] === c) continue;
    throw new ShapeError(
      `${name}: expected scale, shift and statistics of [${c}], the last axis of x [${x}], got [${shape}]`,
    );
  }
}

/** The addresses for a kernel, by its own names. */
export function addressesOf(
  inputs: readonly Value[],
  places: ScaleAndShiftPlaces,
  at: (value: Value) => number,
): { gamma?: number; beta?: number } {
  return {
    ...(places.scale && { gamma: at(inputs[places.scale]!) }),
    ...(places.shift && { beta: at(inputs[places.shift]!) }),
  };
}
