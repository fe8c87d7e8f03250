import { type Activation, type ActivationKind, activationWords } from "../activation/activation.js";
import { checkCounts } from "../runtime/check-counts.js";
import { createPlan, type Plan } from "../runtime/job.js";
import type { Kernels } from "../runtime/load.js";

/** An elementwise function for {@link planUnary}. */
export interface UnarySpec {
  /** The function, by name or with parameters. */
  readonly op: ActivationKind | Activation;
  /** Address of the operand. */
  readonly x: number;
  /** Address of the result; may be the operand's. */
  readonly y: number;
  /** Floats. */
  readonly count: number;
}

const CHUNK = 1024; // as in assembly/elementwise.ts

/**
 * Plans y[i] = f(x[i]) for one of the {@link ActivationKind} functions.
 *
 * @throws EdgewrightError `invalid-argument` for an unknown function or a count below 0.
 *
 * @example
 * ```ts
 * const kernels = await loadKernels();
 * const x = kernels.arena.upload(new Float32Array([-1, 0, 1]));
 * const plan = planUnary(kernels, { op: "tanh", x: x.ptr, y: x.ptr, count: 3 });
 * kernels.run(plan);
 * console.log(kernels.arena.f32(x.ptr, 3)); // -0.7616, 0, 0.7616
 * ```
 */
export function planUnary(kernels: Kernels, spec: UnarySpec): Plan {
  checkCounts("planUnary", { count: spec.count }, 0);
  const activation = typeof spec.op === "string" ? { kind: spec.op } : spec.op;
  const words = activationWords(activation);
  return createPlan(kernels.arena, [
    {
      kernel: "unary_f32",
      params: [spec.x, spec.y, spec.count, ...words],
      units: Math.ceil(spec.count / CHUNK),
      grain: words[0] > HARD_SWISH ? 8 : 64,
    },
  ]);
}

const HARD_SWISH = 5; // the last of the kinds that cost next to nothing
