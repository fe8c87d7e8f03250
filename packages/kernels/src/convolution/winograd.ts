import { packedFloats, packPanels } from "../gemm/pack-matrix.js";
import {
  fusedActivationWords,
  type ProductGrid,
  segmentProductJob,
} from "../gemm/segment-product.js";
import type { Allocation } from "../runtime/arena.js";
import type { JobSpec } from "../runtime/job.js";
import type { Kernels } from "../runtime/load.js";
import type { Conv2dSpec, ResolvedConv } from "./conv2d-spec.js";

const TILE = 4; // outputs along a side
const POINTS = 36; // products per tile: (TILE + 3 - 1)^2
/** V and M of the tiles that are in work together: a quarter of a 1 MiB L2 cache (a half was no faster). */
const STRIP_BYTES = 256 * 1024;
/** Tiles in work together at least: they share the reading of the weights. */
const LEAST_TILES = 32;
/** The same where more and smaller strips keep all threads at work. */
const LEAST_TILES_OF_THREAD = 16;
/** Words of the arguments that a thread has for the three steps of a strip: see assembly/winograd-words.ts. */
const SET = { output: 16, product: 48, words: 96 } as const;

// G of F(4, 3): see assembly/winograd.ts.
function filterTransform(): readonly (readonly [number, number, number])[] {
  return [
    [1 / 4, 0, 0],
    [-1 / 6, -1 / 6, -1 / 6],
    [-1 / 6, 1 / 6, -1 / 6],
    [1 / 24, 1 / 12, 1 / 6],
    [1 / 24, -1 / 12, 1 / 6],
    [0, 0, 1],
  ];
}

/** Floats of the transformed weights: 36 packed matrices [c, oc]. */
export function winogradWeightFloats(c: number, oc: number): number {
  return POINTS * packedFloats(c, oc);
}

/** Writes G g G^T of every filter, as 36 packed matrices [c, oc]; weights in ONNX's order. */
export function packWinogradWeights(
  out: Float32Array,
  weights: Float32Array,
  c: number,
  oc: number,
): void {
  const transform = filterTransform();
  const size = packedFloats(c, oc);
  for (let point = 0; point < POINTS; point++) {
    const down = transform[Math.floor(point / 6)]!;
    const across = transform[point % 6]!;
    const factors = down.flatMap((a) => across.map((b) => a * b));
    packPanels(out, point * size, c, oc, (i, j) => {
      const at = (j * c + i) * 9;
      let sum = 0;
      for (let tap = 0; tap < 9; tap++) sum += factors[tap]! * weights[at + tap]!;
      return sum;
    });
  }
}

/** Whether Winograd's algorithm applies: 3 x 3, stride and dilation 1, whole vectors of channels. */
export function fitsWinograd(shape: {
  readonly c: number;
  readonly oc: number;
  readonly kh: number;
  readonly kw: number;
  readonly groups: number;
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
}): boolean {
  const ones = [...shape.strides, ...shape.dilations, shape.groups];
  const small = shape.kh === 3 && shape.kw === 3 && ones.every((one) => one === 1);
  return small && shape.c % 4 === 0 && shape.oc % 4 === 0;
}

/**
 * Tiles of an output, and the strips of neighbours that are in work together.
 *
 * Threads take whole strips, each in a workspace of its own, where there are enough tiles; else they share
 * the steps of one strip after the other (`slices` is 1).
 */
function tilesOf(conv: ResolvedConv, oh: number, ow: number, threads: number) {
  const across = Math.ceil(ow / TILE);
  const down = Math.ceil(oh / TILE);
  const all = conv.n * down * across;
  const fit = Math.floor(STRIP_BYTES / (POINTS * 4 * (conv.c + conv.oc)));
  let strips = Math.ceil(all / Math.max(LEAST_TILES, fit));
  let slices = 1;
  if (threads > 1) {
    // As many for each thread, and two at least: one that comes late leaves some to the others.
    const shared = threads * Math.max(2, Math.ceil(strips / threads));
    if (all >= shared * LEAST_TILES_OF_THREAD) {
      strips = shared;
      slices = threads;
    }
  }
  return { across, down, all, strips, slices, strip: Math.ceil(all / strips) };
}

