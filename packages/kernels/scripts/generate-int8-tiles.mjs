// Writes the register tiles of the int8 product to assembly/generated/int8-tiles.ts.
// The steps of the unrolled loop are parted by exits: V8 gathers the loads of a straight line ahead of
// the arithmetic, so that two steps in one line run out of registers and take a third longer.
import { mkdirSync, writeFileSync } from "node:fs";

const UNROLL = 2;
const range = (n) => Array.from({ length: n }, (_, i) => i);

/** One step of a tile: 4 bytes of each activation row against 4 bytes of each of 8 columns. */
function step(rows, at, multiply) {
  const lines = [
    `const w${at}0 = v128.load(w, ${at * 32});`,
    `const w${at}1 = v128.load(w, ${at * 32 + 16});`,
  ];
  for (const r of range(rows)) {
    lines.push(
      `const x${at}${r} = v128.load_splat<i32>(q${r}, ${at * 4});`,
      `c${r}0 = ${multiply(`c${r}0`, `x${at}${r}`, `w${at}0`)};`,
      `c${r}1 = ${multiply(`c${r}1`, `x${at}${r}`, `w${at}1`)};`,
    );
  }
  return lines;
}

const advance = (rows, steps) => [
  ...range(rows).map((r) => `q${r} += ${steps * 4};`),
  `w += ${steps * 32};`,
];

const indent = (lines, depth) => lines.map((line) => " ".repeat(depth) + line).join("\n");

function tile({ name, doc, rows, multiply }) {
  return `${doc}
export function ${name}(params: usize, begin: i32, end: i32): void {
  const a = <usize>load<u32>(params, A);
  const weights = <usize>load<u32>(params, B);
  const y = <usize>load<u32>(params, Y);
  const rows = load<i32>(params, ROWS);
  const panels = load<i32>(params, PANELS);
  const blockRows = load<i32>(params, BLOCK_ROWS);
  const outWidth = load<i32>(params, OUT_WIDTH);
  const outHeight = load<i32>(params, OUT_HEIGHT);
  const pixelStride = <usize>load<u32>(params, PIXEL_STRIDE);
  const lineStride = <usize>load<u32>(params, LINE_STRIDE);
  const imageStride = <usize>load<u32>(params, IMAGE_STRIDE);
  const runs = load<i32>(params, RUNS);
  const offsets = <usize>load<u32>(params, OFFSETS);
  const runSteps = load<i32>(params, RUN_STEPS);
  const panelsPerGroup = load<i32>(params, PANELS_PER_GROUP);
  const columnsPerGroup = load<i32>(params, COLUMNS_PER_GROUP);
  const start = <usize>load<u32>(params, START);
  const kind = load<i32>(params, KIND);
  const rowBytes = <usize>load<u32>(params, ROW_BYTES);
  const elementShift: usize = kind == 1 || kind == 2 ? 0 : 2;
  for (let unit = begin; unit < end; unit++) {
    const block = unit / panels;
    const panel = unit - block * panels;
    const group = panel / panelsPerGroup;
    const inGroup = (panel - group * panelsPerGroup) << 3;
    const count = min(8, columnsPerGroup - inGroup);
    const at = <usize>panel << 5;
    const plain = kind == 0 && count == 8;
    const panelWeights = weights + <usize>panel * <usize>load<u32>(params, PANEL_BYTES);
    const start0 = v128.load(start + at);
    const start1 = v128.load(start + at, 16);
    let row = block * blockRows;
    const last = min(rows, row + blockRows);
    const line = row / outWidth;
    const image = line / outHeight;
    let ox = row - line * outWidth;
    let oy = line - image * outHeight;
    let imageStart =
      a + <usize>group * <usize>load<u32>(params, GROUP_BYTES) + <usize>image * imageStride;
    let lineStart = imageStart + <usize>oy * lineStride;
    let p = lineStart + <usize>ox * pixelStride;
    let out =
      y + <usize>row * rowBytes + (<usize>(group * columnsPerGroup + inGroup) << elementShift);
    while (row < last) {
      // Addresses of the tile's rows; those behind the last row repeat the first and are not stored.
      const live = min(${rows}, last - row);
${indent(
  range(rows).flatMap((r) => [
    r === 0 ? "const p0 = p;" : `const p${r} = live > ${r} ? p : p0;`,
    "if (++ox < outWidth) p += pixelStride;",
    "else {",
    "  ox = 0;",
    "  if (++oy < outHeight) lineStart += lineStride;",
    "  else {",
    "    oy = 0;",
    "    imageStart += imageStride;",
    "    lineStart = imageStart;",
    "  }",
    "  p = lineStart;",
    "}",
  ]),
  6,
)}
${indent(
  range(rows).flatMap((r) => [`let c${r}0 = start0;`, `let c${r}1 = start1;`]),
  6,
)}
      for (let run = 0; run < runs; run++) {
        let w = panelWeights + <usize>(run * runSteps) * 32;
        const offset = <usize>load<u32>(offsets + (<usize>run << 2));
${indent(
  range(rows).map((r) => `let q${r} = p${r} + offset;`),
  8,
)}
        let left = runSteps;
        while (true) {
${indent(
  range(UNROLL).flatMap((at) => [
    ...step(rows, at, multiply),
    ...(at === UNROLL - 1 ? advance(rows, UNROLL) : []),
    "if (!--left) break;",
  ]),
  10,
)}
        }
      }
      if (plain && live == ${rows}) {
        let o = out;
${indent(
  range(rows).flatMap((r) => [
    `v128.store(o, c${r}0);`,
    `v128.store(o, c${r}1, 16);`,
    ...(r < rows - 1 ? ["o += rowBytes;"] : []),
  ]),
  8,
)}
      } else {
${indent(
  range(rows).flatMap((r) =>
    r === 0
      ? ["finishRow(c00, c01, out, at, count, params);"]
      : [
          `if (live > ${r}) finishRow(c${r}0, c${r}1, out + ${r === 1 ? "" : `${r} * `}rowBytes, at, count, params);`,
        ],
  ),
  8,
)}
      }
      row += ${rows};
      out += ${rows} * rowBytes;
    }
  }
}
`;
}

