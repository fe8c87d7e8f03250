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

/** Tiles of an output, and how many of them are in work together. */
function tilesOf(conv: ResolvedConv, oh: number, ow: number) {
  const across = Math.ceil(ow / TILE);
  const down = Math.ceil(oh / TILE);
  const all = conv.n * down * across;
  const fit = Math.floor(STRIP_BYTES / (POINTS * 4 * (conv.c + conv.oc)));
  // Strips of one size, so that the last is no sliver.
  const strips = Math.ceil(all / Math.max(LEAST_TILES, fit));
  return { across, down, all, strip: Math.ceil(all / strips) };
}

/**
 * Floats of one of the 36 matrices: an odd number of cache lines, so that the transforms, which touch all 36
 * at one place, find them in 36 sets of the L1 cache (of 64) and not in one.
 */
function planeFloats(tiles: number, channels: number): number {
  return (Math.ceil((tiles * channels) / 16) | 1) * 16;
}

/** Floats of workspace. */
export function winogradWorkspaceFloats(conv: ResolvedConv, oh: number, ow: number): number {
  const { strip } = tilesOf(conv, oh, ow);
  return POINTS * (planeFloats(strip, conv.c) + planeFloats(strip, conv.oc));
}

/** The jobs: input transform, 36 products, output transform, strip by strip. */
export function winogradJobs(
  kernels: Kernels,
  spec: Conv2dSpec,
  conv: ResolvedConv,
  [oh, ow]: readonly [number, number],
  workspace: number,
  own: Allocation[],
): JobSpec[] {
  const { c, oc, h, w } = conv;
  const { across, down, all, strip } = tilesOf(conv, oh, ow);
  const v = workspace;
  const vPlane = planeFloats(strip, c);
  const mPlane = planeFloats(strip, oc);
  const m = workspace + POINTS * vPlane * 4;
  const jobs: JobSpec[] = [];
  for (let first = 0; first < all; first += strip) {
    const tiles = Math.min(strip, all - first);
    const grid = [down, across, first];
    jobs.push({
      kernel: "winograd_input_f32",
      params: [spec.x, v, h, w, c, ...grid, vPlane * 4, conv.top, conv.left],
      units: tiles,
      grain: Math.ceil(512 / c),
    });
    const product = {
      ...{ a: v, b: spec.weights.ptr, c: m, m: tiles, n: oc, rowStep: c, cStep: oc },
      ...{ segmentLength: c, segmentOffsets: [0] },
    };
    const products: ProductGrid = {
      ...{ inner: POINTS, outer: 1, b: packedFloats(c, oc), bias: 0 },
      ...{ a: [vPlane, 0], c: [mPlane, 0], residual: [0, 0] },
    };
    jobs.push(segmentProductJob(kernels, { ...product, products }, own));
    jobs.push({
      kernel: "winograd_output_f32",
      params: [
        ...[spec.y, m, oh, ow, oc, ...grid, mPlane * 4, spec.bias ?? 0, spec.residual ?? 0],
        ...[conv.yStride * 4, conv.residualStride * 4, ...fusedActivationWords(spec.activation)],
      ],
      units: tiles,
      grain: Math.ceil(512 / oc),
    });
  }
  return jobs;
}
