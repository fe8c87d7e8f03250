import type { DType, Tensor } from "@edgewright/core";

/** One axis of a shape: a size, a symbol such as `"batch"`, or `null` when nothing is known. */
export type Dim = number | string | null;

/** Name, element type and shape of a value; `null` where the model does not say. */
export interface ValueInfo {
  readonly name: string;
  readonly dtype: DType | null;
  /** `null`: not even the rank is known. */
  readonly shape: readonly Dim[] | null;
}

/** Attribute values of a node. Integers outside the safe range stay `bigint`. */
export type Attribute =
  | { readonly type: "float"; readonly value: number }
  | { readonly type: "int"; readonly value: number | bigint }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "tensor"; readonly value: Tensor }
  | { readonly type: "graph"; readonly value: Graph }
  | { readonly type: "floats"; readonly value: readonly number[] }
  | { readonly type: "ints"; readonly value: readonly (number | bigint)[] }
  | { readonly type: "strings"; readonly value: readonly string[] };

/** One operation. */
export interface Node {
  /** Unique within the model; made from operator and position where the file gives none. */
  readonly name: string;
  readonly opType: string;
  /** `""` is the standard ONNX operator set. */
  readonly domain: string;
  /** Names of values; `""` stands for an optional input that is absent. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

/** Nodes in topological order between named values. */
export interface Graph {
  readonly name: string;
  /** Inputs that a caller feeds; initialisers are not among them. */
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly initializers: ReadonlyMap<string, Tensor>;
  readonly nodes: readonly Node[];
  /** What the file says of inner values. */
  readonly valueInfo: ReadonlyMap<string, ValueInfo>;
}

/** A neural network as data, with ONNX semantics. */
export interface Model {
  readonly graph: Graph;
  /** Operator-set version by domain; `""` is the standard one. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly irVersion: number;
  readonly producer: string;
  readonly metadata: ReadonlyMap<string, string>;
}
