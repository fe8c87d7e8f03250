import type { Variable } from "../engine/tape.js";
import { reshape } from "../operations/reshape.js";
import { transpose } from "../operations/transpose.js";

/** How elements lie on the tape: the axes of ONNX's shape in memory order, and the shape there. */
export interface Storage {
  readonly order: readonly number[];
  readonly shape: readonly number[];
}

/**
 * A value of an ONNX graph on a tape: shapes and axes are ONNX's, the memory has its axes in an order of its
 * own. ONNX's images are [n, c, h, w], ours lie as [n, h, w, c]; a Transpose is another order of the same
 * memory. Elements move only where an operation asks for an order that they are not in.
 */
export class TracedTensor {
  readonly shape: readonly number[];
  readonly order: readonly number[];
  readonly #variable: Variable;
  readonly #moved = new Map<string, Variable>();

  /** @param variable the elements in this order of axes, under any shape */
  constructor(variable: Variable, shape: readonly number[], order: readonly number[]) {
    this.#variable = variable;
    this.shape = shape;
    this.order = order;
  }

  /** A value whose memory has the axes as ONNX has them. */
  static rowMajor(variable: Variable, shape: readonly number[] = variable.shape): TracedTensor {
    return new TracedTensor(variable, shape, rowMajorOrder(shape.length));
  }

  get rank(): number {
    return this.shape.length;
  }

  get type(): Variable["type"] {
    return this.#variable.type;
  }

  /** The variable with the axes in this order. */
  inOrder(order: readonly number[]): Variable {
    const known = this.#moved.get(`${order}`);
    if (known !== undefined) return known;
    const target = order.map((axis) => this.shape[axis]!);
    const moving = (axes: readonly number[]): string =>
      `${axes.filter((axis) => this.shape[axis] !== 1)}`;
    let moved: Variable;
    if (moving(order) === moving(this.order)) moved = withShape(this.#variable, target);
    else {
      const held = this.order.map((axis) => this.shape[axis]!);
      const permutation = order.map((axis) => this.order.indexOf(axis));
      moved = transpose(withShape(this.#variable, held), permutation);
    }
    this.#moved.set(`${order}`, moved);
    return moved;
  }

  /** The variable as it lies, its shape that of its axes in memory. */
  asItLies(): Variable {
    return this.inOrder(this.order);
  }

  /** The variable with the axes as ONNX has them. */
  rowMajor(): Variable {
    return this.inOrder(rowMajorOrder(this.rank));
  }

  /** The variable in a given storage; a parameter that was imported in it is that parameter itself. */
  stored(storage: Storage): Variable {
    const lies = `${storage.order}` === `${this.order}`;
    if (lies && `${storage.shape}` === `${this.#variable.shape}`) return this.#variable;
    return withShape(this.inOrder(storage.order), storage.shape);
  }

  /** The same memory with the axes renamed: axis i of the result is axis `permutation[i]` of this one. */
  transposed(permutation: readonly number[]): TracedTensor {
    return new TracedTensor(
      this.#variable,
      permutation.map((axis) => this.shape[axis]!),
      this.order.map((axis) => permutation.indexOf(axis)),
    );
  }

  /** The same memory without the axes of length 1 among `axes`. */
  without(axes: readonly number[]): TracedTensor {
    const left = rowMajorOrder(this.rank).filter((axis) => !axes.includes(axis));
    return new TracedTensor(
      this.#variable,
      left.map((axis) => this.shape[axis]!),
      this.order.filter((axis) => left.includes(axis)).map((axis) => left.indexOf(axis)),
    );
  }

  /** The same memory with axes of length 1 at these positions of the result. */
  withAxes(axes: readonly number[]): TracedTensor {
    const rank = this.rank + axes.length;
    const old = rowMajorOrder(rank).filter((axis) => !axes.includes(axis));
    const shape = new Array<number>(rank).fill(1);
    old.forEach((axis, i) => {
      shape[axis] = this.shape[i]!;
    });
    // New axes lie before what they precede, so that leading ones stay in front.
    const order = this.order.map((axis) => old[axis]!);
    for (const axis of [...axes].sort((a, b) => b - a)) {
      const next = order.findIndex((other) => other > axis);
      order.splice(next < 0 ? order.length : next, 0, axis);
    }
    return new TracedTensor(this.#variable, shape, order);
  }

  /** A value of the same shape and order, made from this one. */
  like(variable: Variable): TracedTensor {
    return new TracedTensor(variable, this.shape, this.order);
  }
}

/** The axes as they come. */
export function rowMajorOrder(rank: number): number[] {
  return Array.from({ length: rank }, (_, axis) => axis);
}

/** The axes of [n, c, ...spatial] as [n, ...spatial, c]. */
export function channelsLastOrder(rank: number): number[] {
  const axes = rowMajorOrder(rank);
  return rank < 3 ? axes : [0, ...axes.slice(2), 1];
}

/** The order that ends with `axis`, the other axes as they are in `order`. */
export function orderEndingWith(order: readonly number[], axis: number): number[] {
  return [...order.filter((other) => other !== axis), axis];
}

function withShape(variable: Variable, shape: readonly number[]): Variable {
  return `${variable.shape}` === `${shape}` ? variable : reshape(variable, shape);
}
