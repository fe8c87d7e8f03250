import type { Allocation, Kernels, Plan } from "@edgewright/kernels";
import {
  type ProductSpec,
  planAdam,
  planProduct,
  productWorkspaceBytes,
} from "@edgewright/kernels/training";
import type { Parameter } from "../engine/parameter.js";
import type { AdamOptions } from "./adam.js";
import {
  type OptimizedParameter,
  type OptimizerOptions,
  type OptimizerSpec,
  parameterSettings,
  type UpdatePlan,
} from "./optimizer-spec.js";

/** Options of {@link muon}. */
export interface MuonOptions extends OptimizerOptions {
  /** Of the matrices. @default 0.02 */
  readonly learningRate?: number;
  /** Share of the running gradient that stays. @default 0.95 */
  readonly momentum?: number;
  /** Steps of the iteration that makes an update orthogonal. @default 5 */
  readonly iterations?: number;
  /** Taken off a matrix at every step, times the learning rate. @default 0 */
  readonly weightDecay?: number;
  /**
   * The parameters that are updated by Muon; the others by AdamW. It is meant for the matrices inside a network, not
   * for embeddings and last layers. @default those with two axes
   */
  readonly matrices?: (parameter: Parameter) => boolean;
  /** For the other parameters; its learning rate follows schedules in proportion. @default those of adamW */
  readonly adam?: Omit<AdamOptions, keyof OptimizerOptions>;
}

/** Coefficients of the quintic iteration, which pushes all singular values towards 1 (Jordan 2024). */
const [A, B, C] = [3.4445, -4.775, 2.0315];

interface MatrixShape {
  readonly rows: number;
  readonly cols: number;
}

/**
 * Muon (Jordan et al. 2024, "Muon: an optimizer for hidden layers"): matrices move by their running gradient
 * with all its singular values brought near 1 by a Newton-Schulz iteration, times sqrt(max(1, rows / cols)), as its
 * authors compute it, with Nesterov's momentum. Other parameters move by AdamW. Keeps two floats for each one trained.
 *
 * It pays where matrices meet many tokens: in one trial on the zoo's language model 100 steps led further than 300 of
 * AdamW. A step costs three products of the size of each matrix for every iteration, whatever the batch.
 *
 * @example
 * ```ts
 * const optimizer = muon({
 *   learningRate: 0.02,
 *   matrices: ({ name, shape }) => shape.length === 2 && name.startsWith("layers."),
 *   adam: { learningRate: 0.003 },
 * });
 * ```
 */
