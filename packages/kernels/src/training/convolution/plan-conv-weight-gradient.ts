import type { Allocation } from "../../runtime/arena.js";
import { createPlan, type JobSpec, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { requireTraining } from "../load-training-kernels.js";
import { type ColumnRun, columnProductJob } from "../product/column-product.js";
import { pickColumnsJob } from "../product/pick-columns.js";
import {
  type ConvPass,
  type ConvPassSpec,
  checkBatch,
  checkChannels,
  resolveConvPass,
} from "./conv-pass-spec.js";
import {
  fitsWinogradGradient,
  winogradGradientFloats,
  winogradGradientJobs,
} from "./winograd-weight-gradient.js";

/** What decides the workspace of a weight gradient. */
export interface ConvWeightGradientShape extends ConvPassSpec {
  /** Output channels to compute, ascending; dw holds just these. @default all */
  readonly channels?: readonly number[];
}

/** The gradient of a convolution with respect to its weights; addresses are bytes in the arena. */
export interface ConvWeightGradientSpec extends ConvWeightGradientShape {
  /** Address of the input, [n, h, w, c]. */
  readonly x: number;
  /** Address of the output gradient, [n, oh, ow, oc]. */
  readonly dy: number;
  /** Address of the weight gradient, [kh, kw, c / groups, oc], or with as many columns as `channels`. */
  readonly dw: number;
  /** Adds to what dw holds. @default false */
  readonly accumulate?: boolean;
  /** Address of {@link convWeightGradientWorkspaceBytes} bytes, which other plans may use in between. */
  readonly workspace: number;
}

/** Fewer channels than this fill a tile badly: the taps of a kernel row then count as one run of them. */
const LEAST_CHANNELS = 8;

/**
 * Plans dw, the gradient of a convolution with respect to its weights: a product of the input and the output
 * gradient summed over positions, both read in place. Padding is skipped rather than multiplied; only inputs
 * of fewer than 8 channels are copied into rows with their padding.
 *
 * The bits of the result do not depend on the number of threads.
 *
 * @throws ShapeError when sizes do not fit each other, UnsupportedError without the training extension.
 */
export function planConvWeightGradient(kernels: Kernels, spec: ConvWeightGradientSpec): Plan {
  const where = "planConvWeightGradient";
  requireTraining(where, kernels);
  const pass = checkBatch(where, resolveConvPass(where, spec));
  checkChannels(where, spec.channels, pass.oc);
  const { n, h, w, c, oc, kw, sh, sw, groups, oh, ow } = pass;
  const { channels, accumulate = false, workspace } = spec;
  const own: Allocation[] = [];
  if (channels === undefined && fitsWinogradGradient(pass)) {
    const { x, dy, dw } = spec;
    const at = { x, dy, dw, workspace, accumulate };
    return createPlan(kernels.arena, winogradGradientJobs(kernels, pass, at, own), own);
  }
  const jobs: JobSpec[] = [];
  const { padded, picked } = workspaceFloats(pass, channels);

  let { x, dy } = spec;
  let pitch = w * c;
  if (padded > 0) {
    const { left, right } = pass;
    pitch = (left + w + right) * c;
    const bytes = [w * c * 4, left * c * 4, right * c * 4];
    const grain = Math.ceil(16384 / pitch);
    jobs.push({
      kernel: "pad_image_f32",
      params: [x, workspace, h, 0, h, ...bytes],
      units: n * h,
      grain,
    });
    x = workspace;
  }
  const columns = channels?.length ?? oc;
  if (picked > 0) {
    const to = workspace + padded * 4;
    jobs.push(
      pickColumnsJob(
        kernels,
        { x: dy, y: to, rows: n * oh * ow, columns: oc, channels: channels! },
        own,
      ),
    );
    dy = to;
  }

  const inner = c / groups;
  const filters = oc / groups;
  const common = {
    ...{ images: n, height: oh, width: ow, cRow: columns, accumulate },
    ...{ runRows: joinsTaps(pass) ? kw * inner : inner, runs: runsOf(pass, pitch, padded > 0) },
    aSteps: [h * pitch, sh * pitch, sw * c],
    bSteps: [oh * ow * columns, ow * columns, columns],
  } as const;
  if (channels === undefined) {
    const products = { count: groups, a: inner, b: filters, c: filters };
    const job = { ...common, a: x, b: dy, c: spec.dw, columns: filters, products };
    jobs.push(columnProductJob(kernels, job, own));
  } else {
    // Of every group those columns that were asked for, side by side.
    let first = 0;
    for (let group = 0; group < groups; group++) {
      const count = channels.filter((channel) => Math.floor(channel / filters) === group).length;
      if (count === 0) continue;
      const at = { a: x + group * inner * 4, b: dy + first * 4, c: spec.dw + first * 4 };
      jobs.push(columnProductJob(kernels, { ...common, ...at, columns: count }, own));
      first += count;
    }
  }
  return createPlan(kernels.arena, jobs, own);
}

/**
 * Bytes of workspace that {@link planConvWeightGradient} takes: the padded input where it has fewer than 8
 * channels, and the picked columns of the output gradient; else none.
 */
export function convWeightGradientWorkspaceBytes(spec: ConvWeightGradientShape): number {
  const pass = resolveConvPass("convWeightGradientWorkspaceBytes", spec);
  if (spec.channels === undefined && fitsWinogradGradient(pass)) {
    return winogradGradientFloats(pass) * 4;
  }
  const { padded, picked } = workspaceFloats(pass, spec.channels);
  return (padded + picked) * 4;
}

function workspaceFloats(pass: ConvPass, channels: readonly number[] | undefined) {
  const { n, h, w, c, oh, ow, left, right } = pass;
  const copies = joinsTaps(pass) && left + right > 0;
  return {
    padded: copies ? n * h * (left + w + right) * c : 0,
    picked: channels === undefined ? 0 : n * oh * ow * channels.length,
  };
}

function joinsTaps({ c, kw, dw, groups }: ConvPass): boolean {
  return groups === 1 && dw === 1 && kw > 1 && c < LEAST_CHANNELS;
}

function runsOf(pass: ConvPass, pitch: number, padded: boolean): ColumnRun[] {
  const { h, w, c, kh, kw, sh, sw, dh, dw, top, left, oh, ow } = pass;
  const joined = joinsTaps(pass);
  return Array.from({ length: kh }, (_, ky) => {
    const [first, last] = positionsInside(ky * dh - top, sh, h, oh);
    const line = { top: first, bottom: last };
    if (joined) {
      const offset = (ky * dh - top) * pitch - (padded ? 0 : left * c);
      return [{ offset, ...line, left: 0, right: ow }];
    }
    return Array.from({ length: kw }, (_, kx) => {
      const [begin, end] = positionsInside(kx * dw - left, sw, w, ow);
      const offset = (ky * dh - top) * pitch + (kx * dw - left) * c;
      return { offset, ...line, left: begin, right: end };
    });
  }).flat();
}

/** Positions o of `count` with 0 <= o * stride + shift < size, as a range. */
function positionsInside(
  shift: number,
  stride: number,
  size: number,
  count: number,
): [begin: number, end: number] {
  const begin = Math.max(0, Math.ceil(-shift / stride));
  const end = Math.min(count, Math.floor((size - 1 - shift) / stride) + 1);
  return [begin, Math.max(begin, end)];
}
