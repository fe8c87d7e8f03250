import type { DType, Tensor } from "@edgewright/core";
import type { Kernels, Plan } from "@edgewright/kernels";
import type { Node } from "../model/model.js";
import type { Layout } from "../planning/layout.js";

/** A value as a lowering rule sees it. */
export interface LoweredValue {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** The value itself, where it is known. */
  readonly constant: Tensor | undefined;
  /** Layouts that its memory has, or gets at no cost. */
  has(layout: Layout): boolean;
}

/** Memory that outlives a run: packed weights, uploaded constants. */
export interface Kept {
  readonly ptr: number;
  readonly bytes: number;
  dispose(): void;
}

/** A node to be lowered, its values, and what the rule may use. */
export interface LoweringRequest {
  readonly node: Node;
  readonly opset: number;
  readonly inputs: readonly (LoweredValue | undefined)[];
  readonly outputs: readonly LoweredValue[];
  readonly kernels: Kernels;
  /** Memory made from a constant once, under a key; shared by all who ask for the same. */
  keep<T extends Kept>(constant: Tensor, key: string, make: () => T): T;
  /** Address of a constant's elements as they are. */
  upload(constant: Tensor): number;
}

/** Byte addresses by the position of inputs and outputs; 0 for what is not in memory. */
interface Addresses {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly workspace: number;
}

/** How a node is computed by kernels. */
export interface Lowering {
  /** The layout in which each input is read; `null`: the rule takes care of that input itself. */
  readonly inputs: readonly (Layout | null)[];
  /** The layout in which each output is written. */
  readonly outputs: readonly Layout[];
  /** The only output lies in the memory of an input, so many bytes from its begin: nothing to run. */
  readonly alias?: { readonly input: number; readonly offset: number };
  /** Inputs whose memory the first output may take over. @default none */
  readonly inPlace?: readonly number[];
  /** Workspace that need not survive the step. @default 0 */
  readonly workspaceBytes?: number;
  /** Multiply-accumulates. @default 0 */
  readonly macs?: number;
  /** Makes what runs, once addresses are known. */
  plan(at: Addresses): Plan | readonly Plan[];
}

/** Lowers a node, or says by `null` that no kernel computes it. */
export type LoweringRule = (request: LoweringRequest) => Lowering | null;

/** Whether all values that are there hold 32-bit floats. */
export function allFloat32(values: readonly (LoweredValue | undefined)[]): boolean {
  return values.every((value) => value === undefined || value.dtype === "f32");
}

/** The values of a float32 constant. */
export function floatsOf(constant: Tensor): Float32Array {
  return constant.data as Float32Array;
}

/** Row-major distances between neighbours along each axis, in elements. */
export function denseStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis]!;
  }
  return strides;
}
