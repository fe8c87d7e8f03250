import { ShapeError } from "@edgewright/core";
import type { Allocation } from "../../runtime/arena.js";
import { createPlan, type JobSpec, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { checkBatch } from "../convolution/conv-pass-spec.js";
import { requireTraining } from "../load-training-kernels.js";
import {
  type DepthwiseShape,
  isPlain3x3,
  type ResolvedDepthwise,
  resolveDepthwise,
} from "./depthwise-spec.js";
import { walk3x3 } from "./walk-3x3.js";

/** What decides the workspace of {@link planDepthwiseWeightGradient}. */
export interface DepthwiseWeightGradientShape extends DepthwiseShape {
  /** The channels to compute, ascending; the result holds these alone. @default all */
  readonly channels?: readonly number[];
}

/** The gradient of a depthwise convolution by its weights, for {@link planDepthwiseWeightGradient}. */
export interface DepthwiseWeightGradientSpec extends DepthwiseWeightGradientShape {
  /** Address of the input, [n, h, w, c]. */
  readonly x: number;
  /** Address of the gradient of the output, [n, oh, ow, c]. */
  readonly dy: number;
  /** Address of the result, [kh, kw, c], or [kh, kw, channels.length]. */
  readonly dw: number;
  /** Add to what lies at `dw`. @default false */
  readonly accumulate?: boolean;
  /** Address of {@link depthwiseWeightGradientWorkspaceBytes} bytes. */
  readonly workspace: number;
}

/** Bytes of workspace that {@link planDepthwiseWeightGradient} needs: sums of chunks of rows. */
export function depthwiseWeightGradientWorkspaceBytes(spec: DepthwiseWeightGradientShape): number {
  const conv = resolveDepthwise("depthwiseWeightGradientWorkspaceBytes", spec);
  const { lanes } = stripsOf("depthwiseWeightGradientWorkspaceBytes", conv, spec.channels);
  const merged = spec.channels === undefined ? 0 : 1;
  return (chunksOf(conv).chunks + merged) * conv.kh * conv.kw * lanes * 4;
}

/**
 * Plans dw[ky, kx, c] = sum over n, oy, ox of x[n, oy sh + ky dh - top, ox sw + kx dw - left, c] *
 * dy[n, oy, ox, c].
 *
 * Rows are summed in chunks, and these in 64 bits in their order: the result has the same bits for any
 * number of threads. With `channels` only strips of four channels that hold one of them are computed.
 *
 * @throws ShapeError for sizes out of range, and channels that are not ascending indices below c.
 */
export function planDepthwiseWeightGradient(
  kernels: Kernels,
  spec: DepthwiseWeightGradientSpec,
): Plan {
  requireTraining("planDepthwiseWeightGradient", kernels);
  const conv = checkBatch(
    "planDepthwiseWeightGradient",
    resolveDepthwise("planDepthwiseWeightGradient", spec),
  );
  const { h, w, c, oh, ow, kh, kw, sh, sw, dh, dw: dilationX, top, left } = conv;
  const { x, dy, dw, channels, workspace, accumulate = false } = spec;
  const { lanes, starts, numbers } = stripsOf("planDepthwiseWeightGradient", conv, channels);
  const { chunks, chunk } = chunksOf(conv);
  const { arena } = kernels;
  const owned: Allocation[] = [];
  const upload = (values: readonly number[]): number => {
    const table = arena.upload(Int32Array.from(values));
    owned.push(table);
    return table.ptr;
  };
  const merged = channels === undefined ? dw : workspace + chunks * kh * kw * lanes * 4;
  const table = channels === undefined ? 0 : upload(starts);
  const jobs: JobSpec[] = [
    isPlain3x3(conv)
      ? products3x3Job(conv, x, dy, workspace, lanes, table)
      : {
          kernel: "depthwise_products_f32",
          params: [x, dy, workspace, conv.n * oh, chunk, h, w, c, oh, ow, top, left, lanes].concat([
            table,
            kh,
            kw,
            sh,
            sw,
            dh,
            dilationX,
          ]),
          units: chunks,
        },
    {
      kernel: "merge_sums_f32",
      params: [
        workspace,
        merged,
        kh * kw * lanes,
        chunks,
        accumulate && channels === undefined ? 1 : 0,
        0,
      ],
      units: Math.ceil((kh * kw * lanes) / 4),
      grain: Math.ceil(4096 / chunks),
    },
  ];
  if (channels !== undefined) {
    jobs.push({
      kernel: "pick_columns_f32",
      params: [merged, dw, lanes, channels.length, upload(numbers), accumulate ? 1 : 0],
      units: kh * kw,
      grain: Math.ceil(4096 / channels.length),
    });
  }
  return createPlan(arena, jobs, owned);
}

function products3x3Job(
  conv: ResolvedDepthwise,
  x: number,
  dy: number,
  sums: number,
  lanes: number,
  starts: number,
): JobSpec {
  const { words, imageBytes, lines, taps } = walk3x3(conv);
  const { chunk, chunks } = chunksOf(conv);
  return {
    kernel: "depthwise_3x3_products_f32",
    params: [x, dy, sums, lines, ...words, chunk, lanes, ...imageBytes, starts].concat([
      taps[0] * lanes * 4,
      taps[1] * lanes * 4,
    ]),
    units: chunks,
  };
}

/** Lines of dy that are summed on their own: some 128 products, so that rounding stays small. */
function chunksOf(conv: ResolvedDepthwise): { chunk: number; chunks: number } {
  const walk = isPlain3x3(conv) ? walk3x3(conv) : { lines: conv.n * conv.oh, outputs: conv.ow };
  const chunk = Math.max(1, Math.ceil(128 / walk.outputs));
  return { chunk, chunks: Math.ceil(walk.lines / chunk) };
}

/** Columns of the sums: all channels, or strips of four that hold the asked ones, and where these lie there. */
function stripsOf(
  where: string,
  { c }: ResolvedDepthwise,
  channels: readonly number[] | undefined,
): { lanes: number; starts: readonly number[]; numbers: readonly number[] } {
  if (channels === undefined) return { lanes: c, starts: [], numbers: [] };
  const ascending = channels.every(
    (channel, i) => Number.isInteger(channel) && channel < c && channel > (channels[i - 1] ?? -1),
  );
  if (!ascending || channels.length === 0) {
    throw new ShapeError(
      `${where}: expected channels to be ascending indices below ${c}, got [${channels}]`,
    );
  }
  const starts: number[] = [];
  const numbers = channels.map((channel) => {
    // The last strip lies against the end of the channels, where there are four.
    const start = Math.max(0, Math.min(channel - (channel % 4), c - 4));
    if (starts.at(-1) !== start) starts.push(start);
    return (starts.length - 1) * 4 + channel - start;
  });
  return { lanes: starts.length * 4, starts, numbers };
}
