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
  /** A whole number from `low` (inclusive) to `high` (exclusive), every one equally likely. */
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
    throw new EdgewrightError(
      "invalid-argument",
      `createRng: the seed must be a whole number from 0 to 2^53 - 1, got ${seed}`,
    );
  }
  return new PhiloxRng([seed >>> 0, Math.floor(seed / 2 ** 32)], 0, 0);
}

/** Continues a stream where {@link Rng.state} was taken. */
export function restoreRng(state: RngState): Rng {
  if (state.algorithm !== "philox4x32-10") {
    throw new EdgewrightError(
      "invalid-argument",
      `restoreRng: a state of philox4x32-10 was expected, got one of "${state.algorithm}"`,
    );
  }
  return new PhiloxRng([state.key[0], state.key[1]], state.drawn, state.splits);
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

const STREAM = 0; // the last counter word keeps drawing and splitting apart
const SPLIT = 1;

class PhiloxRng implements Rng {
  readonly #key: readonly [number, number];
  #drawn: number;
  #splits: number;
  #block: readonly number[] = [];

  constructor(key: readonly [number, number], drawn: number, splits: number) {
    this.#key = key;
    this.#drawn = drawn;
    this.#splits = splits;
    if (drawn % 4 !== 0) this.#block = this.#blockAt(Math.floor(drawn / 4));
  }

  nextUint32(): number {
    const lane = this.#drawn % 4;
    if (lane === 0) this.#block = this.#blockAt(this.#drawn / 4);
    this.#drawn++;
    return this.#block[lane]!;
  }

  uniform(): number {
    const high = this.nextUint32() >>> 5;
    const low = this.nextUint32() >>> 6;
    return (high * 67108864 + low) * 2 ** -53;
  }

  integer(low: number, high: number): number {
    const count = high - low;
    if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || !(count > 0)) {
      throw new EdgewrightError(
        "invalid-argument",
        `Rng.integer: whole numbers low < high were expected, got ${low} and ${high}`,
      );
    }
    if (count > 2 ** 32) return low + Math.floor(this.uniform() * count);
    // Drop the few values that would make the first ones likelier.
    const limit = 2 ** 32 - (2 ** 32 % count);
    for (;;) {
      const word = this.nextUint32();
      if (word < limit) return low + (word % count);
    }
  }

  normal(mean = 0, standardDeviation = 1): number {
    // Marsaglia's polar method (1964): no sine, whose last bit differs between engines.
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const s = x * x + y * y;
      if (s > 0 && s < 1) {
        return mean + standardDeviation * x * Math.sqrt((-2 * portableLog(s)) / s);
      }
    }
  }

  exponential(rate = 1): number {
    if (!(rate > 0)) {
      throw new EdgewrightError(
        "invalid-argument",
        `Rng.exponential: a rate above 0 was expected, got ${rate}`,
      );
    }
    return -portableLog(1 - this.uniform()) / rate;
  }

  categorical(weights: ArrayLike<number>): number {
    let total = 0;
    let last = -1;
    for (let i = 0; i < weights.length; i++) {
      const weight = weights[i]!;
      if (!(weight >= 0 && weight < Infinity)) {
        throw new EdgewrightError(
          "invalid-argument",
          `Rng.categorical: weights must be finite and not negative, weight ${i} is ${weight}`,
        );
      }
      if (weight > 0) last = i;
      total += weight;
    }
    if (last < 0) {
      throw new EdgewrightError("invalid-argument", "Rng.categorical: no weight is above 0");
    }
    let rest = this.uniform() * total;
    for (let i = 0; i < last; i++) {
      rest -= weights[i]!;
      if (rest < 0) return i;
    }
    return last; // rounding may leave a crumb behind the last one
  }

  shuffle<T extends { length: number; [index: number]: unknown }>(items: T): T {
    const list: { length: number; [index: number]: unknown } = items;
    for (let i = list.length - 1; i > 0; i--) {
      const j = this.integer(0, i + 1);
      const held = list[i];
      list[i] = list[j];
      list[j] = held;
    }
    return items;
  }

  split(): Rng {
    const index = this.#splits++;
    const [k0, k1] = philox4x32([index >>> 0, Math.floor(index / 2 ** 32), 0, SPLIT], this.#key);
    return new PhiloxRng([k0, k1], 0, 0);
  }

  state(): RngState {
    return {
      algorithm: "philox4x32-10",
      key: this.#key,
      drawn: this.#drawn,
      splits: this.#splits,
    };
  }

  #blockAt(index: number): readonly number[] {
    return philox4x32([index >>> 0, Math.floor(index / 2 ** 32), 0, STREAM], this.#key);
  }
}

// Upper 32 bits of the product of two 32-bit words, from 16-bit halves.
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carried = aLow * bHigh + (middle % 65536);
  return aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carried / 65536);
}

/**
 * Natural logarithm of a positive double from additions, multiplications and one division, which
 * IEEE 754 rounds alike everywhere; `Math.log` may differ in the last bit from engine to engine.
 * After FreeBSD's `e_log.c` (Sun Microsystems, 1993); within one unit in the last place.
 */
function portableLog(x: number): number {
  if (x === 0) return -Infinity;
  let exponent = 0;
  let f = x;
  while (f < Math.SQRT1_2) {
    f *= 2;
    exponent--;
  }
  while (f >= Math.SQRT2) {
    f /= 2;
    exponent++;
  }
  f -= 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const odd =
    z *
    (0.6666666666666735 +
      w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const half = 0.5 * f * f;
  const high = 0.6931471803691238;
  const low = 1.9082149292705877e-10;
  return exponent * high - (half - (s * (half + even + odd) + exponent * low) - f);
}
