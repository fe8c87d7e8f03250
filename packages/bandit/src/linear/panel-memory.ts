import { EdgewrightError } from "@edgewright/core";
import { createScalarKernels, type PanelKernels, paddedLength } from "./panel-kernels.js";
import { PANEL_MODULE } from "./panel-module.js";

/** Fewer features are as fast without WebAssembly, whose memory takes 64 kB at least. */
const FEWEST_FOR_SIMD = 8;
const PAGE = 8192; // doubles of 64 kB

/** How matrices and vectors are kept and worked on: with WebAssembly's SIMD or without, with the same results. */
export type SimdChoice = "where-it-pays" | "never" | "always";

/** Memory for matrices and vectors of one dimension, and the functions that work on it. */
export class PanelMemory {
  readonly dimension: number;
  readonly kernels: PanelKernels;
  /** Whether WebAssembly works on it. */
  readonly simd: boolean;
  /** All of the memory; another array after {@link PanelMemory.allocate}. */
  values: Float64Array;
  /** A vector that is at hand for whoever calls. */
  readonly input: number;
  /** A second one. */
  readonly output: number;
  readonly #memory: WebAssembly.Memory | undefined;
  readonly #free = new Map<number, number[]>();
  #used = 0;
  #rounded: number | undefined;

  constructor(dimension: number, simd: SimdChoice = "where-it-pays") {
    this.dimension = dimension;
    const wanted = simd === "always" || (simd === "where-it-pays" && dimension >= FEWEST_FOR_SIMD);
    const started = wanted ? startModule(paddedLength(dimension)) : undefined;
    this.simd = started !== undefined;
    this.#memory = started?.memory;
    this.values = started ? new Float64Array(started.memory.buffer) : new Float64Array(0);
    this.kernels = started?.kernels ?? createScalarKernels(() => this.values, dimension);
    this.input = this.allocate(paddedLength(dimension));
    this.output = this.allocate(paddedLength(dimension));
  }

  /** Room for so many zeros; gives where it begins. */
  allocate(length: number): number {
    const free = this.#free.get(length)?.pop();
    if (free !== undefined) {
      this.values.fill(0, free, free + length);
      return free;
    }
    const start = this.#used;
    if (start + length > this.values.length) {
      try {
        this.#grow(start + length);
      } catch (cause) {
        throw new EdgewrightError(
          "limit-exceeded",
          `no memory for ${start + length} numbers; use fewer arms or features`,
          { cause },
        );
      }
    }
    this.#used += length;
    return start;
  }

  /** Gives room back for another of the same length. */
  release(start: number, length: number): void {
    const free = this.#free.get(length);
    if (free) free.push(start);
    else this.#free.set(length, [start]);
  }

  /** Copies a vector to {@link PanelMemory.input}. */
  load(x: Float64Array): void {
    this.values.set(x, this.input);
  }

  /** Rounds {@link PanelMemory.input} to float32 and gives where that lies. */
  roundInput(): number {
    const length = paddedLength(this.dimension);
    this.#rounded ??= this.allocate(length / 2);
    this.kernels.float32?.round(this.input, this.#rounded, length);
    return this.#rounded;
  }

  /** Sum of the sizes of the elements of {@link PanelMemory.input}. */
  sizeOfInput(): number {
    let size = 0;
    for (let i = 0; i < this.dimension; i++) size += Math.abs(this.values[this.input + i]!);
    return size;
  }

  // By half, so that arms that come one by one do not copy everything every time.
  #grow(needed: number): void {
    const present = this.values.length;
    const wanted = Math.max(needed, Math.ceil(1.5 * present));
    if (this.#memory) {
      this.#memory.grow(Math.ceil((wanted - present) / PAGE));
      this.values = new Float64Array(this.#memory.buffer);
    } else {
      const values = new Float64Array(present === 0 ? needed : wanted);
      values.set(this.values);
      this.values = values;
    }
  }
}

interface PanelExports {
  form(matrix: number, x: number, d: number): number;
  multiply(matrix: number, x: number, out: number, d: number): void;
  add_outer(matrix: number, factor: number, x: number, d: number): void;
  dot(a: number, b: number, d: number): number;
  form_float32(matrix: number, x: number, d: number): number;
  round_float32(from: number, to: number, count: number): void;
}

// Null once something was refused: every further attempt would be one more report of a page's policy or, where a
// page has its hundred memories, one more search of the whole heap for some to collect.
let compiled: WebAssembly.Module | null | undefined;

// WebAssembly may be missing, lack SIMD, be forbidden by the page's policy, or have no address space left.
function startModule(d: number): { memory: WebAssembly.Memory; kernels: PanelKernels } | undefined {
  if (compiled === null) return undefined;
  try {
    compiled ??= new WebAssembly.Module(
      Uint8Array.from(atob(PANEL_MODULE), (character) => character.charCodeAt(0)),
    );
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
    const panels = exports as unknown as PanelExports;
    return {
      memory,
      kernels: {
        form: (matrix, x) => panels.form(8 * matrix, 8 * x, d),
        multiply: (matrix, x, out) => panels.multiply(8 * matrix, 8 * x, 8 * out, d),
        addOuter: (matrix, factor, x) => panels.add_outer(8 * matrix, factor, 8 * x, d),
        dot: (a, b) => panels.dot(8 * a, 8 * b, d),
        float32: {
          form: (matrix, x) => panels.form_float32(8 * matrix, 8 * x, d),
          round: (from, to, count) => panels.round_float32(8 * from, 8 * to, count),
        },
      },
    };
  } catch {
    compiled = null;
    return undefined;
  }
}
