/** A hash that takes its bytes a piece at a time. */
export interface Hash {
  /** Adds the next bytes. */
  update(bytes: Uint8Array): void;
  /** The hash as lower-case hexadecimal digits; nothing can be added afterwards. */
  digest(): string;
}

/**
 * SHA-256 of bytes as they come (FIPS 180-4): `crypto.subtle` hashes only what lies in memory as a whole, which
 * the file of a model should not.
 */
export function createSha256(): Hash {
  const constants = roundConstants();
  const state = initialState();
  const words = new Int32Array(64);
  const block = new Uint8Array(64);
  let filled = 0;
  let total = 0;

  function compress(bytes: Uint8Array, at: number): void {
    for (let i = 0; i < 16; i++) {
      const from = at + 4 * i;
      words[i] =
        (bytes[from]! << 24) |
        (bytes[from + 1]! << 16) |
        (bytes[from + 2]! << 8) |
        bytes[from + 3]!;
    }
    for (let i = 16; i < 64; i++) {
      const x = words[i - 15]!;
      const y = words[i - 2]!;
      const s0 = turn(x, 7) ^ turn(x, 18) ^ (x >>> 3);
      const s1 = turn(y, 17) ^ turn(y, 19) ^ (y >>> 10);
      words[i] = (words[i - 16]! + s0 + words[i - 7]! + s1) | 0;
    }
    let [a, b, c, d, e, f, g, h] = state as unknown as [
      ...[number, number, number, number, number, number, number, number],
    ];
    for (let i = 0; i < 64; i++) {
      const s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
      const choice = (e & f) ^ (~e & g);
      const t1 = (h + s1 + choice + constants[i]! + words[i]!) | 0;
      const s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
      const majority = (a & b) ^ (a & c) ^ (b & c);
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + s0 + majority) | 0;
    }
    const sums = [a, b, c, d, e, f, g, h];
    for (let i = 0; i < 8; i++) state[i] = (state[i]! + sums[i]!) | 0;
  }

  function update(bytes: Uint8Array): void {
    total += bytes.length;
    let at = 0;
    if (filled > 0) {
      at = Math.min(64 - filled, bytes.length);
      block.set(bytes.subarray(0, at), filled);
      filled += at;
      if (filled < 64) return;
      compress(block, 0);
      filled = 0;
    }
    for (; at + 64 <= bytes.length; at += 64) compress(bytes, at);
    block.set(bytes.subarray(at), 0);
    filled = bytes.length - at;
  }

  return {
    update,
    digest() {
      const bits = total * 8;
      const padding = new Uint8Array(((119 - (total % 64)) % 64) + 1 + 8);
      padding[0] = 0x80;
      const view = new DataView(padding.buffer);
      view.setUint32(padding.length - 8, Math.floor(bits / 2 ** 32));
      view.setUint32(padding.length - 4, bits >>> 0);
      update(padding);
      return [...state].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
    },
  };
}

function turn(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

let constantsMade: Int32Array | undefined;

// The first 32 bits of the fractions of the cube roots of the first 64 primes.
function roundConstants(): Int32Array {
  constantsMade ??= Int32Array.from(firstPrimes(64), (prime) => fractionBits(prime, 3n));
  return constantsMade;
}

// Those of the square roots of the first 8.
function initialState(): Int32Array {
  return Int32Array.from(firstPrimes(8), (prime) => fractionBits(prime, 2n));
}

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) if (primes.every((p) => n % p !== 0)) primes.push(n);
  return primes;
}

// In whole numbers, since engines may differ in the last bits of a root.
function fractionBits(prime: number, root: bigint): number {
  const target = BigInt(prime) << (32n * root);
  let low = 0n;
  let high = 1n << 40n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** root <= target) low = middle;
    else high = middle;
  }
  return Number(low & 0xffffffffn) | 0;
}
