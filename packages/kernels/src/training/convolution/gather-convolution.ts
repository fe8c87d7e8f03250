import type { Activation } from "../../activation/activation.js";
import { packedFloats } from "../../gemm/pack-matrix.js";
import { segmentProductJob } from "../../gemm/segment-product.js";
import type { Allocation } from "../../runtime/arena.js";
import type { JobSpec } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { type AxisClass, axisClasses, type GatherAxis } from "./axis-classes.js";
import {
  winogradConvolution,
  winogradTrainingFloats,
  winogradTrainingJobs,
} from "./winograd-convolution.js";

/**
 * What forward pass and input gradient have in common: every pixel of one image gathers, over the taps of a
 * kernel, products of another image's channels and weights. Weights change between runs, so a run begins
 * by packing them. Distances are in floats.
 */
export interface GatherConvolution {
  readonly n: number;
  readonly groups: number;
  /** Leaves Winograd's algorithm out. */
  readonly direct: boolean;
  /** Size of the image that is read, and its channels, all groups together. */
  readonly size: readonly [height: number, width: number];
  readonly channels: number;
  /** Size of the image that is written, and its channels. */
  readonly outSize: readonly [height: number, width: number];
  readonly outChannels: number;
  /** Channels of a group that are written. @default all of them */
  readonly filters?: number;
  /** Phases along both axes: each pair of them is an ordinary convolution. */
  readonly y: readonly GatherAxis[];
  readonly x: readonly GatherAxis[];
  /** Where the weight of a tap, a channel read and a channel written lies, the latter two in a group. */
  readonly weightSteps: {
    readonly ky: number;
    readonly kx: number;
    readonly channel: number;
    readonly outChannel: number;
    readonly group: number;
  };
}

/** Addresses of a {@link GatherConvolution}. */
export interface GatherAddresses {
  readonly source: number;
  readonly weights: number;
  readonly out: number;
  readonly workspace: number;
  readonly bias?: number | undefined;
  readonly activation?: Activation | undefined;
}

/** Weights of one phase and one class of columns, packed for themselves. */
interface PackedPart {
  readonly y: GatherAxis;
  readonly x: GatherAxis;
  readonly columns: AxisClass;
  /** Rows of a panel, and floats of one group's panels. */
  readonly rows: number;
  readonly groupFloats: number;
  /** In the workspace, in floats. */
  readonly offset: number;
}

/** Packed weights in work together: larger ones are packed and multiplied a part after the other. */
const MOST_FLOATS = 2 ** 19;

/** How many output channels at a time keep the workspace at about {@link MOST_FLOATS}. */
function filtersAtATime(conv: GatherConvolution): number {
  const filters = filtersOf(conv);
  const { floats } = packedParts(conv);
  if (conv.groups > 1 || floats <= MOST_FLOATS) return filters;
  const panels = Math.ceil(filters / 8);
  return Math.max(1, Math.floor((MOST_FLOATS * panels) / floats)) * 8;
}

function filtersOf({ filters, outChannels, groups }: GatherConvolution): number {
  return filters ?? outChannels / groups;
}

function packedParts(conv: GatherConvolution): { parts: PackedPart[]; floats: number } {
  const inner = conv.channels / conv.groups;
  const parts: PackedPart[] = [];
  let floats = 0;
  for (const y of conv.y) {
    for (const x of conv.x) {
      for (const columns of axisClasses(x, conv.size[1])) {
        const rows = y.taps.length * (columns.end - columns.begin) * inner;
        const same = parts.find(
          (part) =>
            part.y === y &&
            part.x === x &&
            part.columns.begin === columns.begin &&
            part.columns.end === columns.end,
        );
        const groupFloats = packedFloats(rows, filtersOf(conv));
        parts.push({ y, x, columns, rows, groupFloats, offset: same?.offset ?? floats });
        if (same === undefined) floats += groupFloats * conv.groups;
      }
    }
  }
  return { parts, floats };
}

/** Floats of workspace: the packed weights, for Winograd's algorithm with its tiles. */
export function gatherWorkspaceFloats(conv: GatherConvolution): number {
  const winograd = winogradConvolution(conv);
  if (winograd !== undefined) return winogradTrainingFloats(winograd, conv.outSize);
  return packedParts({ ...conv, filters: filtersAtATime(conv) }).floats;
}

/** The jobs: packing, then a product for each class of pixels that see the same taps. */
export function gatherJobs(
  kernels: Kernels,
  conv: GatherConvolution,
  at: GatherAddresses,
  own: Allocation[],
): JobSpec[] {
  const winograd = winogradConvolution(conv);
  if (winograd !== undefined) {
    const [[y], [x]] = [conv.y, conv.x] as [readonly [GatherAxis], readonly [GatherAxis]];
    const columns = { first: 0, count: x.count, begin: 0, end: x.taps.length };
    const packing = packingJob(conv, at, { y, x, columns, rows: 0, groupFloats: 0, offset: 0 });
    return [packing, ...winogradTrainingJobs(kernels, winograd, conv.outSize, at, own)];
  }
  const all = filtersOf(conv);
  const step = filtersAtATime(conv);
  const { weights, out, bias } = at;
  return Array.from({ length: Math.ceil(all / step) }, (_, i) => {
    const first = i * step;
    const piece = { ...conv, filters: Math.min(step, all - first) };
    const moved = {
      ...at,
      weights: weights + first * conv.weightSteps.outChannel * 4,
      out: out + first * 4,
      bias: bias === undefined ? undefined : bias + first * 4,
    };
    return pieceJobs(kernels, piece, moved, own);
  }).flat();
}

