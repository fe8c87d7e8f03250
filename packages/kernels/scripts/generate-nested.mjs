// Writes the product of nested codes of 2 bits with one row of x (assembly/language/nested) to assembly/generated.
// Codes of two rows of weights go from registers into the product; several rows of x share what is decoded to memory.
import { mkdirSync, writeFileSync } from "node:fs";
import { HEADER, indent, range } from "./linear-tile-parts.mjs";

/** Where the pairs of the columns 0, 16, 32 and 48 and following begin in the bytes of a piece. */
const SHIFTS = [0, 4, 2, 6];

/** 16 columns of both rows, and an exit behind them, which keeps V8 from gathering the loads of all 8 steps. */
const step = (at) => {
  const [half, shift] = [at >> 2, SHIFTS[at & 3]];
  return [
    ...(shift === 0 ? range(2).map((r) => `v${r} = v128.load(w${r}, ${half * 16});`) : []),
    ...range(2).map((r) => {
      const pair = shift === 0 ? `v${r}` : `i16x8.shr_u(v${r}, ${shift})`;
      const centroids = `lookUp(entries${r}, v128.and(${pair}, pairs))`;
      return `s${r} = addProducts(s${r}, ${centroids}, x + ${at} * STEP_BYTES, bytes);`;
    }),
    "if (!--i) break;",
  ];
};

export function writeNestedPair() {
  mkdirSync("assembly/generated", { recursive: true });
  writeFileSync(
    "assembly/generated/nested-pair.ts",
    `${HEADER.replace("linear", "nested")}import { multiplyAdd } from "../lanes";
import { lookUp, PAIRS_OF_BYTES } from "../language/nested/nested-decode";
import { addProducts, LOW_BYTES, STEP_BYTES, STEPS_OF_BLOCK } from "../language/nested/nested-rows";

/** Adds the products of two rows with the columns of some blocks to two vectors of sums. */
export function addPair(
  w0: usize, rowBytes: usize, table: usize, x: usize, info: usize, blocks: i32, running: usize,
): void {
  const pairs = v128.load(PAIRS_OF_BYTES);
  const bytes = v128.load(LOW_BYTES);
  const entries0 = v128.load(table);
  const entries1 = v128.load(table, 16);
  const steps = load<i32>(STEPS_OF_BLOCK);
  let w1 = w0 + rowBytes;
  let v0: v128, v1: v128;
  let y0 = v128.load(running);
  let y1 = v128.load(running, 16);
  for (; blocks; blocks--) {
    let s0 = i32x4.splat(0);
    let s1 = s0;
    let i = steps;
    while (true) {
${indent(range(8).flatMap(step), 6)}
    }
    const value = v128.load_splat<f32>(info);
    y0 = multiplyAdd(y0, f32x4.convert_i32x4_s(s0), value);
    y1 = multiplyAdd(y1, f32x4.convert_i32x4_s(s1), value);
    w0 += 32;
    w1 += 32;
    x += 8 * STEP_BYTES;
    info += 4;
  }
  v128.store(running, y0);
  v128.store(running, y1, 16);
}
`,
  );
}
