import { formatShape, ShapeError, stridesOf } from "@edgewright/core";
import { planBinary } from "../../elementwise/plan-binary.js";
import { planReduce } from "../../elementwise/plan-reduce.js";
import { planCopy } from "../../layout/plan-copy.js";
import { checkCounts } from "../../runtime/check-counts.js";
import type { Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { checkExtents } from "../check-extents.js";
import { joinPlans } from "./join-plans.js";

/** Sizes of the gradient of a broadcast. */
export interface BroadcastGradientShape {
  /** Shape of the result of the broadcast. */
  readonly shape: readonly number[];
  /** Shape of the operand that was broadcast to it. */
  readonly target: readonly number[];
  /** Add to what lies at `dx`. @default false */
  readonly accumulate?: boolean;
}

/** The gradient of a broadcast for {@link planBroadcastGradient}. */
export interface BroadcastGradientSpec extends BroadcastGradientShape {
  /** Address of the gradient of the result, of `shape`. */
  readonly dy: number;
  /** Address of the gradient of the operand, of `target`. */
  readonly dx: number;
  /** Address of {@link broadcastGradientWorkspaceBytes} bytes. @default none, where none are needed */
  readonly workspace?: number;
}

/** One sum along one axis: [outer, axis, inner] to [outer, inner]. */
interface Step {
  readonly outer: number;
  readonly axis: number;
  readonly inner: number;
}

/**
 * Bytes of workspace that {@link planBroadcastGradient} needs: 0 unless repeated axes lie apart, such as
 * those of [1, h, 1, c], or `accumulate` is asked for.
 *
 * @throws ShapeError when `target` does not broadcast to `shape`.
 */
export function broadcastGradientWorkspaceBytes(spec: BroadcastGradientShape): number {
  const [first, second] = slotBytes(sumSteps(spec), spec.accumulate === true);
  return first + second;
}

/**
 * Plans the sum of a gradient over the axes that a broadcast repeated: from `shape` to `target`.
 *
 * Neighbouring axes are merged, and the longest run of repeated ones goes first, so that what is between is
 * small.
 *
 * @throws ShapeError when `target` does not broadcast to `shape`.
 */
export function planBroadcastGradient(kernels: Kernels, spec: BroadcastGradientSpec): Plan {
  const { dy, dx, target, accumulate = false, workspace = 0 } = spec;
  const steps = sumSteps(spec);
  checkExtents("planBroadcastGradient", { dy: spec.shape });
  const [firstSlot] = slotBytes(steps, accumulate);
  const plans: Plan[] = [];
  let from = dy;
  steps.forEach((step, i) => {
    const inWorkspace = accumulate || i < steps.length - 1;
    const to = inWorkspace ? workspace + (i % 2 === 0 ? 0 : firstSlot) : dx;
    plans.push(planReduce(kernels, { op: "sum", x: from, y: to, ...step }));
    from = to;
  });
  if (accumulate) {
    const y = dx;
    const spec = { op: "add", a: dx, aShape: target, b: from, bShape: target, y } as const;
    plans.push(planBinary(kernels, spec));
  } else if (steps.length === 0) {
    const xStrides = stridesOf(target);
    plans.push(planCopy(kernels, { x: dy, y: dx, shape: target, xStrides, bytes: 4 }));
  }
  return joinPlans(plans);
}

/** The sums that lead from `shape` to `target`, longest axis first. */
function sumSteps({ shape, target }: BroadcastGradientShape): Step[] {
  for (const length of [...shape, ...target]) {
    checkCounts("planBroadcastGradient", { "every length": length }, 0);
  }
  const missing = shape.length - target.length;
  if (missing < 0 || target.some((dim, i) => dim !== 1 && dim !== shape[i + missing])) {
    throw new ShapeError(
      `planBroadcastGradient: ${formatShape(target)} does not broadcast to ${formatShape(shape)}`,
    );
  }
  const axes: { length: number; repeated: boolean }[] = [];
  shape.forEach((length, i) => {
    if (length === 1) return;
    const repeated = i < missing || target[i - missing] === 1;
    const last = axes.at(-1);
    if (last?.repeated === repeated) last.length *= length;
    else axes.push({ length, repeated });
  });
  const steps: Step[] = [];
  for (;;) {
    const lengths = axes.map(({ length, repeated }) => (repeated ? length : -1));
    const longest = Math.max(-1, ...lengths);
    if (longest < 0) return steps;
    const at = lengths.indexOf(longest);
    const product = (some: typeof axes): number => some.reduce((p, { length }) => p * length, 1);
    steps.push({
      outer: product(axes.slice(0, at)),
      axis: longest,
      inner: product(axes.slice(at + 1)),
    });
    axes.splice(at, 1);
  }
}

/** Bytes of the two places that hold what is between the steps, in turns. */
function slotBytes(steps: readonly Step[], accumulate: boolean): [number, number] {
  const slots: [number, number] = [0, 0];
  steps.slice(0, accumulate ? undefined : -1).forEach(({ outer, inner }, i) => {
    const bytes = Math.ceil((outer * inner * 4) / 64) * 64;
    slots[i % 2] = Math.max(slots[i % 2]!, bytes);
  });
  return slots;
}
