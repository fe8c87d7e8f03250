import { ShapeError } from "@edgewright/core";
import { planBinary } from "@edgewright/kernels";
import type { ProgramBuilder, StepSpec } from "./operation.js";
import type { Parameter } from "./parameter.js";
import type { OperationNode, TapeNode } from "./tape.js";
import { bytesOf, elementsOf, type Value, type ValueType } from "./value.js";

/** A step with its place in the network. */
export interface LoweredStep {
  readonly spec: StepSpec;
  readonly phase: "forward" | "backward";
  /** The operation that it belongs to; none for sums of gradients. */
  readonly node: OperationNode | undefined;
}

/** Where the memory of a value comes from. */
export type Storage =
  | { readonly kind: "pool" }
  | { readonly kind: "feed"; readonly name: string }
  | { readonly kind: "parameter"; readonly parameter: Parameter }
  | { readonly kind: "constant"; readonly data: Float32Array | Int32Array }
  | { readonly kind: "gradient"; readonly parameter: Parameter };

/** Collects the steps that operations build, and where their values' memory comes from. */
export class StepRecorder implements ProgramBuilder {
  readonly steps: LoweredStep[] = [];
  readonly owners: Value[] = [];
  readonly storage: Map<Value, Storage> = new Map();
  phase: "forward" | "backward" = "forward";
  node: OperationNode | undefined;
  #count = 0;

  value(
    shape: readonly number[],
    options: { type?: ValueType; label?: string } = {},
    storage: Storage = { kind: "pool" },
  ): Value {
    const { type = "f32", label = this.node?.name ?? "value" } = options;
    const value = {
      id: this.#count++,
      shape: [...shape],
      type,
      bytes: bytesOf(shape, type),
      label,
    };
    this.owners.push(value);
    this.storage.set(value, storage);
    return value;
  }

  view(value: Value, shape: readonly number[]): Value {
    if (elementsOf(shape) !== elementsOf(value.shape)) {
      throw new ShapeError(`view: [${value.shape}] cannot be seen as [${shape}]`);
    }
    return { ...value, id: this.#count++, shape: [...shape], viewOf: value };
  }

  reshaped(value: Value, shape: readonly number[]): Value {
    return `${value.shape}` === `${shape}` ? value : this.view(value, shape);
  }

  constant(data: Float32Array | Int32Array, shape: readonly number[], label = "constant"): Value {
    const type = data instanceof Float32Array ? "f32" : "i32";
    return this.value(shape, { type, label }, { kind: "constant", data });
  }

  step(spec: StepSpec): void {
    this.steps.push({ spec, phase: this.phase, node: this.node });
  }

  leaf(node: Exclude<TapeNode, OperationNode>): Value {
    const { shape, type } = node.variable;
    if (node.kind === "input") {
      return this.value(shape, { type, label: node.name }, { kind: "feed", name: node.name });
    }
    if (node.kind === "constant") return this.constant(node.data, shape);
    const { parameter } = node;
    return this.value(shape, { label: parameter.name }, { kind: "parameter", parameter });
  }

  /** a + b, where possible in the place of a. */
  sum(a: Value, b: Value): Value {
    const y = this.value(a.shape, { label: `sum of gradients, ${a.label}` });
    this.#add("sum of gradients", a, b, y, { read: a, write: y });
    return y;
  }

  /** Adds to what earlier runs left; the memory belongs to the program. */
  accumulate(parameter: Parameter, gradient: Value): Value {
    const kept = this.value(
      gradient.shape,
      { label: `gradient of ${parameter.name}` },
      { kind: "gradient", parameter },
    );
    this.#add("accumulate gradients", kept, gradient, kept);
    return kept;
  }

  #add(name: string, a: Value, b: Value, y: Value, inPlace?: StepSpec["inPlace"]): void {
    const shape = [elementsOf(y.shape)];
    this.step({
      name,
      reads: [a, b],
      writes: [y],
      ...(inPlace && { inPlace }),
      plan: (kernels, at) =>
        planBinary(kernels, {
          op: "add",
          a: at(a),
          aShape: shape,
          b: at(b),
          bShape: shape,
          y: at(y),
        }),
    });
  }
}