export function muon(options: MuonOptions = {}): OptimizerSpec {
  const { learningRate = 0.02, momentum = 0.95, iterations = 5, weightDecay = 0 } = options;
  const { matrices = ({ shape }) => shape.length === 2, adam = {} } = options;
  const { learningRate: adamRate = 0.001, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = adam;
  return {
    name: "muon",
    learningRate,
    states: ["mean", "square"],
    settingsOf(parameter) {
      const isMatrix = matrices(parameter) && parameter.shape.length === 2;
      const decay = isMatrix ? weightDecay : (adam.weightDecay ?? 0.01);
      const settings = parameterSettings(options, decay, parameter);
      if (!isMatrix) return settings;
      const [rows, cols] = parameter.shape as [number, number];
      // Rides along with the settings into `plan`, which is given addresses alone.
      const matrix: MatrixShape = { rows, cols };
      return Object.assign(settings, { matrix });
    },
    plan(kernels, parameters, clipValue): UpdatePlan {
      const isMatrix = (one: OptimizedParameter): one is MatrixParameter =>
        "matrix" in one && one.columns === undefined;
      const ofAdam = planAdam(kernels, {
        parameters: parameters
          .filter((one) => !isMatrix(one))
          .map((one) => ({ ...one, mean: one.states[0]!, square: one.states[1]! })),
        ...{ learningRate: adamRate, betas: [beta1, beta2], epsilon, decoupled: true },
        ...(clipValue !== undefined && { clipValue }),
      });
      const ofMatrices = parameters.filter(isMatrix);
      const update = new MatrixUpdate(kernels, ofMatrices, { momentum, iterations });
      const dispose = (): void => {
        ofAdam.dispose();
        update.dispose();
      };
      let next = { learningRate, gradientScale: 1 };
      return {
        ...ofAdam,
        set(settings) {
          next = settings;
          const { learningRate: rate } = settings;
          ofAdam.set({ ...settings, learningRate: (rate / learningRate) * adamRate });
        },
        run() {
          kernels.run(ofAdam);
          update.run(next.learningRate, next.gradientScale, clipValue);
        },
        dispose,
        [Symbol.dispose]: dispose,
      };
    },
  };
}

interface MatrixParameter extends OptimizedParameter {
  readonly matrix: MatrixShape;
}

interface PlannedMatrix {
  readonly parameter: MatrixParameter;
  /** One step of the iteration without its sums: S = X Xᵀ (or Xᵀ X), S S, then (b S + c S S) X. */
  readonly square: Plan;
  readonly fourth: Plan;
  readonly product: Plan;
  readonly side: number;
}

/** Muon's update of all matrices: products by kernels, sums on the host. */
class MatrixUpdate {
  readonly #kernels: Kernels;
  readonly #settings: { readonly momentum: number; readonly iterations: number };
  readonly #matrices: PlannedMatrix[] = [];
  readonly #memory: Allocation;
  readonly #x: number;
  readonly #s: number;
  readonly #ss: number;
  readonly #y: number;

  constructor(
    kernels: Kernels,
    parameters: readonly MatrixParameter[],
    settings: { readonly momentum: number; readonly iterations: number },
  ) {
    this.#kernels = kernels;
    this.#settings = settings;
    const largest = Math.max(1, ...parameters.map(({ count }) => count));
    const side = Math.max(
      1,
      ...parameters.map(({ matrix: { rows, cols } }) => Math.min(rows, cols)),
    );
    const specs = parameters.map(({ matrix }) => productsOf(matrix));
    const workspaceBytes = Math.max(4, ...specs.flat().map(productWorkspaceBytes));
    const floats = 2 * largest + 2 * side * side;
    this.#memory = kernels.arena.allocate(4 * floats + workspaceBytes);
    this.#x = this.#memory.ptr;
    this.#y = this.#x + 4 * largest;
    this.#s = this.#y + 4 * largest;
    this.#ss = this.#s + 4 * side * side;
    const workspace = this.#ss + 4 * side * side;
    parameters.forEach((parameter, i) => {
      const { rows, cols } = parameter.matrix;
      const [square, fourth, product] = specs[i]!;
      const wide = rows <= cols;
      const [x, y, s, ss] = [this.#x, this.#y, this.#s, this.#ss];
      this.#matrices.push({
        parameter,
        side: Math.min(rows, cols),
        square: planProduct(kernels, { ...square!, a: x, b: x, c: s, workspace }),
        fourth: planProduct(kernels, { ...fourth!, a: s, b: s, c: ss, workspace }),
        product: planProduct(kernels, {
          ...{ ...product!, a: wide ? s : x, b: wide ? x : s, c: y, workspace },
        }),
      });
    });
  }

  run(learningRate: number, gradientScale: number, clipValue = Number.POSITIVE_INFINITY): void {
    const { arena } = this.#kernels;
    const { momentum, iterations } = this.#settings;
    for (const { parameter, square, fourth, product, side } of this.#matrices) {
      const { count, matrix } = parameter;
      const gradient = arena.f32(parameter.gradient, count);
      const mean = arena.f32(parameter.states[0]!, count);
      const x = arena.f32(this.#x, count);
      let sum = 0;
      for (let i = 0; i < count; i++) {
        const g = Math.min(clipValue, Math.max(-clipValue, gradient[i]! * gradientScale));
        const m = momentum * mean[i]! + g;
        mean[i] = m;
        const u = g + momentum * m;
        x[i] = u;
        sum += u * u;
      }
      const norm = 1 / (Math.sqrt(sum) + 1e-7);
      for (let i = 0; i < count; i++) x[i] = x[i]! * norm;
      const s = arena.f32(this.#s, side * side);
      const ss = arena.f32(this.#ss, side * side);
      const y = arena.f32(this.#y, count);
      for (let step = 0; step < iterations; step++) {
        this.#kernels.run(square);
        this.#kernels.run(fourth);
        for (let i = 0; i < s.length; i++) s[i] = B * s[i]! + C * ss[i]!;
        this.#kernels.run(product);
        for (let i = 0; i < count; i++) x[i] = A * x[i]! + y[i]!;
      }
      const { learningRateFactor = 1, weightDecay = 0 } = parameter;
      const rate = learningRate * learningRateFactor;
      const scale = rate * Math.sqrt(Math.max(1, matrix.rows / matrix.cols));
      const keep = 1 - rate * weightDecay;
      const weight = arena.f32(parameter.parameter, count);
      for (let i = 0; i < count; i++) weight[i] = keep * weight[i]! - scale * x[i]!;
    }
  }

  dispose(): void {
    for (const { square, fourth, product } of this.#matrices) {
      for (const plan of [square, fourth, product]) plan.dispose();
    }
    this.#memory.dispose();
  }
}

type ProductSizes = Pick<ProductSpec, "m" | "n" | "k" | "transposeA" | "transposeB">;

/** The three products of a step of the iteration, on the shorter side of the matrix. */
function productsOf({ rows, cols }: MatrixShape): ProductSizes[] {
  const side = Math.min(rows, cols);
  const fourth = { m: side, n: side, k: side };
  return rows <= cols
    ? [{ m: side, n: side, k: cols, transposeB: true }, fourth, { m: side, n: cols, k: side }]
    : [{ m: side, n: side, k: rows, transposeA: true }, fourth, { m: rows, n: side, k: side }];
}
