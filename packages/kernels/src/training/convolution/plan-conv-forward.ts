import type { Activation } from "../../activation/activation.js";
import type { Allocation } from "../../runtime/arena.js";
import { createPlan, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { requireTraining } from "../load-training-kernels.js";
import { forwardAxis } from "./axis-classes.js";
import { type ConvPass, type ConvPassSpec, checkBatch, resolveConvPass } from "./conv-pass-spec.js";
import { type GatherConvolution, gatherJobs, gatherWorkspaceFloats } from "./gather-convolution.js";

/** The forward pass of a convolution whose weights change between runs; addresses are bytes in the arena. */
export interface ConvForwardSpec extends ConvPassSpec {
  /** Address of the input, [n, h, w, c]. */
  readonly x: number;
  /** Address of the weights, [kh, kw, c / groups, oc]. */
  readonly weights: number;
  /** Address of oc values. */
  readonly bias?: number;
  /** Address of the output, [n, oh, ow, oc]. */
  readonly y: number;
  /** Applied last. @default identity */
  readonly activation?: Activation;
  /** Address of {@link convForwardWorkspaceBytes} bytes, which other plans may use in between. */
  readonly workspace: number;
}

/**
 * Plans y = activation(conv(x, weights) + bias) in 32-bit floats; a run packs the weights anew. Padding takes
 * no memory: pixels at the edges are computed from the taps that they have.
 *
 * @throws ShapeError when sizes do not fit each other, UnsupportedError without the training extension.
 *
 * @example
 * ```ts
 * const kernels = await loadTrainingKernels();
 * const shape = { h: 4, w: 4, c: 1, oc: 1, kh: 3, kw: 3, pads: [1, 1, 1, 1] } as const;
 * const x = kernels.arena.upload(new Float32Array(16).fill(1));
 * const weights = kernels.arena.upload(new Float32Array(9).fill(1));
 * const y = kernels.arena.allocate(16 * 4);
 * const workspace = kernels.arena.allocate(convForwardWorkspaceBytes(shape)).ptr;
 * kernels.run(planConvForward(kernels, { ...shape, x: x.ptr, weights: weights.ptr, y: y.ptr, workspace }));
 * kernels.arena.f32(y.ptr, 6); // 4, 6, 6, 4, 6, 9
 * ```
 */
export function planConvForward(kernels: Kernels, spec: ConvForwardSpec): Plan {
  requireTraining("planConvForward", kernels);
  const conv = forwardGather(
    checkBatch("planConvForward", resolveConvPass("planConvForward", spec)),
  );
  const { x: source, y: out, weights, bias, activation, workspace } = spec;
  const own: Allocation[] = [];
  const at = { source, out, weights, bias, activation, workspace };
  return createPlan(kernels.arena, gatherJobs(kernels, conv, at, own), own);
}

/** Bytes of workspace that {@link planConvForward} takes: packed weights, about 2 MiB at most, and a few tiles. */
export function convForwardWorkspaceBytes(spec: ConvPassSpec): number {
  return (
    gatherWorkspaceFloats(forwardGather(resolveConvPass("convForwardWorkspaceBytes", spec))) * 4
  );
}

function forwardGather(pass: ConvPass): GatherConvolution {
  const { n, h, w, c, oc, kh, kw, groups, direct, oh, ow } = pass;
  const inner = c / groups;
  return {
    ...{ n, groups, direct, size: [h, w], channels: c, outSize: [oh, ow], outChannels: oc },
    y: [forwardAxis(oh, kh, pass.sh, pass.dh, pass.top)],
    x: [forwardAxis(ow, kw, pass.sw, pass.dw, pass.left)],
    weightSteps: {
      ky: kw * inner * oc,
      kx: inner * oc,
      channel: oc,
      outChannel: 1,
      group: oc / groups,
    },
  };
}
