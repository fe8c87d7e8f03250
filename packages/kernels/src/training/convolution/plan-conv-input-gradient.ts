import type { Allocation } from "../../runtime/arena.js";
import { createPlan, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { requireTraining } from "../load-training-kernels.js";
import { inputGradientAxes } from "./axis-classes.js";
import { type ConvPass, type ConvPassSpec, checkBatch, resolveConvPass } from "./conv-pass-spec.js";
import { type GatherConvolution, gatherJobs, gatherWorkspaceFloats } from "./gather-convolution.js";

/** The gradient of a convolution with respect to its input; addresses are bytes in the arena. */
export interface ConvInputGradientSpec extends ConvPassSpec {
  /** Address of the output gradient, [n, oh, ow, oc]. */
  readonly dy: number;
  /** Address of the weights of the forward pass, [kh, kw, c / groups, oc]. */
  readonly weights: number;
  /** Address of the input gradient, [n, h, w, c]. */
  readonly dx: number;
  /** Address of {@link convInputGradientWorkspaceBytes} bytes, which other plans may use in between. */
  readonly workspace: number;
}

/**
 * Plans dx, the gradient of a convolution with respect to its input. It is a convolution itself, of dy with the
 * weights rotated by 180 degrees and transposed, which happens while a run packs them; with strides, one such
 * convolution for each residue of the pixels. The kernel is that of the forward pass.
 *
 * @throws ShapeError when sizes do not fit each other, UnsupportedError without the training extension.
 */
export function planConvInputGradient(kernels: Kernels, spec: ConvInputGradientSpec): Plan {
  requireTraining("planConvInputGradient", kernels);
  const conv = inputGather(
    checkBatch("planConvInputGradient", resolveConvPass("planConvInputGradient", spec)),
  );
  const { dy: source, dx: out, weights, workspace } = spec;
  const own: Allocation[] = [];
  const jobs = gatherJobs(kernels, conv, { source, out, weights, workspace }, own);
  return createPlan(kernels.arena, jobs, own);
}

/** Bytes of workspace that {@link planConvInputGradient} takes: packed weights, about 2 MiB at most, and a few tiles. */
export function convInputGradientWorkspaceBytes(spec: ConvPassSpec): number {
  const pass = resolveConvPass("convInputGradientWorkspaceBytes", spec);
  return gatherWorkspaceFloats(inputGather(pass)) * 4;
}

function inputGather(pass: ConvPass): GatherConvolution {
  const { n, h, w, c, oc, kh, kw, groups, direct, oh, ow } = pass;
  const inner = c / groups;
  return {
    ...{ n, groups, direct, size: [oh, ow], channels: oc, outSize: [h, w], outChannels: c },
    y: inputGradientAxes(h, kh, pass.sh, pass.dh, pass.top),
    x: inputGradientAxes(w, kw, pass.sw, pass.dw, pass.left),
    weightSteps: {
      ky: kw * inner * oc,
      kx: inner * oc,
      channel: 1,
      outChannel: oc,
      group: oc / groups,
    },
  };
}
