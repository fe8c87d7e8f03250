import { ValidationError } from "@edgewright/core";
import type { Feeds } from "@edgewright/graph";

/** What is known of a layer at inputs of one shape. */
export interface LayerProfile {
  readonly name: string;
  readonly opType: string;
  /** Typical time, in milliseconds. */
  readonly ms: number;
  /** Average share of zeros in its output, from 0 to 1; `null` where nobody counted. */
  readonly zeros: number | null;
}

/** The layers of a model at inputs of one shape. */
export interface ShapeProfile {
  /** Shape of each input, by name. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** Runs that the figures come from. */
  readonly runs: number;
  readonly layers: readonly LayerProfile[];
}

/**
 * Layer times and activation sparsity of a model on this machine, for every combination of input shapes that was
 * run: what a scheduler predicts from. Plain data, to be saved as JSON.
 */
export interface ModelProfile {
  readonly shapes: readonly ShapeProfile[];
}

/** Input shapes as a key of a map. */
export function keyOfShapes(shapes: ShapeProfile["shapes"]): string {
  let key = "";
  for (const name of Object.keys(shapes).sort()) key += `${name}[${shapes[name]!.join()}];`;
  return key;
}

/** Shape of each input. */
export function shapesOf(feeds: Feeds): Record<string, readonly number[]> {
  return Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, tensor.shape]));
}

/** Sum of the typical times of all layers, in milliseconds. */
export function isolatedMs(profile: ShapeProfile): number {
  return profile.layers.reduce((sum, { ms }) => sum + ms, 0);
}

/**
 * Checks a profile that comes from outside.
 *
 * @throws ValidationError that names the place, when it is none.
 */
export function checkModelProfile(profile: ModelProfile, where: string): void {
  const fail = (place: string, expected: string): never => {
    throw new ValidationError(`createExecutor: ${place} must be ${expected}`, { where: place });
  };
  if (!Array.isArray(profile?.shapes)) fail(`${where}.shapes`, "an array");
  for (const [i, shape] of profile.shapes.entries()) {
    const place = `${where}.shapes[${i}]`;
    if (typeof shape?.shapes !== "object" || shape.shapes === null)
      fail(`${place}.shapes`, "an object");
    if (!Array.isArray(shape.layers)) fail(`${place}.layers`, "an array");
    if (!(shape.runs >= 0)) fail(`${place}.runs`, "a number from 0");
    for (const [j, { ms, zeros }] of shape.layers.entries()) {
      if (!(ms >= 0 && Number.isFinite(ms))) fail(`${place}.layers[${j}].ms`, "a time from 0");
      if (zeros !== null && !(zeros >= 0 && zeros <= 1)) {
        fail(`${place}.layers[${j}].zeros`, "a share from 0 to 1, or null");
      }
    }
  }
}
