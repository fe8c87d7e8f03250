// Writes the products of weights with some rows of x (assembly/language/linear) to assembly/generated: the same
// arithmetic in the same order for one row of x and for tiles of several, which unpack a weight once for all.
import { mkdirSync, writeFileSync } from "node:fs";

const range = (n) => Array.from({ length: n }, (_, i) => i);
const indent = (lines, depth) => lines.map((line) => " ".repeat(depth) + line).join("\n");
const each = (rows, vectors, line) =>
  range(rows).flatMap((r) => range(vectors).map((v) => line(r, v)));
const zeros = (name, rows, vectors) =>
  each(rows, vectors, (r, v) => `let ${name}${r}${v} = f32x4.splat(0);`);
/** Address of what row r of a tile reads. */
const of = (name, r) => (r === 0 ? name : `${name} + ${name}Stride${r}`);
const strides = (name, word, rows) =>
  range(rows)
    .slice(1)
    .map((r) =>
      r === 1
        ? `const ${name}Stride1 = <usize>load<u32>(params, ${word});`
        : `const ${name}Stride${r} = ${name}Stride${r - 1} + ${name}Stride1;`,
    );
const SIGNATURE = "(w: usize, x: usize, info: usize, row: i32, r: i32, params: usize): void";

/** Ends a tile whose rows of y are the vectors `sum(r, v)`. */
const finish = (rows, vectors, sum) =>
  range(rows).flatMap((r) =>
    range(vectors / 2).map(
      (half) =>
        `finishLanes(${sum(r, half * 2)}, ${sum(r, half * 2 + 1)}, row${half ? " + 8" : ""}, r${r ? ` + ${r}` : ""}, params);`,
    ),
  );

// ---- Formats whose columns are multiplied in groups: 32-bit sums of a group, then floats.

/** Steps that take the digits of a weight from the lowest up by shifting what is left of them. */
const telescoping = (digits, shift) => (rows, vectors) => {
  const lines = range(vectors).map((v) => `let v${v} = v128.load(w${v ? `, ${v * 16}` : ""});`);
  for (const digit of range(digits)) {
    if (digit) lines.push(...range(vectors).map((v) => `v${v} = i16x8.shr_s(v${v}, ${shift});`));
    for (const r of range(rows)) {
      lines.push(
        `const x${r}${digit} = v128.load_splat<i32>(${of("x", r)}${digit ? `, ${digit * 4}` : ""});`,
        ...range(vectors).map(
          (v) => `a${r}${v} = i32x4.add(a${r}${v}, i32x4.dot_i16x8_s(v${v}, x${r}${digit}));`,
        ),
      );
    }
  }
  return lines;
};

/** Steps of the relaxed build, whose product takes a digit of each byte. */
const dotting = (digits, bits) => (rows, vectors) => {
  const lines = range(vectors).map((v) => `const v${v} = v128.load(w${v ? `, ${v * 16}` : ""});`);
  for (const digit of range(digits)) {
    for (const v of range(vectors)) {
      const shifted = digit ? `i16x8.shr_u(v${v}, ${digit * bits})` : `v${v}`;
      lines.push(`const d${digit}${v} = v128.and(${shifted}, mask);`);
    }
    for (const r of range(rows)) {
      lines.push(
        `const x${r}${digit} = v128.load_splat<i32>(${of("x", r)}${digit ? `, ${digit * 4}` : ""});`,
        ...range(vectors).map(
          (v) =>
            `a${r}${v} = i32x4.relaxed_dot_i8x16_i7x16_add_s(x${r}${digit}, d${digit}${v}, a${r}${v});`,
        ),
      );
    }
  }
  return lines;
};

