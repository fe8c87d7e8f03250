import { solveSymmetric } from "../internal/solve-symmetric.js";

/** Rounds of choosing signs and refitting scales in turn; most groups settle in a handful. */
const ROUNDS = 8;

/** An offset and up to eight scales. */
const STRIDE = 9;

/**
 * The binary code of one group of weights, found one width after another: signs of the planes so far stay,
 * signs of the next plane and the scales of all of them are chosen in turn (alternating minimisation, Xu et al.,
 * ICLR 2018, section 4).
 */
export interface SignFitter {
  /** Begins a group. @param shares how much each weight counts */
  begin(weights: Float64Array, shares: Float64Array, count: number): void;
  /**
   * Chooses the signs of all `width` planes and their scales together: the smallest width of a nested code.
   */
  seed(width: number): void;
  /** Adds a plane to those there are. */
  grow(): void;
  /** [width + 1]: an offset, then one scale a plane. */
  readonly scales: Float64Array;
  /** Codes of the weights: the sign of plane k is bit `width - 1 - k`. */
  readonly codes: Uint8Array;
  /** Planes there are. */
  readonly width: number;
}

/** Makes a fitter for groups of up to `capacity` weights. */
export function createSignFitter(capacity: number): SignFitter {
  const codes = new Uint8Array(capacity);
  const scales = new Float64Array(STRIDE);
  const gram = new Float64Array(STRIDE * STRIDE);
  const system = new Float64Array(STRIDE * STRIDE);
  const pulls = new Float64Array(STRIDE);
  const levels = new Float64Array(256);
  let weights: Float64Array = new Float64Array(0);
  let shares: Float64Array = new Float64Array(0);
  let count = 0;
  let width = 0;

  // Least squares for the offset and the scales at the signs there are. Planes before `first` are as they were at
  // the last call, and so are their sums.
  const refit = (first: number): void => {
    const size = width + 1;
    if (first === 0) {
      gram[0] = 0;
      pulls[0] = 0;
      for (let at = 0; at < count; at++) {
        gram[0]! += shares[at]!;
        pulls[0]! += shares[at]! * weights[at]!;
      }
    }
    for (let plane = first; plane < width; plane++) {
      const row = (plane + 1) * STRIDE;
      gram.fill(0, row, row + plane + 1);
      let pull = 0;
      for (let at = 0; at < count; at++) {
        const code = codes[at]!;
        const upper = (code >> (width - 1 - plane)) & 1;
        const share = upper ? shares[at]! : -shares[at]!;
        pull += share * weights[at]!;
        gram[row]! += share;
        for (let other = 0; other < plane; other++) {
          gram[row + other + 1]! += (code >> (width - 1 - other)) & 1 ? share : -share;
        }
      }
      gram[row + plane + 1] = gram[0]!;
      pulls[plane + 1] = pull;
    }
    for (let row = 0; row < size; row++) {
      for (let col = 0; col <= row; col++) system[row * size + col] = gram[row * STRIDE + col]!;
      scales[row] = pulls[row]!;
    }
    solveSymmetric(system, scales, size);
  };

  const findLevels = (): void => {
    for (let code = 0; code < 2 ** width; code++) {
      let level = scales[0]!;
      for (let plane = 0; plane < width; plane++) {
        const scale = scales[plane + 1]!;
        level += (code >> (width - 1 - plane)) & 1 ? scale : -scale;
      }
      levels[code] = level;
    }
  };

  // The sign of the last plane that brings each weight nearest. @returns whether one changed
  const chooseLast = (): boolean => {
    findLevels();
    let changed = false;
    for (let at = 0; at < count; at++) {
      const low = codes[at]! & ~1;
      const weight = weights[at]!;
      const upper = Math.abs(weight - levels[low + 1]!) < Math.abs(weight - levels[low]!);
      const code = upper ? low + 1 : low;
      if (code === codes[at]) continue;
      codes[at] = code;
      changed = true;
    }
    return changed;
  };

  const chooseAll = (): boolean => {
    findLevels();
    let changed = false;
    for (let at = 0; at < count; at++) {
      let best = codes[at]!;
      for (let code = 0; code < 2 ** width; code++) {
        if (Math.abs(weights[at]! - levels[code]!) < Math.abs(weights[at]! - levels[best]!)) {
          best = code;
        }
      }
      if (best === codes[at]) continue;
      codes[at] = best;
      changed = true;
    }
    return changed;
  };

  const alternate = (choose: () => boolean, first: number): void => {
    refit(first);
    for (let round = 0; round < ROUNDS && choose(); round++) refit(first);
  };

  // A plane whose sign is that of what is left, and whose scale the mean size of it.
  const addPlane = (): void => {
    findLevels();
    let size = 0;
    let total = 0;
    for (let at = 0; at < count; at++) {
      const rest = weights[at]! - levels[codes[at]!]!;
      codes[at] = 2 * codes[at]! + (rest > 0 ? 1 : 0);
      size += shares[at]! * Math.abs(rest);
      total += shares[at]!;
    }
    width++;
    scales[width] = total > 0 ? size / total : 0;
  };

  return {
    scales,
    codes,
    get width() {
      return width;
    },
    begin(nextWeights, nextShares, nextCount) {
      weights = nextWeights;
      shares = nextShares;
      count = nextCount;
      width = 0;
      codes.fill(0);
      refit(0);
    },
    seed(wanted) {
      while (width < wanted) {
        addPlane();
        alternate(chooseLast, width - 1);
      }
      alternate(chooseAll, 0);
    },
    grow() {
      addPlane();
      alternate(chooseLast, width - 1);
    },
  };
}
