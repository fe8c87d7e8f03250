import type { Kernels, Plan } from "@edgewright/kernels";
import type { Value, ValueType } from "./value.js";

/** Work on the host in the place of a kernel plan: what a custom operation in JavaScript runs. */
export interface HostPlan {
  /** Computes the step once more. */
  run(): void;
  /** Lets go of what the step holds. */
  dispose(): void;
}

/** One step of a program: what it reads and writes, and how it is planned on loaded kernels. */
export interface StepSpec {
  /** Shown in accounts and profiles: "weight gradient". */
  readonly name: string;
  readonly reads: readonly Value[];
  readonly writes: readonly Value[];
  /**
   * The written value may lie where the read one lay, if nothing needs that afterwards. Both must have the
   * same number of bytes.
   */
  readonly inPlace?: { readonly read: Value; readonly write: Value };
  /** Scratch memory during this step. @default 0 */
  readonly workspaceBytes?: number;
  /** Called once, when the program gets its memory; `at` gives byte addresses. */
  plan(kernels: Kernels, at: (value: Value) => number, workspace: number): Plan | HostPlan;
}

/** What an operation builds its part of a program with. */
export interface ProgramBuilder {
  /** A new value that some step will write. */
  value(shape: readonly number[], options?: { type?: ValueType; label?: string }): Value;
  /** The same memory under another shape of as many elements. */
  view(value: Value, shape: readonly number[]): Value;
  /** A table that never changes, uploaded once. */
  constant(data: Float32Array | Int32Array, shape: readonly number[], label?: string): Value;
  /** Appends a step. */
  step(spec: StepSpec): void;
}

/** What `forward` of an {@link Operation} is given. */
export interface ForwardCall<Options> {
  readonly inputs: readonly Value[];
  readonly options: Options;
  readonly outputShape: readonly number[];
  /** Which inputs will be asked for their gradients: all false outside training, and then nothing need be saved. */
  readonly needs: readonly boolean[];
}

/** What `forward` of an {@link Operation} returns. */
export interface ForwardResult<Saved> {
  readonly output: Value;
  /** Handed to `backward`: masks, statistics. Only what `backward` reads is kept in memory. */
  readonly saved?: Saved;
}

/** What `backward` of an {@link Operation} is given. */
export interface BackwardCall<Options, Saved> {
  readonly inputs: readonly Value[];
  readonly output: Value;
  readonly saved: Saved;
  /** The gradient of the output, of its shape. Never write to it but by `inPlace`. */
  readonly gradient: Value;
  readonly options: Options;
  readonly needs: readonly boolean[];
  /**
   * For each input, the entries of its last axis that are trained, when not all are: then an operation with
   * `partial` returns that gradient compactly, [..., channels.length].
   */
  readonly channels: readonly (readonly number[] | undefined)[];
}

/**
 * A differentiable operation with one output: its shapes, and the steps of its forward and backward pass.
 *
 * What an operation keeps for its backward pass is not declared: it is what the steps of `backward` read,
 * so the memory account cannot disagree with the program. An operation without `backward` stops gradients.
 */
export interface Operation<Options = unknown, Saved = unknown> {
  /** Shown in accounts and errors: "conv2d". */
  readonly name: string;
  /** @default "f32" */
  readonly outputType?: ValueType;
  /** Whether inputs may be of other types than f32; the function that records it checks them then. @default false */
  readonly mixedTypes?: boolean;
  /** Whether `backward` honours `channels`; otherwise the engine picks the columns from the full gradient. */
  readonly partial?: boolean;
  /** @throws ShapeError naming the operation and the shapes that do not fit. */
  outputShape(inputs: readonly (readonly number[])[], options: Options): readonly number[];
  /** Appends the steps of the forward pass. */
  forward(build: ProgramBuilder, call: ForwardCall<Options>): ForwardResult<Saved>;
  /** A gradient for each input that needs one; it may be `call.gradient` itself or a view of it. */
  backward?(
    build: ProgramBuilder,
    call: BackwardCall<Options, Saved>,
  ): readonly (Value | undefined)[];
}