function groupTile({ name, xStep, step, mask, scaled, offsets }, rows, vectors) {
  const real = (r, v) => `f32x4.convert_i32x4_s(a${r}${v})`;
  const scaleOf = (v) => `v128.load(w${v ? `, ${v * 16}` : ""})`;
  return `
function ${name}_${rows}x${vectors}${SIGNATURE} {
${indent([...strides("x", "X_STRIDE", rows), ...strides("info", "INFO_STRIDE", rows)], 2)}
  const groupSteps = load<i32>(params, GROUP_STEPS);
${mask ? `  const mask = v128.load(${mask});\n` : ""}${offsets ? "  const offsets = load<i32>(params, OFFSETS);\n" : ""}${indent(zeros("y", rows, vectors), 2)}
  for (let group = load<i32>(params, STEPS); group; group--) {
${indent(
  each(rows, vectors, (r, v) =>
    v === 0 ? `let a${r}0 = v128.load_splat<i32>(${of("info", r)}, 4);` : `let a${r}${v} = a${r}0;`,
  ),
  4,
)}
    for (let i = groupSteps; i; i--) {
${indent(step(rows, vectors), 6)}
      w += 64;
      x += ${xStep};
    }
${indent(
  range(rows).flatMap((r) => [
    `const s${r} = v128.load_splat<f32>(${of("info", r)});`,
    ...range(vectors).map((v) =>
      scaled
        ? `y${r}${v} = multiplyAdd(y${r}${v}, f32x4.mul(${real(r, v)}, ${scaleOf(v)}), s${r});`
        : `y${r}${v} = multiplyAdd(y${r}${v}, ${real(r, v)}, s${r});`,
    ),
  ]),
  4,
)}
${scaled ? "    w += 64;\n" : ""}${
  offsets
    ? `    if (offsets) {
${indent(
  range(rows).flatMap((r) => [
    `const t${r} = v128.load_splat<f32>(${of("info", r)}, 8);`,
    ...range(vectors).map((v) => `y${r}${v} = multiplyAdd(y${r}${v}, ${scaleOf(v)}, t${r});`),
  ]),
  6,
)}
      w += 64;
    }
`
    : ""
}    info += 16;
  }
${
  scaled
    ? ""
    : `  const scales = <usize>load<u32>(params, SCALES) + (<usize>row << 2);
${indent(
  each(
    rows,
    vectors,
    (r, v) => `y${r}${v} = f32x4.mul(y${r}${v}, v128.load(scales${v ? `, ${v * 16}` : ""}));`,
  ),
  2,
)}
`
}${indent(
  finish(rows, vectors, (r, v) => `y${r}${v}`),
  2,
)}
}
`;
}

// ---- Formats of floats. A step is one column: 16 weights.

/** A panel of 16 rows of f32 is 64 bytes a column, of halves 32: two vectors of rows i (low) and i + 4. */
const unpackers = {
  f32: { stepBytes: 64, unpack: (v) => `v128.load(w${v ? `, ${v * 16}` : ""})` },
  f16: {
    stepBytes: 32,
    masks: ["const mask = v128.load(MASKS);"],
    pair: (u) => [
      `v128.and(i32x4.shr_s(i32x4.shl(${u}, 16), 3), mask)`,
      `v128.and(i32x4.shr_s(${u}, 3), mask)`,
    ],
  },
  bf16: {
    stepBytes: 32,
    masks: ["const mask = v128.load(MASKS + 16);"],
    pair: (u) => [`i32x4.shl(${u}, 16)`, `v128.and(${u}, mask)`],
  },
};

/** One column of one stream (names of its pointers, sums, row pointers). */
function floatStep(format, { w, x, sum, tag }, rows, vectors) {
  const { pair, unpack } = unpackers[format];
  const lines = [];
  if (unpack) {
    lines.push(
      ...range(vectors).map((v) => `const v${tag}${v} = v128.load(${w}${v ? `, ${v * 16}` : ""});`),
    );
  } else {
    for (const half of range(vectors / 2)) {
      lines.push(`const u${tag}${half} = v128.load(${w}${half ? ", 16" : ""});`);
      const [low, high] = pair(`u${tag}${half}`);
      lines.push(`const v${tag}${half * 2} = ${low};`, `const v${tag}${half * 2 + 1} = ${high};`);
    }
  }
  for (const r of range(rows)) {
    lines.push(
      `const x${tag}${r} = v128.load_splat<f32>(${r ? `${x} + xStride${r}` : x});`,
      ...range(vectors).map(
        (v) => `${sum}${r}${v} = multiplyAdd(${sum}${r}${v}, v${tag}${v}, x${tag}${r});`,
      ),
    );
  }
  return lines;
}

