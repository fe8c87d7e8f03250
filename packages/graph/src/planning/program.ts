import type { DType, Tensor } from "@edgewright/core";
import type { Allocation, Plan } from "@edgewright/kernels";
import type { Node } from "../model/model.js";
import type { Layout } from "./layout.js";

/** A value with its place in memory. */
export interface PlacedValue {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly layout: Layout;
  /** Byte address. */
  readonly address: number;
}

/** What computes a step. */
type StepAction =
  | { readonly kind: "kernel"; readonly plans: readonly Plan[] }
  | {
      readonly kind: "host";
      readonly node: Node;
      /** Layout changes to run first. */
      readonly plans: readonly Plan[];
      readonly inputs: readonly (PlacedValue | Tensor | null)[];
      /** Values that the node's subgraphs read. */
      readonly captured: ReadonlyMap<string, PlacedValue | Tensor>;
    };

/** One layer of a program. */
export interface ProgramStep {
  readonly name: string;
  readonly opType: string;
  readonly macs: number;
  readonly action: StepAction;
  readonly outputs: readonly PlacedValue[];
}

/** A graph planned for inputs of given shapes: what to run, in order, at fixed addresses. */
export interface Program {
  /** Where inputs are to be written. */
  readonly inputs: ReadonlyMap<string, PlacedValue>;
  readonly steps: readonly ProgramStep[];
  /** Layout changes of outputs, after the last step. */
  readonly epilogue: readonly Plan[];
  /** Values wanted at the end: graph outputs, or what the rest needs. */
  readonly results: ReadonlyMap<string, PlacedValue | Tensor>;
  /** Bytes of activations alive at the same time, at most. */
  readonly activationBytes: number;
  readonly workspaceBytes: number;
  /** Bytes of activations if none shared memory with another. */
  readonly unsharedBytes: number;
  readonly owned: readonly Pick<Allocation, "dispose">[];
}
