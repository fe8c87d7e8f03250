import { planeFloats } from "../../convolution/winograd.js";
import type { Allocation } from "../../runtime/arena.js";
import type { JobSpec } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { columnProductJob } from "../product/column-product.js";
import type { ConvPass } from "./conv-pass-spec.js";

const TILE = 4; // outputs along a side
const POINTS = 36; // products per tile
/** Transformed tiles of both images that are in work together. */
const STRIP_BYTES = 512 * 1024;
/** Tiles in work together at least: the sums of a strip are added to those before. */
const LEAST_TILES = 48;
/** Fewer channels than this and the transforms cost what the products save. */
const LEAST_CHANNELS = 16;
/** Fewer tiles than this and the transform of the sums costs more than that. */
const FEWEST_TILES = 16;

/** Whether F(3 x 3, 4 x 4) applies to a weight gradient, pays, and takes no more memory than the images. */
export function fitsWinogradGradient(pass: ConvPass): boolean {
  const { n, h, w, c, oc, kh, kw, sh, sw, dh, dw, groups, oh, ow } = pass;
  const plain = kh === 3 && kw === 3 && [sh, sw, dh, dw, groups].every((one) => one === 1);
  if (pass.direct || !plain || c % 4 !== 0 || oc % 4 !== 0) return false;
  if (Math.min(c, oc) < LEAST_CHANNELS || tilesOf(pass).all < FEWEST_TILES) return false;
  return POINTS * c * oc <= n * (h * w * c + oh * ow * oc);
}

function tilesOf({ n, c, oc, oh, ow }: ConvPass) {
  const across = Math.ceil(ow / TILE);
  const down = Math.ceil(oh / TILE);
  const all = n * down * across;
  const fit = Math.floor(STRIP_BYTES / (POINTS * 4 * (c + oc)));
  const strips = Math.ceil(all / Math.max(LEAST_TILES, fit));
  return { across, down, all, strips, strip: Math.ceil(all / strips) };
}

/** Floats of workspace: a strip of transformed tiles, and the sums over tiles. */
export function winogradGradientFloats(pass: ConvPass): number {
  const { strip } = tilesOf(pass);
  const { c, oc } = pass;
  return POINTS * (planeFloats(strip, c) + planeFloats(strip, oc) + c * oc);
}

/** The jobs: for every strip two transforms and 36 products that add to the sums, then their transform. */
export function winogradGradientJobs(
  kernels: Kernels,
  pass: ConvPass,
  at: {
    readonly x: number;
    readonly dy: number;
    readonly dw: number;
    readonly workspace: number;
    readonly accumulate: boolean;
  },
  own: Allocation[],
): JobSpec[] {
  const { h, w, c, oc, oh, ow, top, left } = pass;
  const { across, down, all, strips, strip } = tilesOf(pass);
  const vPlane = planeFloats(strip, c);
  const uPlane = planeFloats(strip, oc);
  const v = at.workspace;
  const u = v + POINTS * vPlane * 4;
  const sums = u + POINTS * uPlane * 4;
  const jobs: JobSpec[] = [];
  for (let i = 0; i < strips; i++) {
    const first = Math.floor((i * all) / strips);
    const tiles = Math.floor(((i + 1) * all) / strips) - first;
    const grid = [down, across, first];
    jobs.push(
      {
        kernel: "winograd_input_f32",
        params: [at.x, v, h, w, c, ...grid, vPlane * 4, top, left],
        units: tiles,
        grain: Math.ceil(512 / c),
      },
      {
        kernel: "winograd_gradient_f32",
        params: [at.dy, u, oh, ow, oc, ...grid, uPlane * 4],
        units: tiles,
        grain: Math.ceil(512 / oc),
      },
      columnProductJob(
        kernels,
        {
          ...{ a: v, b: u, c: sums, runRows: c, columns: oc, cRow: oc },
          runs: [{ offset: 0, top: 0, bottom: 1, left: 0, right: tiles }],
          ...{ images: 1, height: 1, width: tiles, aSteps: [0, 0, c], bSteps: [0, 0, oc] },
          products: { count: POINTS, a: vPlane, b: uPlane, c: c * oc },
          accumulate: i > 0,
        },
        own,
      ),
    );
  }
  jobs.push({
    kernel: "winograd_weight_gradient_f32",
    params: [sums, at.dw, c * oc, at.accumulate ? 1 : 0, c * oc * 4],
    units: (c * oc) / 4,
    grain: 256,
  });
  return jobs;
}
