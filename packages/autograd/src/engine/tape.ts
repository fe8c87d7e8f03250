import { EdgewrightError } from "@edgewright/core";
import type { Operation } from "./operation.js";
import { Parameter } from "./parameter.js";
import { elementsOf, requireShape, type ValueType } from "./value.js";

/** A value in the making: its shape is known, its numbers come when a program runs. */
export interface Variable {
  readonly tape: Tape;
  readonly id: number;
  readonly shape: readonly number[];
  readonly type: ValueType;
}

/** What operations take: a variable, or a parameter that is put on the tape at its first use. */
export type Operand = Variable | Parameter;

/** One entry of a tape; its index is the id of the variable that it makes. */
export type TapeNode =
  | { readonly kind: "input"; readonly name: string; readonly variable: Variable }
  | { readonly kind: "parameter"; readonly parameter: Parameter; readonly variable: Variable }
  | {
      readonly kind: "constant";
      readonly data: Float32Array | Int32Array;
      readonly variable: Variable;
    }
  | OperationNode;

/** An operation with what it was called with. */
export interface OperationNode {
  readonly kind: "operation";
  /** Unique on the tape: "conv2d", "conv2d 2", or what {@link Tape.scope} put before it. */
  readonly name: string;
  readonly operation: Operation;
  readonly options: unknown;
  readonly inputs: readonly Variable[];
  readonly variable: Variable;
}

/**
 * A record of operations over shapes: no number is computed while it is written.
 *
 * From a tape follow the memory that training would take ({@link predictMemory}) and a program that
 * does it ({@link createProgram}).
 */
export class Tape {
  readonly #nodes: TapeNode[] = [];
  readonly #parameters = new Map<Parameter, Variable>();
  readonly #names = new Map<string, number>();
  #scope: readonly string[] = [];

  /** What was recorded, in order. */
  get nodes(): readonly TapeNode[] {
    return this.#nodes;
  }

  /** The parameters used so far, in the order of their first use. */
  get parameters(): readonly Parameter[] {
    return [...this.#parameters.keys()];
  }

  /**
   * A tensor that every run is fed.
   *
   * @throws EdgewrightError `invalid-argument` when the name is taken, and ShapeError for a shape with a
   * size below 1.
   */
  input(name: string, shape: readonly number[], type: "f32" | "i32" = "f32"): Variable {
    requireShape(`input ${name}`, shape);
    if (this.#nodes.some((node) => node.kind === "input" && node.name === name)) {
      throw new EdgewrightError(
        "invalid-argument",
        `input ${name}: the tape has an input of this name`,
      );
    }
    return this.#append(shape, type, (variable) => ({ kind: "input", name, variable }));
  }

  /** A tensor that never changes. */
  constant(
    data: ArrayLike<number>,
    shape: readonly number[],
    type: "f32" | "i32" = "f32",
  ): Variable {
    requireShape("constant", shape);
    if (data.length !== elementsOf(shape)) {
      throw new EdgewrightError(
        "shape-mismatch",
        `constant: expected ${elementsOf(shape)} values for [${shape}], got ${data.length}`,
      );
    }
    const copy = type === "f32" ? Float32Array.from(data) : Int32Array.from(data);
    return this.#append(shape, type, (variable) => ({ kind: "constant", data: copy, variable }));
  }

  /** The variable that stands for a parameter on this tape. */
  parameter(parameter: Parameter): Variable {
    const known = this.#parameters.get(parameter);
    if (known !== undefined) return known;
    const variable = this.#append(parameter.shape, "f32", (made) => ({
      kind: "parameter",
      parameter,
      variable: made,
    }));
    this.#parameters.set(parameter, variable);
    return variable;
  }

  /** Runs `build` with `name/` before the names of what it records. */
  scope<Result>(name: string, build: () => Result): Result {
    const outer = this.#scope;
    this.#scope = [...outer, name];
    try {
      return build();
    } finally {
      this.#scope = outer;
    }
  }

  /**
   * Records an operation; the functions of this package do it for you.
   *
   * @throws ShapeError from the operation when the shapes do not fit, and EdgewrightError
   * `invalid-argument` for variables of another tape and for integers where numbers are wanted.
   */
  record<Options>(
    operation: Operation<Options>,
    operands: readonly Operand[],
    options: Options,
  ): Variable {
    const inputs = operands.map((operand) => {
      if (operand instanceof Parameter) return this.parameter(operand);
      if (operand.tape === this) return operand;
      throw new EdgewrightError(
        "invalid-argument",
        `${operation.name}: an operand was recorded on another tape; record the whole network on one`,
      );
    });
    const wrong = operation.mixedTypes ? -1 : inputs.findIndex(({ type }) => type !== "f32");
    if (wrong >= 0) throw wrongType(operation.name, inputs, wrong);
    const shape = operation.outputShape(
      inputs.map((input) => input.shape),
      options,
    );
    const name = this.#uniqueName([...this.#scope, operation.name].join("/"));
    return this.#append(shape, operation.outputType ?? "f32", (variable) => ({
      kind: "operation",
      name,
      operation: operation as unknown as Operation,
      options,
      inputs,
      variable,
    }));
  }

  #append(
    shape: readonly number[],
    type: ValueType,
    node: (variable: Variable) => TapeNode,
  ): Variable {
    const variable: Variable = { tape: this, id: this.#nodes.length, shape: [...shape], type };
    this.#nodes.push(node(variable));
    return variable;
  }

  #uniqueName(name: string): string {
    const count = (this.#names.get(name) ?? 0) + 1;
    this.#names.set(name, count);
    return count === 1 ? name : `${name} ${count}`;
  }
}

/**
 * An empty tape.
 *
 * @example
 * ```ts
 * const tape = createTape();
 * const x = tape.input("x", [32, 4]);
 * const w = createParameter({ name: "w", shape: [4, 1], data: [0, 0, 0, 0] });
 * const y = matmul(x, w); // a Variable of shape [32, 1]
 * ```
 */
export function createTape(): Tape {
  return new Tape();
}

/**
 * The tape that some operands are on.
 *
 * @throws EdgewrightError `invalid-argument` when all of them are parameters.
 */
export function tapeOf(operation: string, operands: readonly Operand[]): Tape {
  for (const operand of operands) if (!(operand instanceof Parameter)) return operand.tape;
  throw new EdgewrightError(
    "invalid-argument",
    `${operation}: expected a variable among the operands, got parameters only; use tape.parameter(...)`,
  );
}

/** Records an operation on the tape of its operands. */
export function record<Options>(
  operation: Operation<Options>,
  operands: readonly Operand[],
  options: Options,
): Variable {
  return tapeOf(operation.name, operands).record(operation, operands, options);
}

function wrongType(name: string, inputs: readonly Variable[], wrong: number): EdgewrightError {
  const given = inputs.map(({ type, shape }) => `${type} [${shape}]`).join(", ");
  return new EdgewrightError(
    "invalid-argument",
    `${name}: expected operands of type f32, got ${given}; operand ${wrong} holds integers`,
  );
}
