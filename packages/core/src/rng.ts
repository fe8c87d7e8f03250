import { EdgewrightError } from "./errors.js";

/**
 * A seeded source of random numbers: the same seed gives the same stream in every engine.
 *
 * State is a counter, so a stream can be saved, restored, and split into independent ones.
 */
export interface Rng {
  /** The next 32 random bits as a whole number from 0. */
  nextUint32(): number;
  /** Uniform in [0, 1), a multiple of 2^-53. */
  uniform(): number;
  /**
   * A whole number from `low` (inclusive) to `high` (exclusive), at most 2^32 of them, every one
   * equally likely.
   */
  integer(low: number, high: number): number;
  /** Normal with the given mean and standard deviation. @default 0, 1 */
  normal(mean?: number, standardDeviation?: number): number;
  /** Exponential with the given rate, mean 1 / rate. @default 1 */
  exponential(rate?: number): number;
  /** An index drawn with probability proportional to its weight. */
  categorical(weights: ArrayLike<number>): number;
  /** Puts the elements in random order, in place, and returns them. */
  shuffle<T extends { length: number; [index: number]: unknown }>(items: T): T;
  /**
   * A new, independent stream. Streams split off one after another, and what they split off in turn,
   * do not overlap with this one, whose own sequence goes on unchanged.
   */
  split(): Rng;
  /** The state as plain data, for {@link restoreRng}. */
  state(): RngState;
}

/** Where an {@link Rng} is in its stream; JSON-able. */
export interface RngState {
  readonly algorithm: "philox4x32-10";
  readonly key: readonly [number, number];
  /** 32-bit words drawn so far. */
  readonly drawn: number;
  /** Streams split off so far. */
  readonly splits: number;
}

/**
 * A random stream from a seed: Philox4x32-10, a counter-based generator that passes BigCrush
 * (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy as 1, 2, 3; SC 2011).
 *
 * Integers, uniforms, shuffles and categoricals use nothing but exact arithmetic; normals and
 * exponentials use the logarithm and square root written here, so they agree between engines too.
 *
 * @example
 * const rng = createRng(42);
 * console.log(rng.integer(0, 6), rng.integer(0, 6)); // 5 1
 *
 * @param seed a whole number from 0 to 2^53 - 1
 */
export function createRng(seed: number): Rng {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw refusal(`createRng: a whole seed from 0 to 2^53 - 1 was expected, got ${seed}`);
  }
  return streamAt([seed >>> 0, Math.floor(seed / WORDS)], 0, 0);
}

/** Continues a stream where {@link Rng.state} was taken. */
export function restoreRng(state: RngState): Rng {
  if (state.algorithm !== ALGORITHM) {
    throw refusal(`restoreRng: a state of ${ALGORITHM} was expected, got "${state.algorithm}"`);
  }
  return streamAt([state.key[0], state.key[1]], state.drawn, state.splits);
}

/**
 * One block of Philox4x32 with ten rounds: four random words from a counter and a key.
 *
 * The published test vectors of the Random123 library hold for it.
 */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const low0 = Math.imul(0xd2511f53, c0);
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low1 = Math.imul(0xcd9e8d57, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) | 0; // the golden ratio and sqrt(3) - 1: Weyl sequences of the paper
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}

const ALGORITHM = "philox4x32-10";
const WORDS = 2 ** 32;
const STREAM = 0; // the last counter word keeps drawing and splitting apart
const SPLIT = 1;

function streamAt(key: readonly [number, number], drawnBefore: number, splitsBefore: number): Rng {
  let drawn = drawnBefore;
  let splits = splitsBefore;
  let block: readonly number[] | undefined;
  const blockAt = (index: number, use: number): [number, number, number, number] =>
    philox4x32([index >>> 0, Math.floor(index / WORDS), 0, use], key);

  const nextUint32 = (): number => {
    const lane = drawn % 4;
    if (lane === 0 || !block) block = blockAt((drawn - lane) / 4, STREAM);
    drawn++;
    return block[lane]!;
  };
  const uniform = (): number => (nextUint32() >>> 5) * 2 ** -27 + (nextUint32() >>> 6) * 2 ** -53;
  const integer = (low: number, high: number): number => {
    const count = high - low;
    if (!(Number.isSafeInteger(low) && Number.isSafeInteger(high) && count > 0 && count <= WORDS)) {
      throw refusal(
        `Rng.integer: whole low < high, at most 2^32 apart, were expected, got ${low}, ${high}`,
      );
    }
    // Drop the few values that would make the first ones likelier.
    const limit = WORDS - (WORDS % count);
    for (;;) {
      const word = nextUint32();
      if (word < limit) return low + (word % count);
    }
  };

  return {
    nextUint32,
    uniform,
    integer,
    normal(mean = 0, standardDeviation = 1) {
      // Marsaglia's polar method (1964): no sine, whose last bit differs between engines.
      for (;;) {
        const x = 2 * uniform() - 1;
        const y = 2 * uniform() - 1;
        const s = x * x + y * y;
        if (s > 0 && s < 1) {
          return mean + standardDeviation * x * Math.sqrt((-2 * portableLog(s)) / s);
        }
      }
    },
    exponential(rate = 1) {
      if (!(rate > 0)) throw refusal(`Rng.exponential: a rate above 0 was expected, got ${rate}`);
      return -portableLog(1 - uniform()) / rate;
    },
    categorical(weights) {
      let total = 0;
      for (let i = 0; i < weights.length; i++) total += weights[i]! >= 0 ? weights[i]! : Number.NaN;
      if (!(total > 0 && total < Infinity)) {
        throw refusal("Rng.categorical: finite weights from 0, one of them above, were expected");
      }
      let rest = uniform() * total;
      let chosen = 0; // the last one above 0, should rounding leave a crumb behind it
      for (let i = 0; i < weights.length && rest >= 0; i++) {
        rest -= weights[i]!;
        if (weights[i]! > 0) chosen = i;
      }
      return chosen;
    },
    shuffle(items) {
      const list: { length: number; [index: number]: unknown } = items;
      for (let i = list.length - 1; i > 0; i--) {
        const j = integer(0, i + 1);
        const held = list[i];
        list[i] = list[j];
        list[j] = held;
      }
      return items;
    },
    split() {
      const [k0, k1] = blockAt(splits++, SPLIT);
      return streamAt([k0, k1], 0, 0);
    },
    state: () => ({ algorithm: ALGORITHM, key, drawn, splits }),
  };
}

function refusal(message: string): EdgewrightError {
  return new EdgewrightError("invalid-argument", message);
}

// Upper 32 bits of the product of two 32-bit words: a word times half a word fits a double.
function multiplyHigh(a: number, b: number): number {
  const low = Math.floor((a * (b & 65535)) / 65536);
  return Math.floor((a * (b >>> 16) + low) / 65536);
}

// Natural logarithm of a number from 0 (exclusive) to 1 from additions, multiplications and divisions, which IEEE 754 rounds alike
// everywhere; `Math.log` may differ in the last bit from engine to engine. With x = 2^e * m and m
// near 1, log m = 2 artanh((m - 1) / (m + 1)), whose series needs eleven terms for a double.
function portableLog(x: number): number {
  let exponent = 0;
  let m = x;
  for (; m < Math.SQRT1_2; exponent--) m *= 2;
  const s = (m - 1) / (m + 1);
  let sum = 0;
  for (let k = 21; k > 0; k -= 2) sum = 1 / k + s * s * sum;
  return exponent * Math.LN2 + 2 * s * sum;
}
