// Writes the products with ternary weights, by table look-up, to assembly/generated: see generate-linear.mjs.
import { mkdirSync, writeFileSync } from "node:fs";
import { each, HEADER, indent, MASKS, of, range, strides, TOUCH } from "./linear-tile-parts.mjs";

// A panel is 64 rows; `vectors` of 16 rows share the tables of a row of x.

function lutStep({ exact }, rows, vectors) {
  const lines = [];
  for (const r of range(rows)) {
    lines.push(
      `const p${r} = v128.load(${of("x", r)});`,
      `const q${r} = v128.load(${of("x", r)}, 16);`,
      ...(exact
        ? [
            `const u${r} = v128.load(${of("x", r)}, 32);`,
            `const z${r} = v128.load(${of("x", r)}, 48);`,
          ]
        : []),
    );
  }
  if (rows === 1) lines.push(TOUCH);
  // Several rows of x have the numbers of the combinations in registers.
  const [low, high] =
    rows === 1
      ? [(v) => `v128.and(v${v}, low)`, (v) => `v128.and(i16x8.shr_u(v${v}, 4), low)`]
      : [(v) => `l${v}`, (v) => `h${v}`];
  for (const v of range(vectors)) {
    lines.push(`const v${v} = v128.load(w${v ? `, ${v * 16}` : ""});`);
    if (rows > 1) {
      lines.push(
        `const l${v} = v128.and(v${v}, low);`,
        `const h${v} = v128.and(i16x8.shr_u(v${v}, 4), low);`,
      );
    }
    for (const r of range(rows)) {
      const sum = (first, second) =>
        `i8x16.add(lookUp(${first}${r}, ${low(v)}), lookUp(${second}${r}, ${high(v)}))`;
      lines.push(
        `const t${r}${v} = ${sum("p", "q")};`,
        `s${r}${v} = i16x8.add(s${r}${v}, t${r}${v});`,
        `o${r}${v} = i16x8.add(o${r}${v}, i16x8.shr_u(t${r}${v}, 8));`,
        ...(exact ? [`e${r}${v} = i8x16.add(e${r}${v}, ${sum("u", "z")});`] : []),
      );
    }
  }
  return [...lines, "w += 64;", `x += ${exact ? 64 : 32};`];
}

function lutTile(format, rows, vectors) {
  const { name, exact } = format;
  const sums = exact ? ["s", "o", "e"] : ["s", "o"];
  return `
function ${name}_${rows}x${vectors}(w: usize, x: usize, info: usize, sums: usize, params: usize): void {
${indent(
  [
    ...strides("x", "X_STRIDE", rows),
    ...(exact ? [] : strides("info", "INFO_STRIDE", rows)),
    "const low = v128.load(MASKS);",
    `for (let left = load<i32>(params, STEPS); left > 0; left -= ${exact ? "EXACT_BLOCK" : "BLOCK"}) {`,
    `  const count = min(left, ${exact ? "EXACT_BLOCK" : "BLOCK"});`,
    // An entry counts 63 too much: o takes 126 a step off, s the same off both bytes of a lane.
    ...(exact
      ? []
      : [
          "  const odd = i16x8.splat(<i16>(-126 * count));",
          "  const both = i16x8.splat(<i16>(-126 * 257 * count));",
        ]),
    ...sums.flatMap((sum) => {
      const start = exact ? "i16x8.splat(0)" : sum === "s" ? "both" : "odd";
      return each(rows, vectors, (r, v) => `  let ${sum}${r}${v} = ${start};`);
    }),
    "  let i = count;",
    "  while (true) {",
    ...lutStep(format, rows, vectors).map((line) => `    ${line}`),
    "    if (!--i) break;",
    "  }",
    ...each(rows, vectors, (r, v) => {
      const at = r || v ? `sums + ${r * 256 + v * 64}` : "sums";
      return exact
        ? `  flushExact(${at}, s${r}${v}, o${r}${v}, e${r}${v}, count);`
        : `  flush(${at}, s${r}${v}, o${r}${v}, load<f32>(${of("info", r)}));`;
    }),
    ...(exact ? [] : ["  info += 16;"]),
    "}",
  ],
  2,
)}
}
`;
}

/** Goes through the rows of x in tiles, and through a panel in passes of `vectors` times 16 rows. */
function lutKernel({ name, exact, tiles }) {
  const body = tiles.map(([rows, vectors]) => {
    const calls = range(4 / vectors).map((pass) =>
      pass
        ? `${name}_${rows}x${vectors}(w + ${pass * vectors * 16}, x, info, sums + ${pass * vectors * 64}, params);`
        : `${name}_${rows}x${vectors}(w, x, info, sums, params);`,
    );
    return `    ${rows === tiles[0][0] ? "while" : "if"} (n - r >= ${rows}) {
      memory.fill(sums, 0, ${rows * 256});
${indent(calls, 6)}
      for (let end = r + ${rows}; r < end; r++) {
        finishSums(sums, ${exact ? "load<f32>(info)" : "1"}, panel, r, params);
        sums += 256;
        x += xStride;
        info += infoStride;
      }
      sums -= ${rows * 256};
    }`;
  });
  return `
export function ${name}(params: usize, begin: i32, end: i32): void {
  const panelBytes = <usize>load<u32>(params, PANEL_BYTES);
  const xStride = <usize>load<u32>(params, X_STRIDE);
  const infoStride = <usize>load<u32>(params, INFO_STRIDE);
  const n = load<i32>(params, N);
  for (let panel = begin; panel < end; panel++) {
    const w = <usize>load<u32>(params, W) + <usize>panel * panelBytes;
    let x = <usize>load<u32>(params, X);
    let info = <usize>load<u32>(params, INFO);
    let sums = <usize>load<u32>(params, SCRATCH) + <usize>panel * ${tiles[0][0] * 256};
    let r = 0;
${body.join("\n")}
  }
}
`;
}

export function writeLinearTables() {
  mkdirSync("assembly/generated", { recursive: true });
  const tables = [
    {
      name: "linear_ternary",
      tiles: [
        [2, 2],
        [1, 4],
      ],
    },
    {
      name: "linear_ternary_int8",
      exact: true,
      tiles: [
        [2, 1],
        [1, 2],
      ],
    },
  ];
  writeFileSync(
    "assembly/generated/linear-tables.ts",
    `${HEADER}import {
  BLOCK, EXACT_BLOCK, finishSums, flush, flushExact, lookUp, SCRATCH,
} from "../language/linear/ternary";
import { INFO, INFO_STRIDE, N, PANEL_BYTES, STEPS, W, X, X_STRIDE } from "../language/linear/words";
${tables.map((t) => `${lutKernel(t)}${t.tiles.map(([r, v]) => lutTile(t, r, v)).join("")}`).join("")}${MASKS}const MASKS = memory.data<u32>([0x0f0f0f0f, 0x0f0f0f0f, 0x0f0f0f0f, 0x0f0f0f0f]);
`,
  );
}
