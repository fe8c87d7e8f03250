// NumPy's RandomState, as far as the reference drew from it: the folds of its reward model (scikit-learn's KFold) and
// the slates of its Thompson sampling. With the same numbers its figures come out again in every printed digit.
// Mersenne Twister: Matsumoto and Nishimura, ACM TOMACS 1998. Normals: Marsaglia's polar method. Gamma: Marsaglia and
// Tsang, ACM TOMS 2000.

const SIZE = 624;
const SHIFT = 397;

/** A stream of 32-bit words and what is drawn from it. */
export interface NumpyRandom {
  nextUint32(): number;
  /** Parameters above 1. */
  beta(a: number, b: number): number;
}

/** The stream of `numpy.random.RandomState(seed)`. */
export function createNumpyRandom(seed: number): NumpyRandom {
  const nextUint32 = createMersenneTwister(seed);
  const uniform = (): number => {
    const high = nextUint32() >>> 5;
    return (high * 2 ** 26 + (nextUint32() >>> 6)) / 2 ** 53;
  };
  let kept: number | undefined;
  const normal = (): number => {
    if (kept !== undefined) {
      const value = kept;
      kept = undefined;
      return value;
    }
    for (;;) {
      const x = 2 * uniform() - 1;
      const y = 2 * uniform() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      kept = scale * x;
      return scale * y;
    }
  };
  const gamma = (shape: number): number => {
    const b = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * b);
    for (;;) {
      let x = normal();
      let v = 1 + c * x;
      while (v <= 0) {
        x = normal();
        v = 1 + c * x;
      }
      v = v * v * v;
      const u = uniform();
      if (u < 1 - 0.0331 * (x * x) * (x * x)) return b * v;
      if (Math.log(u) < 0.5 * x * x + b * (1 - v + Math.log(v))) return b * v;
    }
  };
  return {
    nextUint32,
    beta(a, b) {
      const above = gamma(a);
      return above / (above + gamma(b));
    },
  };
}

/** The fold from 0 of every row, as `KFold(folds, shuffle=True, random_state=seed)` deals them. */
export function dealNumpyFolds(rows: number, folds: number, seed: number): Int32Array {
  const { nextUint32 } = createNumpyRandom(seed);
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  for (let i = rows - 1; i > 0; i--) {
    const mask = 2 ** (32 - Math.clz32(i)) - 1;
    let j = (nextUint32() & mask) >>> 0;
    while (j > i) j = (nextUint32() & mask) >>> 0;
    const held = order[i]!;
    order[i] = order[j]!;
    order[j] = held;
  }
  // The first folds take one row more where rows do not divide evenly.
  const foldOf = new Int32Array(rows);
  let start = 0;
  for (let fold = 0; fold < folds; fold++) {
    const size = Math.floor(rows / folds) + (fold < rows % folds ? 1 : 0);
    for (let k = start; k < start + size; k++) foldOf[order[k]!] = fold;
    start += size;
  }
  return foldOf;
}

/** Shares of simulated slates: how often each arm's drawn rate came at each place, [places][arms]. */
export function simulateSlates(
  alphas: readonly number[],
  betas: readonly number[],
  options: { readonly places: number; readonly simulations: number; readonly seed: number },
): Float64Array[] {
  const { places, simulations, seed } = options;
  const random = createNumpyRandom(seed);
  const arms = alphas.length;
  const shares = Array.from({ length: places }, () => new Float64Array(arms));
  const rates = new Float64Array(arms);
  for (let s = 0; s < simulations; s++) {
    for (let arm = 0; arm < arms; arm++) rates[arm] = random.beta(alphas[arm]!, betas[arm]!);
    for (let place = 0; place < places; place++) {
      let best = 0;
      for (let arm = 1; arm < arms; arm++) if (rates[arm]! > rates[best]!) best = arm;
      shares[place]![best]!++;
      rates[best] = -1;
    }
  }
  for (const place of shares) for (let arm = 0; arm < arms; arm++) place[arm]! /= simulations;
  return shares;
}

function createMersenneTwister(seed: number): () => number {
  const state = new Uint32Array(SIZE);
  state[0] = seed;
  for (let i = 1; i < SIZE; i++) {
    const previous = state[i - 1]! ^ (state[i - 1]! >>> 30);
    state[i] = Math.imul(1812433253, previous) + i;
  }
  let at = SIZE;
  return () => {
    if (at === SIZE) {
      for (let i = 0; i < SIZE; i++) {
        const y = (state[i]! & 0x80000000) | (state[(i + 1) % SIZE]! & 0x7fffffff);
        state[i] = state[(i + SHIFT) % SIZE]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      at = 0;
    }
    let y = state[at++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
}
