// Three functions over splatted lanes, answering lane 0: d(a, b, c) the relaxed dot product of bytes,
// s(a, b) the relaxed swizzle, m(a, b, c) the relaxed multiply-add. Engines without relaxed SIMD refuse it.
const PROBE = /*@__PURE__*/ (() => [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 21, 3, 96, 2, 127, 127, 1, 127, 96, 3, 125, 125, 125, 1, 125, 96,
  3, 127, 127, 127, 1, 127, 3, 4, 3, 0, 1, 2, 7, 13, 3, 1, 100, 0, 2, 1, 115, 0, 0, 1, 109, 0, 1,
  10, 60, 3, 16, 0, 32, 0, 253, 17, 32, 1, 253, 17, 253, 128, 2, 253, 27, 0, 11, 20, 0, 32, 0, 253,
  19, 32, 1, 253, 19, 32, 2, 253, 19, 253, 133, 2, 253, 31, 0, 11, 20, 0, 32, 0, 253, 17, 32, 1,
  253, 17, 32, 2, 253, 17, 253, 147, 2, 253, 27, 0, 11,
])();

/**
 * How an engine reads the second operand of `i32x4.relaxed_dot_i8x16_i7x16_add_s` when it leaves 0..127:
 * as an unsigned or a signed byte with an exact sum, or in no way that arithmetic can rely on.
 */
export type RelaxedDotOperand = "unsigned" | "signed" | "seven-bit";

interface ProbeExports {
  d(a: number, b: number, c: number): number;
  s(a: number, b: number): number;
  m(a: number, b: number, c: number): number;
}

/**
 * Whether the engine has relaxed SIMD and computes it right.
 *
 * Accepting the instructions is not enough: Node 20 with its experimental flag accepts them, and its
 * baseline compiler gives wrong sums until a function has become hot. So a fresh instance computes
 * known answers, with operands for which the standard leaves no choice.
 */
export function supportsRelaxedSimd(): boolean {
  const probe = instantiateProbe();
  if (probe === undefined) return false;
  for (const [a, b, c] of PLAIN) {
    if (probe.d(word(a), word(b), c) !== sumOfProducts(a, b) + c) return false;
  }
  const picked = probe.s(word([1, 2, 3, 4]), word([3, 2, 1, 0]));
  return picked === word([4, 3, 2, 1]) && probe.m(2, 3, 4) === 10 && probe.m(-1.5, 4, 1) === -5;
}

/**
 * Reads the second operand of the relaxed dot product by experiment.
 *
 * The standard fixes the result for 0..127 only. Hardware with a byte dot product (x86 VNNI: unsigned;
 * Arm SDOT: signed) gives the exact sum for all 256 codes, which lets 8-bit weights meet 8-bit
 * activations in one instruction; elsewhere (a pair of SSSE3 instructions) sums saturate.
 */
export function relaxedDotOperand(): RelaxedDotOperand {
  knownOperand ??= probeDotOperand();
  return knownOperand;
}

// The engine does not change while it runs, and every packing of int8 weights asks.
let knownOperand: RelaxedDotOperand | undefined;

function probeDotOperand(): RelaxedDotOperand {
  const probe = instantiateProbe();
  if (probe === undefined || !supportsRelaxedSimd()) return "seven-bit";
  const agrees = (read: (byte: number) => number): boolean =>
    FULL_RANGE.every(
      ([a, b, c]) => probe.d(word(a), word(b), c) === ((sumOfProducts(a, b.map(read)) + c) | 0),
    );
  if (agrees((byte) => byte & 255)) return "unsigned";
  if (agrees((byte) => (byte << 24) >> 24)) return "signed";
  return "seven-bit";
}

type Case = readonly [a: readonly number[], b: readonly number[], c: number];

const PLAIN: readonly Case[] = /*@__PURE__*/ (() => [
  [[-3, -3, -3, -3], [5, 5, 5, 5], 0],
  [[-128, -128, -128, -128], [127, 127, 127, 127], -7],
  [[127, -128, 1, -1], [127, 1, 0, 64], 1000000],
  [[-3, -3, -3, -3], [5, 5, 5, 5], 420],
])();

const FULL_RANGE: readonly Case[] = /*@__PURE__*/ (() => [
  [[-128, -128, -128, -128], [255, 255, 255, 255], 0],
  [[127, 127, 127, 127], [255, 255, 255, 255], 5],
  [[127, 127, 127, 127], [128, 128, 128, 128], -9],
  [[-128, 127, -1, 1], [128, 255, 200, 129], 77],
  [[-128, -128, 127, 127], [254, 253, 131, 190], 2147483000],
])();

function instantiateProbe(): ProbeExports | undefined {
  const bytes = new Uint8Array(PROBE);
  if (!WebAssembly.validate(bytes)) return undefined;
  try {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    return instance.exports as unknown as ProbeExports;
  } catch {
    return undefined; // run-time compilation forbidden
  }
}

function word(bytes: readonly number[]): number {
  return bytes.reduce((bits, byte, i) => bits | ((byte & 255) << (8 * i)), 0);
}

function sumOfProducts(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
