import { describe, expect, it } from "vitest";
import {
  type AdamOptions,
  adam,
  adamW,
  cosineSchedule,
  createOptimizer,
  createParameter,
  createProgram,
  createTape,
  linear,
  meanSquaredError,
  type OptimizerSpec,
  type Schedule,
  type SgdOptions,
  sgd,
  stepSchedule,
  warmUp,
} from "../index.js";
import optimizers from "./optimizers.json";
import {
  casesOf,
  expectNear,
  type ReferenceOptions,
  type ReferenceTensor,
  useEveryKernels,
} from "./run-reference.test-support.js";

/** Ten steps of an optimiser, from which the parameters were kept after each; or a schedule's rates. */
interface OptimizerCase {
  readonly name: string;
  readonly operation: string;
  readonly options: ReferenceOptions & { readonly clipNorm?: number };
  readonly inputs: Readonly<Record<"x" | "target" | "weight" | "bias", ReferenceTensor>>;
  readonly losses: readonly number[];
  /** Of both gradients together, before they were clipped; empty where they were not. */
  readonly norms: readonly number[];
  /** [step, ...shape of the parameter]. */
  readonly after: Readonly<Record<"weight" | "bias", ReferenceTensor>>;
}

interface ScheduleCase {
  readonly name: string;
  readonly operation: string;
  readonly options: Readonly<Record<string, number>>;
  readonly rates: readonly number[];
}

const all = casesOf<OptimizerCase | ScheduleCase>(optimizers);
const trained = all.filter((one): one is OptimizerCase => "losses" in one);
const scheduled = all.filter((one): one is ScheduleCase => "rates" in one);

const makers: Readonly<Record<string, (options: ReferenceOptions) => OptimizerSpec>> = {
  sgd: (options) => sgd(options as unknown as SgdOptions),
  adam: (options) => adam(options as unknown as AdamOptions),
  adamW: (options) => adamW(options as unknown as AdamOptions),
};

describe("ten steps", () => {
  const everyKernels = useEveryKernels();
  it.each(trained.map((one) => [one.name, one] as const))("%s", (_, one) => {
    const { x, target, weight, bias } = one.inputs;
    const { clipNorm, ...options } = one.options;
    expect(everyKernels.length).toBeGreaterThan(0);
    for (const kernels of everyKernels) {
      const tape = createTape();
      const w = createParameter({ name: "weight", ...weight });
      const b = createParameter({ name: "bias", ...bias });
      const y = linear(tape.input("x", x.shape), w, { bias: b });
      const loss = meanSquaredError(y, tape.input("target", target.shape));
      using program = createProgram(kernels, { tape, loss });
      using optimizer = createOptimizer(
        program,
        makers[one.operation]!(options),
        clipNorm === undefined ? {} : { clipNorm },
      );
      one.losses.forEach((expected, step) => {
        program.run({ x: Float32Array.from(x.data), target: Float32Array.from(target.data) });
        expectNear([program.loss], [expected], `loss of step ${step}`);
        const { gradientNorm } = optimizer.step();
        if (one.norms.length > 0) {
          expectNear([gradientNorm!], [one.norms[step]!], `norm of step ${step}`);
        }
        expectNear(w.read(), rowOf(one.after.weight, step), `weight after step ${step}`);
        expectNear(b.read(), rowOf(one.after.bias, step), `bias after step ${step}`);
      });
    }
  });
});

describe("schedules", () => {
  const schedules: Readonly<
    Record<string, (options: Readonly<Record<string, number>>) => Schedule>
  > = {
    cosineSchedule: ({ base, steps, minimum }) =>
      cosineSchedule(base!, { steps: steps!, minimum: minimum! }),
    stepSchedule: ({ base, every, factor }) =>
      stepSchedule(base!, { every: every!, factor: factor! }),
    warmUp: ({ base, steps }) => warmUp(base!, { steps: steps! }),
  };
  it.each(scheduled.map((one) => [one.name, one] as const))("%s", (_, one) => {
    const schedule = schedules[one.operation]!(one.options);
    one.rates.forEach((rate, step) => {
      expect(schedule(step), `rate of step ${step}`).toBeCloseTo(rate, 6);
    });
  });
});

function rowOf({ shape, data }: ReferenceTensor, step: number): readonly number[] {
  const size = data.length / shape[0]!;
  return data.slice(step * size, (step + 1) * size);
}