function floatTile(format, rows, vectors) {
  const { stepBytes, masks = [] } = unpackers[format];
  const first = { w: "w", x: "x", sum: "a", tag: "a" };
  const second = { w: "v", x: "z", sum: "b", tag: "b" };
  const head = [
    ...strides("x", "X_STRIDE", rows),
    ...masks,
    "const steps = load<i32>(params, STEPS);",
    "const half = steps >> 1;",
    `let v = w + <usize>half * ${stepBytes};`,
    "let z = x + (<usize>half << 2);",
  ];
  const loop = (count, streams) => [
    `for (let i = ${count}; i; i--) {`,
    ...streams.flatMap((s) => [
      ...floatStep(format, s, rows, vectors).map((line) => `  ${line}`),
      `  ${s.w} += ${stepBytes};`,
      `  ${s.x} += 4;`,
    ]),
    "}",
  ];
  // One row of x reads two streams at once: one alone reaches nine tenths of the memory's speed, two all of it.
  const body =
    rows === 1
      ? [
          ...zeros("a", rows, vectors),
          ...zeros("b", rows, vectors),
          ...loop("half", [first, second]),
          "if (steps & 1) {",
          ...floatStep(format, second, rows, vectors).map((line) => `  ${line}`),
          "}",
        ]
      : [
          ...zeros("a", rows, vectors),
          ...loop("half", [first]),
          ...zeros("b", rows, vectors),
          ...loop("steps - half", [second]),
        ];
  const scale =
    format === "f16"
      ? [
          ...strides("info", "INFO_STRIDE", rows),
          ...range(rows).map((r) => `const p${r} = v128.load_splat<f32>(${of("info", r)});`),
        ]
      : [];
  const sum = (r, v) => {
    const both = `f32x4.add(a${r}${v}, b${r}${v})`;
    return format === "f16" ? `f32x4.mul(${both}, p${r})` : both;
  };
  return `
function linear_${format}_${rows}x${vectors}${SIGNATURE} {
${indent([...head, ...body, ...scale, ...finish(rows, vectors, sum)], 2)}
}
`;
}

// ---- The kernels.

/** Goes through the rows of x in the largest tiles that fit: `tiles` are [rows, vectors], largest first, down to 1. */
function kernel({ name, relaxedOnly, halfBytes = 32 }, tiles) {
  const call = (rows, vectors) => [
    `${name}_${rows}x${vectors}(w, x, info, panel << 4, r, params);`,
    ...(vectors === 2
      ? [`${name}_${rows}x2(w + ${halfBytes}, x, info, (panel << 4) + 8, r, params);`]
      : []),
    `x += xStride * ${rows};`,
    `info += infoStride * ${rows};`,
    `r += ${rows};`,
  ];
  const loops = tiles.map(
    ([rows, vectors]) => `    ${rows === tiles[0][0] ? "while" : "if"} (n - r >= ${rows}) {
${indent(call(rows, vectors), 6)}
    }`,
  );
  return `
export function ${name}(params: usize, begin: i32, end: i32): void {
${relaxedOnly ? "  if (!RELAXED) return;\n" : ""}  const panelBytes = <usize>load<u32>(params, PANEL_BYTES);
  const xStride = <usize>load<u32>(params, X_STRIDE);
  const infoStride = <usize>load<u32>(params, INFO_STRIDE);
  const n = load<i32>(params, N);
  for (let panel = begin; panel < end; panel++) {
    const w = <usize>load<u32>(params, W) + <usize>panel * panelBytes;
    let x = <usize>load<u32>(params, X);
    let info = <usize>load<u32>(params, INFO);
    let r = 0;
${loops.join("\n")}
  }
}
`;
}

const HEADER = "// Made by scripts/generate-linear.mjs.\n";
const WORDS =
  'import {\n  finishLanes, GROUP_STEPS, INFO, INFO_STRIDE, N, OFFSETS, PANEL_BYTES, SCALES, STEPS, W, X, X_STRIDE,\n} from "../language/linear/words";\n';
