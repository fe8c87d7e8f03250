import { checkCounts } from "../../runtime/check-counts.js";

/** How [images, positions, c] is divided into units of work: runs of positions of one image. */
export interface ChannelChunks {
  readonly images: number;
  readonly positions: number;
  readonly c: number;
  /** Positions of a chunk, a multiple of 8. */
  readonly chunk: number;
  /** Chunks of an image. */
  readonly chunks: number;
  /** Units of a job over all chunks, and how many are worth a thread's while. */
  readonly units: number;
  readonly grain: number;
}

/**
 * Divides by the sizes alone, so that sums do not depend on the number of threads: 16 kB of x stay in the
 * first-level cache while a chunk is read twice, and 32 positions at least keep the merging of chunks cheap.
 */
export function channelChunks(
  where: string,
  images: number,
  positions: number,
  c: number,
): ChannelChunks {
  checkCounts(where, { images, positions, c }, 1);
  const chunk = Math.max(32, Math.min(256, Math.ceil(4096 / c / 8) * 8));
  const chunks = Math.ceil(positions / chunk);
  const rows = Math.min(chunk, positions);
  const grain = Math.max(1, Math.ceil(32768 / (rows * c)));
  return { images, positions, c, chunk, chunks, units: images * chunks, grain };
}

/** Bytes of a pair of sums for every channel of every chunk, and of the sums of images. */
export function partialBytes({ images, units, c }: ChannelChunks): {
  partial: number;
  merged: number;
} {
  return { partial: units * 2 * c * 4, merged: images * 2 * c * 4 };
}
