// Writes the unrolled register tiles of assembly/segment-product.ts to assembly/generated/tiles.ts, and those
// of assembly/training/column-product.ts, which sum over positions, to assembly/generated/column-tiles.ts.
// Row counts share one template; writing them by hand would be 21 copies of the same four lines.
import { mkdirSync, writeFileSync } from "node:fs";

/**
 * Row counts and steps of k in a turn of the loop: many steps in the tiles where the time goes (the main
 * one is 4 rows without and 6 with relaxed SIMD), few in those for what is left over.
 */
const TILES = [
  { name: "tile1", rows: 1, unroll: 4 },
  { name: "tile2", rows: 2, unroll: 4 },
  { name: "tile3", rows: 3, unroll: 4 },
  { name: "tile4", rows: 4, unroll: 4 },
  { name: "tile5", rows: 5, unroll: 4 },
  { name: "tile4Long", rows: 4, unroll: 16 },
  { name: "tile6Long", rows: 6, unroll: 8 },
];

const list = (count, item) => Array.from({ length: count }, (_, i) => item(i));
const indent = (lines, depth) => lines.map((line) => " ".repeat(depth) + line).join("\n");

/**
 * One step of k: a row of the panel (2 vectors) times one value of every row of A.
 *
 * Every step but the last of the unrolled loop ends in a way out. It serves lengths that are no multiple
 * of the unrolling, and it keeps the steps apart: optimisers (Binaryen's and V8's) otherwise move the
 * loads of all steps before the arithmetic of the first, and spill, which halves the speed.
 */
function step(rows, k, set) {
  const sum = (r, j) => (set === 0 ? `c${r}${j}` : `s${set}${r}${j}`);
  return [
    `p = v128.load(b, ${k * 32}); q = v128.load(b, ${k * 32 + 16});`,
    ...list(rows, (r) => [
      `a = v128.load32_splat(a${r}, ${k * 4});`,
      ...["p", "q"].map((half, j) => `${sum(r, j)} = multiplyAdd(${sum(r, j)}, a, ${half});`),
    ]).flat(),
  ];
}

/**
 * Sums a tile keeps per output: one or two rows alone would wait for the additions, 3 to 4 cycles each,
 * so their steps take turns between independent sums.
 */
const setsOf = (rows) => (rows === 1 ? 4 : rows === 2 ? 2 : 1);

const moreSums = (rows, item) =>
  list(setsOf(rows) - 1, (s) => list(rows, (r) => [0, 1].map((j) => item(s + 1, r, j)))).flat(2);

function tile({ name, rows, unroll }) {
  const each = (item) => list(rows, item).join(" ");
  return `
export function ${name}(
  job: usize, ${each((r) => `a${r}: usize,`)}
  b: usize, at: usize, residual: usize, bias: usize, columns: i32,
): void {
  const length = <usize>load<u32>(job, LENGTH);
  const deltas = <usize>load<u32>(job, DELTAS);
  const lastDelta = <usize>load<u32>(job, LAST_DELTA);
  while (columns > 0) {
    const count = min(columns, 8);
    let c00 = loadBias(bias, count), c01 = loadBias4(bias, count);
    ${each((r) => (r === 0 ? "" : `let c${r}0 = c00, c${r}1 = c01;`))}
    ${moreSums(rows, (s, r, j) => `let s${s}${r}${j} = f32x4.splat(0);`).join(" ")}
    let a: v128, p: v128, q: v128, y: usize;
    let delta = deltas;
    if (length) for (;;) {
      let left = length;
      for (;;) {
${indent(
  list(unroll, (k) => [
    ...step(rows, k, k % setsOf(rows)),
    ...(k < unroll - 1 ? [`if (left == ${32 * (k + 1)}) break;`] : []),
  ]).flat(),
  8,
)}
        left -= ${unroll * 32};
        b += ${unroll * 32};
        ${each((r) => `a${r} += ${unroll * 4};`)}
        if (!left) break;
      }
      const jump = <usize>load<u32>(delta) + (left >> 3);
      b += left;
      ${each((r) => `a${r} += jump;`)}
      if (delta == lastDelta) break;
      delta += 4;
    }
    ${moreSums(rows, (s, r, j) => `c${r}${j} = f32x4.add(c${r}${j}, s${s}${r}${j});`).join(" ")}
    const lo = v128.load32_splat(job, LOW), hi = v128.load32_splat(job, HIGH);
    if (residual) {
      const ldr = <usize>load<u32>(job, R_COLUMN);
      let r = residual;
${indent(
  list(rows, (r) => [
    `c${r}0 = f32x4.add(c${r}0, loadPart(r, count)); c${r}1 = f32x4.add(c${r}1, loadPart4(r, count));`,
    ...(r < rows - 1 ? ["r += ldr;"] : []),
  ]).flat(),
  6,
)}
      residual += 32;
    }
    if (count == 8) {
${indent(
  list(rows, (r) => [
    `y = y${r} + at; v128.store(y, clamp(c${r}0, lo, hi)); v128.store(y, clamp(c${r}1, lo, hi), 16);`,
  ]).flat(),
  6,
)}
    } else {
${indent(
  list(rows, (r) => `storePart(y${r} + at, clamp(c${r}0, lo, hi), clamp(c${r}1, lo, hi), count);`),
  6,
)}
    }
    at += 32;
    if (bias) bias += 32;
    columns -= 8;
  }
}`;
}