const source = `// Made by scripts/generate-int8-tiles.mjs; edit that.
import {
  A,
  B,
  BLOCK_ROWS,
  COLUMNS_PER_GROUP,
  finishRow,
  GROUP_BYTES,
  IMAGE_STRIDE,
  KIND,
  LINE_STRIDE,
  OFFSETS,
  OUT_HEIGHT,
  OUT_WIDTH,
  PANEL_BYTES,
  PANELS,
  PANELS_PER_GROUP,
  PIXEL_STRIDE,
  ROW_BYTES,
  ROWS,
  RUN_STEPS,
  RUNS,
  START,
  Y,
} from "../int8-finish";

${tile({
  name: "int8_product_i16",
  doc: `// Activations and weights widened to i16, zero points taken off: a step is 2 of each. Exact on every
// engine. Unit: BLOCK_ROWS output rows by one panel of 8 columns.`,
  rows: 4,
  multiply: (c, x, w) => `i32x4.add(${c}, i32x4.dot_i16x8_s(${x}, ${w}))`,
})}
${tile({
  name: "int8_product_dot",
  doc: `// Bytes: a step is 4 of each. The second operand of the relaxed dot product is the activations, so this
// is exact only where the probe found that operand taken as 8 bits (src/runtime/relaxed-probe.ts), and
// the host calls it only there.`,
  rows: 6,
  multiply: (c, x, w) => `i32x4.relaxed_dot_i8x16_i7x16_add_s(${w}, ${x}, ${c})`,
}).replace(/\n {2}const a = /, "\n  if (!RELAXED) return;\n  const a = ")}`;

/** Writes the file, below the working directory of the package. */
export function writeInt8Tiles() {
  mkdirSync("assembly/generated", { recursive: true });
  writeFileSync("assembly/generated/int8-tiles.ts", source);
}
