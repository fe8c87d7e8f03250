// The folds that scikit-learn's KFold(n, shuffle=True, random_state=seed) deals, so that reward models are fitted to
// the same rows as the reference's: the Mersenne Twister (Matsumoto and Nishimura, ACM TOMACS 1998) as NumPy's
// RandomState seeds it, and Fisher and Yates' shuffle with masked rejection as it draws from it.

const SIZE = 624;
const SHIFT = 397;

/** The fold from 0 of every row. */
export function dealNumpyFolds(rows: number, folds: number, seed: number): Int32Array {
  const nextUint32 = createMersenneTwister(seed);
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