/**
 * Floats of one of the 36 matrices: an odd number of cache lines, so that the transforms, which touch all 36
 * at one place, find them in 36 sets of the L1 cache (of 64) and not in one.
 */
export function planeFloats(tiles: number, channels: number): number {
  return (Math.ceil((tiles * channels) / 16) | 1) * 16;
}

/** Floats of workspace. */
export function winogradWorkspaceFloats(
  conv: ResolvedConv,
  oh: number,
  ow: number,
  threads: number,
): number {
  const { strip, slices } = tilesOf(conv, oh, ow, threads);
  return slices * sliceFloats(conv, strip);
}

/** Floats of V and M of one strip. */
function sliceFloats(conv: ResolvedConv, strip: number): number {
  return POINTS * (planeFloats(strip, conv.c) + planeFloats(strip, conv.oc));
}

/** What {@link winogradJobs} reads of a convolution's specification. */
export interface WinogradAddresses
  extends Pick<Conv2dSpec, "x" | "y" | "bias" | "residual" | "activation"> {
  readonly weights: { readonly ptr: number };
}

/**
 * The jobs: one for all strips, or three for each where the threads share them.
 *
 * @param sharesStrips threads always share them: strips, and so the bits, do not depend on their number, and
 * the workspace is that of one thread
 */
export function winogradJobs(
  kernels: Kernels,
  spec: WinogradAddresses,
  conv: ResolvedConv,
  [oh, ow]: readonly [number, number],
  workspace: number,
  own: Allocation[],
  sharesStrips = false,
): JobSpec[] {
  const { arena } = kernels;
  const threads = sharesStrips ? 1 : kernels.threads;
  const { c, oc, h, w } = conv;
  const { across, down, all, strips, slices, strip } = tilesOf(conv, oh, ow, threads);
  const vPlane = planeFloats(strip, c);
  const mPlane = planeFloats(strip, oc);

  /** Input transform, 36 products and output transform of some tiles. */
  function steps(v: number, first: number, tiles: number): [JobSpec, JobSpec, JobSpec] {
    const m = v + POINTS * vPlane * 4;
    const grid = [down, across, first];
    const input = {
      kernel: "winograd_input_f32",
      params: [spec.x, v, h, w, c, ...grid, vPlane * 4, conv.top, conv.left],
      units: tiles,
      grain: Math.ceil(512 / c),
    };
    const product = {
      ...{ a: v, b: spec.weights.ptr, c: m, m: tiles, n: oc, rowStep: c, cStep: oc },
      ...{ segmentLength: c, segmentOffsets: [0] },
    };
    const products: ProductGrid = {
      ...{ inner: POINTS, outer: 1, b: packedFloats(c, oc), bias: 0 },
      ...{ a: [vPlane, 0], c: [mPlane, 0], residual: [0, 0] },
    };
    const output = {
      kernel: "winograd_output_f32",
      params: [
        ...[spec.y, m, oh, ow, oc, ...grid, mPlane * 4, spec.bias ?? 0, spec.residual ?? 0],
        ...[conv.yStride * 4, conv.residualStride * 4, ...fusedActivationWords(spec.activation)],
      ],
      units: tiles,
      grain: Math.ceil(512 / oc),
    };
    return [input, segmentProductJob(kernels, { ...product, products }, own), output];
  }

  if (sharesStrips || slices < threads) {
    return Array.from({ length: strips }, (_, i) => {
      const first = Math.floor((i * all) / strips);
      return steps(workspace, first, Math.floor(((i + 1) * all) / strips) - first);
    }).flat();
  }
  const blocks = arena.allocate(slices * SET.words * 4);
  own.push(blocks);
  for (let thread = 0; thread < slices; thread++) {
    const v = workspace + thread * sliceFloats(conv, strip) * 4;
    const [input, product, output] = steps(v, 0, strip);
    const set = arena.i32(blocks.ptr + thread * SET.words * 4, SET.words);
    set.set(input.params);
    set.set(output.params, SET.output);
    set.set(product.params, SET.product);
  }
  return [{ kernel: "winograd_f32", params: [blocks.ptr, strips, all], units: strips }];
}
