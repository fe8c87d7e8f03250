/** A piece of memory that a value needs from one step to another, both included. */
export interface BufferRequest {
  readonly bytes: number;
  /** Step that first writes it; -1 for what is there before the first. */
  readonly from: number;
  /** Last step that touches it. */
  readonly to: number;
}

/** Where every buffer lies in one block. */
export interface BufferPlan {
  /** Byte offset of each request, a multiple of the alignment. */
  readonly offsets: readonly number[];
  /** Size of the block. */
  readonly bytes: number;
}

/** A cache line: kernels read and write whole lines. */
const ALIGNMENT = 64;

/**
 * Lays buffers out in one block so that those alive at the same time do not overlap: the largest
 * first, each at the lowest offset that is free for its whole life.
 *
 * Source: Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference" (2020), greedy
 * by size for offset calculation. Quadratic in the number of buffers.
 */
export function planBuffers(requests: readonly BufferRequest[]): BufferPlan {
  const offsets = new Array<number>(requests.length).fill(0);
  const order = requests.map((_, i) => i).sort((a, b) => requests[b]!.bytes - requests[a]!.bytes);
  // Buffers already placed, by offset.
  const placed: number[] = [];
  let bytes = 0;
  for (const index of order) {
    const request = requests[index]!;
    const size = roundUp(request.bytes);
    if (size === 0) continue;
    let offset = 0;
    let best = -1;
    let bestGap = Number.POSITIVE_INFINITY;
    for (const other of placed) {
      const neighbour = requests[other]!;
      if (neighbour.from > request.to || neighbour.to < request.from) continue;
      const gap = offsets[other]! - offset;
      if (gap >= size && gap < bestGap) {
        best = offset;
        bestGap = gap;
      }
      offset = Math.max(offset, offsets[other]! + roundUp(neighbour.bytes));
    }
    const at = best >= 0 ? best : offset;
    offsets[index] = at;
    bytes = Math.max(bytes, at + size);
    let low = 0;
    let high = placed.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (offsets[placed[middle]!]! <= at) low = middle + 1;
      else high = middle;
    }
    placed.splice(low, 0, index);
  }
  return { offsets, bytes };
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
