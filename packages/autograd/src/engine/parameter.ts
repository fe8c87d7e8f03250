import { EdgewrightError, ShapeError } from "@edgewright/core";
import type { Allocation, Kernels } from "@edgewright/kernels";
import { elementsOf, requireShape } from "./value.js";

/** Options of {@link createParameter}. */
export interface ParameterOptions {
  /** Shown in errors, and the key in checkpoints: unlike those of the other parameters. */
  readonly name: string;
  /** Length of every axis; [] for a single number. */
  readonly shape: readonly number[];
  /** As many values as the shape has elements; copied. */
  readonly data: ArrayLike<number>;
  /** Whether training changes it unless told otherwise. @default true */
  readonly trainable?: boolean;
}

/**
 * Numbers that outlive a program: weights, and running statistics (`trainable: false`).
 *
 * They lie in the memory of one {@link Kernels} from their first use by a program there; every program on
 * these kernels shares them.
 */
export class Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly trainable: boolean;
  readonly bytes: number;
  #host: Float32Array;
  #home: { kernels: Kernels; memory: Allocation; users: number } | undefined;

  /** @see createParameter */
  constructor(options: ParameterOptions) {
    const { name, shape, data, trainable = true } = options;
    requireShape(`parameter ${name}`, shape);
    if (data.length !== elementsOf(shape)) {
      throw new ShapeError(
        `parameter ${name}: expected ${elementsOf(shape)} values for [${shape}], got ${data.length}`,
      );
    }
    this.name = name;
    this.shape = [...shape];
    this.trainable = trainable;
    this.#host = Float32Array.from(data);
    this.bytes = this.#host.byteLength;
  }

  /** A copy of the values as they are now. */
  read(): Float32Array {
    if (this.#home === undefined) return this.#host.slice();
    const { kernels, memory } = this.#home;
    return kernels.arena.f32(memory.ptr, this.#host.length).slice();
  }

  /**
   * Replaces the values.
   *
   * @throws ShapeError when the number of values differs.
   */
  write(data: ArrayLike<number>): void {
    if (data.length !== this.#host.length) {
      throw new ShapeError(
        `parameter ${this.name}: expected ${this.#host.length} values, got ${data.length}`,
      );
    }
    if (this.#home === undefined) this.#host.set(data);
    else this.#home.kernels.arena.f32(this.#home.memory.ptr, data.length).set(data);
  }

  /**
   * Address of the values on these kernels, uploading them at the first call. Each call needs its
   * {@link Parameter.release}.
   *
   * @throws EdgewrightError `invalid-argument` while programs on other kernels use the parameter.
   */
  acquire(kernels: Kernels): number {
    if (this.#home !== undefined && this.#home.kernels !== kernels) {
      throw new EdgewrightError(
        "invalid-argument",
        `parameter ${this.name}: in use by a program on other kernels; dispose of that program first`,
      );
    }
    this.#home ??= { kernels, memory: kernels.arena.upload(this.#host), users: 0 };
    this.#home.users++;
    return this.#home.memory.ptr;
  }

  /** Ends one use; the last one brings the values back to the host. */
  release(): void {
    if (this.#home === undefined || --this.#home.users > 0) return;
    this.#host = this.read();
    this.#home.memory.dispose();
    this.#home = undefined;
  }
}

/**
 * Makes a parameter.
 *
 * @throws ShapeError when the values do not fill the shape.
 *
 * @example
 * ```ts
 * const weight = createParameter({ name: "weight", shape: [2, 1], data: [0.5, -0.5] });
 * ```
 */
export function createParameter(options: ParameterOptions): Parameter {
  return new Parameter(options);
}