/** Positions of a turn of the loop, by rows of the tile. */
const COLUMN_UNROLL = 4;

/**
 * A tile that sums over positions: A and B step on after each, by distances known at run time only, so that
 * one pointer serves all rows of A and one the 8 columns of B.
 */
function columnTile(rows) {
  const each = (item) => list(rows, item).join(" ");
  const sets = setsOf(rows);
  return `
export function columnTile${rows}(
  job: usize, a: usize, b: usize, c: usize, count: i32, images: i32, lines: i32, width: i32,
): void {
  const aStep = load<usize>(job, A_STEP), bStep = load<usize>(job, B_STEP);
  const aNext = load<usize>(job, A_LINE) - <usize>width * aStep;
  const bLine = <usize>width * bStep;
  const bNext = load<usize>(job, B_LINE) - bLine;
  const aImage = load<usize>(job, A_IMAGE) - <usize>lines * load<usize>(job, A_LINE);
  const bImage = load<usize>(job, B_IMAGE) - <usize>lines * load<usize>(job, B_LINE);
  ${each((r) => `let c${r}0 = f32x4.splat(0), c${r}1 = f32x4.splat(0);`)}
  ${moreSums(rows, (s, r, j) => `let s${s}${r}${j} = f32x4.splat(0);`).join(" ")}
  let x: v128, p: v128, q: v128;
  for (; images > 0; images--) {
    for (let line = lines; line > 0; line--) {
      const end = b + bLine;
      for (;;) {
${indent(
  list(COLUMN_UNROLL, (k) => {
    const set = k % sets;
    const sum = (r, j) => (set === 0 ? `c${r}${j}` : `s${set}${r}${j}`);
    return [
      "p = v128.load(b); q = v128.load(b, 16);",
      ...list(rows, (r) => [
        `x = v128.load32_splat(a, ${r * 4});`,
        ...["p", "q"].map((half, j) => `${sum(r, j)} = multiplyAdd(${sum(r, j)}, x, ${half});`),
      ]).flat(),
      "a += aStep; b += bStep;",
      "if (b == end) break;",
    ];
  }).flat(),
  8,
)}
      }
      a += aNext;
      b += bNext;
    }
    a += aImage;
    b += bImage;
  }
  ${moreSums(rows, (s, r, j) => `c${r}${j} = f32x4.add(c${r}${j}, s${s}${r}${j});`).join(" ")}
  const cRow = load<usize>(job, C_ROW);
${indent(
  list(rows, (r) => [
    `addPart(c, c${r}0, c${r}1, count);`,
    ...(r < rows - 1 ? ["c += cRow;"] : []),
  ]).flat(),
  2,
)}
}`;
}

/** Writes assembly/generated/column-tiles.ts; the working directory is the package. */
export function writeColumnTiles() {
  mkdirSync("assembly/generated", { recursive: true });
  writeFileSync(
    "assembly/generated/column-tiles.ts",
    `// Made by scripts/generate-tiles.mjs; see assembly/training/column-product.ts.
import { addPart, multiplyAdd } from "../lanes";
import { A_IMAGE, A_LINE, A_STEP, B_IMAGE, B_LINE, B_STEP, C_ROW } from "../training/column-words";
${list(6, (i) => columnTile(i + 1)).join("\n")}
`,
  );
}

/** Writes assembly/generated/tiles.ts; the working directory is the package. */
export function writeTiles() {
  mkdirSync("assembly/generated", { recursive: true });
  writeFileSync(
    "assembly/generated/tiles.ts",
    `// Made by scripts/generate-tiles.mjs; see assembly/segment-product.ts.
import { clamp, loadBias, loadBias4, loadPart, loadPart4, multiplyAdd, storePart } from "../lanes";
import { y0, y1, y2, y3, y4, y5 } from "../output-rows";
import { DELTAS, HIGH, LAST_DELTA, LENGTH, LOW, R_COLUMN } from "../segment-words";
${TILES.map(tile).join("\n")}
`,
  );
}