const LANES = 'import { multiplyAdd } from "../lanes";\n';
const MASKS = `
// In memory rather than v128.const, which V8 13 makes anew at every use in a loop.
`;

export function writeLinearTiles() {
  mkdirSync("assembly/generated", { recursive: true });
  const groups = [
    {
      doc: "// 8 bits, one scale a group of columns. A step is 4 columns: 16 rows by 4 bytes, even columns with 128 added.",
      name: "linear_int8",
      xStep: 8,
      step: telescoping(2, 8),
      scaled: true,
      offsets: true,
      tiles: [
        [4, 2],
        [3, 2],
        [2, 4],
        [1, 4],
      ],
    },
    {
      doc: "// 4 bits, one scale a group of columns. A step is 8 columns: 16 rows by 4 bytes; the i16 halves of a row hold\n// columns (0, 1), (2, 3), (4, 5), (6, 7) in their nibbles from the lowest up, the highest as signed numbers.",
      name: "linear_int4",
      xStep: 16,
      step: telescoping(4, 4),
      scaled: true,
      offsets: true,
      tiles: [
        [4, 2],
        [3, 2],
        [2, 4],
        [1, 4],
      ],
    },
    {
      doc: "// The same for the relaxed build. Bytes of a row: column j low, column j + 4 high. The weights are the dot\n// product's 7-bit operand, so that every engine gives the same sums.",
      name: "linear_int4_dot",
      relaxedOnly: true,
      xStep: 8,
      mask: "MASKS",
      step: dotting(2, 4),
      scaled: true,
      offsets: true,
      tiles: [
        [4, 2],
        [3, 2],
        [2, 4],
        [1, 4],
      ],
    },
    {
      doc: "// Ternary weights of the relaxed build: codes 0, 1, 2 of weight + 1. A step is 16 columns: 16 rows by 4 bytes,\n// byte j of a row holds columns j, j + 4, j + 8, j + 12 from the lowest two bits up.",
      name: "linear_ternary_dot",
      relaxedOnly: true,
      xStep: 16,
      mask: "MASKS + 16",
      step: dotting(4, 2),
      scaled: false,
      tiles: [
        [4, 2],
        [3, 2],
        [2, 4],
        [1, 4],
      ],
    },
  ];
  writeFileSync(
    "assembly/generated/linear-groups.ts",
    `${HEADER}${LANES}${WORDS}${groups
      .map(
        (g) =>
          `\n${g.doc}${kernel(g, g.tiles)}${g.tiles
            .map(([r, v]) => groupTile(g, r, v))
            .map((t) => (g.relaxedOnly ? t : t))
            .join("")}`,
      )
      .join("")}${MASKS}const MASKS = memory.data<u32>([
  0x0f0f0f0f, 0x0f0f0f0f, 0x0f0f0f0f, 0x0f0f0f0f, 0x03030303, 0x03030303, 0x03030303, 0x03030303,
]);
`,
  );
  const floats = [
    {
      format: "f32",
      halfBytes: 32,
      tiles: [
        [4, 2],
        [3, 2],
        [2, 4],
        [1, 4],
      ],
    },
    {
      format: "f16",
      halfBytes: 16,
      tiles: [
        [4, 2],
        [3, 2],
        [2, 4],
        [1, 4],
      ],
    },
    {
      format: "bf16",
      halfBytes: 16,
      tiles: [
        [4, 2],
        [3, 2],
        [2, 4],
        [1, 4],
      ],
    },
  ];
  writeFileSync(
    "assembly/generated/linear-floats.ts",
    `${HEADER}${LANES}${WORDS}${floats
      .map(
        ({ format, halfBytes, tiles }) =>
          `${kernel({ name: `linear_${format}`, halfBytes }, tiles)}${tiles.map(([r, v]) => floatTile(format, r, v)).join("")}`,
      )
      .join("")}${MASKS}const MASKS = memory.data<u32>([
  0x8fffe000, 0x8fffe000, 0x8fffe000, 0x8fffe000, 0xffff0000, 0xffff0000, 0xffff0000, 0xffff0000,
]);
`,
  );
}
