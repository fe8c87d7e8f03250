import type { Range } from "./weight-ranges.test-support.js";

/** Uniform integers in `[0, bound)` from a seed: a mutant can be made again from its number. */
export type RandomInteger = (bound: number) => number;

/** Mulberry32. */
export function randomIntegers(seed: number): RandomInteger {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % bound;
  };
}

/** A copy of `bytes` with one fault or a few, nine of ten outside the `weights`. */
export function mutate(
  bytes: Uint8Array,
  weights: readonly Range[],
  random: RandomInteger,
): Uint8Array {
  let mutant: Uint8Array = bytes.slice();
  const faults = random(3) > 0 ? 1 : 2 + random(3);
  for (let fault = 0; fault < faults; fault++) {
    // Ranges are those of the original: close enough after a fault that moved them.
    const at = Math.min(position(bytes.length, weights, random), mutant.length - 1);
    mutant = applyFault(mutant, at, random);
    if (mutant.length < 2) break;
  }
  return mutant;
}

function position(length: number, weights: readonly Range[], random: RandomInteger): number {
  if (random(10) === 0) return random(length);
  const weightBytes = weights.reduce((sum, [begin, end]) => sum + end - begin, 0);
  let at = random(length - weightBytes);
  for (const [begin, end] of weights) {
    if (at < begin) break;
    at += end - begin;
  }
  return at;
}

function applyFault(bytes: Uint8Array, at: number, random: RandomInteger): Uint8Array {
  switch (random(12)) {
    case 0:
      return bytes.slice(0, at + 1);
    case 1:
      return splice(bytes, at, 1 + random(16), new Uint8Array(0));
    case 2:
      return splice(bytes, at, 0, bytes.slice(at, at + 1 + random(64)));
    case 3:
      // The largest varint there is: -1, 2^64 - 1, or a length beyond every file.
      bytes.set([255, 255, 255, 255, 255, 255, 255, 255, 255, 1].slice(0, bytes.length - at), at);
      return bytes;
    case 4:
      bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random(5)]!;
      return bytes;
    case 5: {
      const from = random(Math.max(1, bytes.length - 16));
      bytes.copyWithin(at, from, from + 1 + random(16));
      return bytes;
    }
    default:
      bytes[at]! ^= 1 << random(8);
      return bytes;
  }
}

function splice(bytes: Uint8Array, at: number, drop: number, insert: Uint8Array): Uint8Array {
  const rest = bytes.subarray(Math.min(bytes.length, at + drop));
  const result = new Uint8Array(at + insert.length + rest.length);
  result.set(bytes.subarray(0, at));
  result.set(insert, at);
  result.set(rest, at + insert.length);
  return result;
}
