import { solveSymmetric } from "../internal/solve-symmetric.js";

/** Rounds of choosing signs and refitting scales in turn; most groups settle in a handful. */
const ROUNDS = 12;

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
  const scales = new Float64Array(9);
  const gram = new Float64Array(81);
  const system = new Float64Array(81);
  const right = new Float64Array(9);
  const levels = new Float64Array(256);
  let weights: Float64Array = new Float64Array(0);
  let shares: Float64Array = new Float64Array(0);
  let count = 0;
  let width = 0;

  // Least squares for the offset and the scales at the signs there are.
  const refit = (): void => {
    const size = width + 1;
    gram.fill(0, 0, size * size);
    right.fill(0, 0, size);
    for (let at = 0; at < count; at++) {
      const code = codes[at]!;
      const share = shares[at]!;
      const pull = share * weights[at]!;
      gram[0]! += share;
      right[0]! += pull;
      for (let plane = 0; plane < width; plane++) {
        const row = (plane + 1) * size;
        const sign = (code >> (width - 1 - plane)) & 1 ? 1 : -1;
        right[plane + 1]! += sign * pull;
        gram[row]! += sign * share;
        for (let other = 0; other <= plane; other++) {
          const same = ((code >> (width - 1 - other)) & 1 ? 1 : -1) === sign;
          gram[row + other + 1]! += same ? share : -share;
        }
      }
    }
    system.set(gram.subarray(0, size * size));
    scales.set(right.subarray(0, size));
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

  const alternate = (choose: () => boolean): void => {
    refit();
    for (let round = 0; round < ROUNDS && choose(); round++) refit();
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
      refit();
    },
    seed(wanted) {
      while (width < wanted) {
        addPlane();
        alternate(chooseLast);
      }
      alternate(chooseAll);
    },
    grow() {
      addPlane();
      alternate(chooseLast);
    },
  };
}