function pieceJobs(
  kernels: Kernels,
  conv: GatherConvolution,
  at: GatherAddresses,
  own: Allocation[],
): JobSpec[] {
  const { parts } = packedParts(conv);
  const seen = new Set<number>();
  const packing: JobSpec[] = [];
  for (const part of parts) {
    if (part.rows === 0 || seen.has(part.offset)) continue;
    seen.add(part.offset);
    packing.push(packingJob(conv, at, part));
  }
  const products = parts.flatMap((part) =>
    axisClasses(part.y, conv.size[0]).flatMap((lines) =>
      productJobs(kernels, conv, at, part, lines, own),
    ),
  );
  return [...packing, ...products];
}

function packingJob(conv: GatherConvolution, at: GatherAddresses, part: PackedPart): JobSpec {
  const { groups, channels, weightSteps: steps } = conv;
  const inner = channels / groups;
  const columns = filtersOf(conv);
  const panels = Math.ceil(columns / 8);
  const across = part.x.taps.slice(part.columns.begin, part.columns.end);
  const down = part.y.taps;
  const from = down[0]!.tap * steps.ky + across[0]!.tap * steps.kx;
  // Taps of a phase are evenly spaced.
  const between = (taps: readonly { tap: number }[], step: number): number =>
    ((taps[1]?.tap ?? taps[0]!.tap) - taps[0]!.tap) * step * 4;
  return {
    kernel: "pack_taps_f32",
    params: [
      ...[at.weights + from * 4, at.workspace + part.offset * 4, columns],
      ...[down.length, across.length, inner],
      ...[between(down, steps.ky), between(across, steps.kx)],
      ...[steps.channel * 4, steps.outChannel * 4],
      ...[steps.group * 4, part.groupFloats * 4, panels],
    ],
    units: groups * panels * down.length,
    grain: Math.ceil(2048 / (across.length * inner)),
  };
}

function productJobs(
  kernels: Kernels,
  conv: GatherConvolution,
  at: GatherAddresses,
  part: PackedPart,
  lines: AxisClass,
  own: Allocation[],
): JobSpec[] {
  const { n, groups, channels, outChannels } = conv;
  const { y, x, columns } = part;
  const inner = channels / groups;
  const pitch = conv.size[1] * channels;
  const outPitch = conv.outSize[1] * outChannels;
  const down = y.taps.slice(lines.begin, lines.end);
  const across = x.taps.slice(columns.begin, columns.end);
  const taps = down.length * across.length;
  const [firstDown, firstAcross] = [down[0]?.shift ?? 0, across[0]?.shift ?? 0];
  // Where the taps of a kernel row lie side by side they are one segment.
  const joined = groups === 1 && across.every(({ shift }, i) => shift === firstAcross + i);
  const offsets = down.flatMap(({ shift }) => {
    const line = (shift - firstDown) * pitch;
    return joined ? line : across.map((tap) => line + (tap.shift - firstAcross) * channels);
  });
  const start =
    (lines.first * y.step + firstDown) * pitch + (columns.first * x.step + firstAcross) * channels;
  const outStart =
    (y.first + lines.first * y.outStep) * outPitch +
    (x.first + columns.first * x.outStep) * outChannels;
  const filters = filtersOf(conv);
  return [
    segmentProductJob(
      kernels,
      {
        a: at.source + (taps === 0 ? 0 : start * 4),
        b: at.workspace + (part.offset + lines.begin * across.length * inner * 8) * 4,
        c: at.out + outStart * 4,
        bias: at.bias,
        activation: at.activation,
        m: n * lines.count * columns.count,
        n: filters,
        // Pixels that no tap reaches hold the bias: a product over nothing.
        segmentLength: taps === 0 ? 0 : joined ? across.length * inner : inner,
        segmentOffsets: taps === 0 ? [0] : offsets,
        panelRows: part.rows,
        rowStep: x.step * channels,
        width: columns.count,
        lineStep: y.step * pitch,
        height: lines.count,
        imageStep: conv.size[0] * pitch,
        cStep: x.outStep * outChannels,
        cLineStep: y.outStep * outPitch,
        cImageStep: conv.outSize[0] * outPitch,
        products: {
          inner: groups,
          outer: 1,
          a: [inner, 0],
          b: part.groupFloats,
          c: [filters, 0],
          residual: [0, 0],
          bias: filters,
        },
      },
      own,
    ),
  ];
}
