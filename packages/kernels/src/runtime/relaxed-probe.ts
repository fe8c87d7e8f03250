// A function with `i16x8.relaxed_dot_i8x16_i7x16_s`, which engines without relaxed SIMD refuse.
const PROBE = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15,
  65, 2, 253, 15, 253, 146, 2, 11,
];

/** Whether the engine accepts relaxed SIMD. */
export function supportsRelaxedSimd(): boolean {
  return WebAssembly.validate(new Uint8Array(PROBE));
}
