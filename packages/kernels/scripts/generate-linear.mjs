// Writes the products of weights with some rows of x (assembly/language/linear) to assembly/generated: the same
// arithmetic in the same order for one row of x and for tiles of several, which unpack a weight once for all.
import { mkdirSync, writeFileSync } from "node:fs";
import {
  each,
  finish,
  HEADER,
  indent,
  MASKS,
  of,
  range,
  SIGNATURE,
  strides,
  TOUCH,
  zeros,
} from "./linear-tile-parts.mjs";

// ---- Formats whose columns are multiplied in groups: 32-bit sums of a group, then floats.

/**
 * Steps that take the digits of a weight from the lowest up by shifting what is left of them, as parts of the
 * loop's body: [sums to begin with, parts, sums to end with].
 */
const telescoping = (digits, shift) => (rows, vectors) => {
  const weights = range(vectors).map((v) => `let v${v} = v128.load(w${v ? `, ${v * 16}` : ""});`);
  const parts = range(digits).map((d) => [
    ...(d ? range(vectors).map((v) => `v${v} = i16x8.shr_s(v${v}, ${shift});`) : weights),
    ...range(rows).flatMap((r) => [
      `const x${r}${d} = v128.load_splat<i32>(${of("x", r)}${d ? `, ${d * 4}` : ""});`,
      ...range(vectors).map(
        (v) => `a${r}${v} = i32x4.add(a${r}${v}, i32x4.dot_i16x8_s(v${v}, x${r}${d}));`,
      ),
    ]),
  ]);
  if (rows > 1) return parts;
  // One row of x has its digits at hand, and takes one vector of weights after the other.
  return [
    [
      TOUCH,
      ...range(digits).map((d) => `const x${d} = v128.load_splat<i32>(x${d ? `, ${d * 4}` : ""});`),
      ...range(vectors).flatMap((v) => [
        weights[v].replace("let", "const"),
        ...range(digits).map((d) => {
          const digit = d ? `i16x8.shr_s(v${v}, ${d * shift})` : `v${v}`;
          return `a0${v} = i32x4.add(a0${v}, i32x4.dot_i16x8_s(${digit}, x${d}));`;
        }),
      ]),
    ],
  ];
};

/** Steps of the relaxed build, whose product takes a digit of each byte; sums of a chunk fit 16 bits. */
const dotting = (rows, vectors) => {
  const add = (r, v, x, digit) =>
    `s${r}${v} = i16x8.add(s${r}${v}, i16x8.relaxed_dot_i8x16_i7x16_s(${x}, v128.and(${digit}, mask)));`;
  const weights = range(vectors).map((v) => `const v${v} = v128.load(w${v ? `, ${v * 16}` : ""});`);
  const digit = (d, v) => (d ? `i16x8.shr_u(v${v}, 4)` : `v${v}`);
  if (rows === 1) {
    return [
      [
        TOUCH,
        "const x0 = v128.load_splat<i32>(x);",
        "const x1 = v128.load_splat<i32>(x, 4);",
        ...range(vectors).flatMap((v) => [
          weights[v],
          add(0, v, "x0", digit(0, v)),
          add(0, v, "x1", digit(1, v)),
        ]),
      ],
    ];
  }
  return range(2).map((d) => [
    ...(d ? [] : weights),
    ...range(vectors).map((v) => `const d${d}${v} = v128.and(${digit(d, v)}, mask);`),
    ...range(rows).flatMap((r) => [
      `const x${r}${d} = v128.load_splat<i32>(${of("x", r)}${d ? ", 4" : ""});`,
      ...range(vectors).map(
        (v) =>
          `s${r}${v} = i16x8.add(s${r}${v}, i16x8.relaxed_dot_i8x16_i7x16_s(x${r}${d}, d${d}${v}));`,
      ),
    ]),
  ]);
};

/** A loop over `count` steps. The parts of a step are parted by exits: V8 gathers the loads of a straight line ahead
 * of the arithmetic, and runs out of registers. */
function partedLoop(count, parts, advance) {
  const exits = parts.length;
  return [
    `let i = ${exits === 1 ? count : exits === 2 ? `${count} << 1` : exits === 4 ? `${count} << 2` : `${count} * ${exits}`};`,
    "while (true) {",
    ...parts.flatMap((part, at) =>
      [...part, ...(at === exits - 1 ? advance : []), "if (!--i) break;"].map((l) => `  ${l}`),
    ),
    "}",
  ];
}

/** What every group adds to y: its sums as floats times the scales of weights and x, and the offsets of weights. */
function addGroup({ halves, sums, scales }, rows, vectors) {
  const at = (v, offset = 0) => (v || offset ? `, ${v * 16 + offset}` : "");
  const add = (r, v, factor, x) => `y${r}${v} = multiplyAdd(y${r}${v}, ${factor}, ${x}${r});`;
  const scaled = (r, v, scale) => `f32x4.mul(f32x4.convert_i32x4_s(${sums(r, v)}), ${scale})`;
  if (halves) {
    // Scales in 16 bits lie as halves of weights do; times LIFT they are those of the other form, bit for bit.
    const bits = (v) => unpackers.f16.pair(`u${v & ~1}`)[v & 1];
    return [
      "const mask = v128.load(MASKS + 32);",
      "const lift = v128.load_splat<f32>(params, LIFT);",
      ...range(rows).map((r) => `const f${r} = v128.load_splat<f32>(${of("info", r)});`),
      ...range(vectors).flatMap((v) => [
        ...(v % 2 === 0 ? [`const u${v} = v128.load(${scales}${at(v / 2)});`] : []),
        `const c${v} = f32x4.mul(${bits(v)}, lift);`,
        ...range(rows).map((r) => add(r, v, scaled(r, v, `c${v}`), "f")),
      ]),
      "info += 16;",
    ];
  }
  return [
    ...range(rows).flatMap((r) => [
      `const f${r} = v128.load_splat<f32>(${of("info", r)});`,
      ...range(vectors).map((v) => add(r, v, scaled(r, v, `v128.load(${scales}${at(v)})`), "f")),
    ]),
    "if (offsets) {",
    ...range(rows).flatMap((r) => [
      `  const t${r} = v128.load_splat<f32>(${of("info", r)}, 8);`,
      ...range(vectors).map((v) => `  ${add(r, v, `v128.load(${scales}${at(v, 64)})`, "t")}`),
    ]),
    "}",
    "info += 16;",
  ];
}

/** Sums of a group in 32 bits; its scales lie behind its steps. */
function plainGroup({ halves, xStep, step }, rows, vectors) {
  return [
    ...each(rows, vectors, (r, v) =>
      v === 0
        ? `let a${r}0 = v128.load_splat<i32>(${of("info", r)}, 4);`
        : `let a${r}${v} = a${r}0;`,
    ),
    ...partedLoop("groupSteps", step(rows, vectors), ["w += 64;", `x += ${xStep};`]),
    ...addGroup({ halves, sums: (r, v) => `a${r}${v}`, scales: "w" }, rows, vectors),
    halves ? "w += 32;" : "w += scaleBytes;",
  ];
}

/** Sums of a chunk of at most 32 columns in 16 bits; the scales lie before the steps of a group's chunks. */
function chunkedGroup({ halves, xStep, step }, rows, vectors) {
  const start = (r) => `v128.load_splat<i32>(${of("info", r)}, 4)`;
  return [
    "const scales = w;",
    halves ? "w += 32;" : "w += scaleBytes;",
    "for (let chunk = chunks; chunk; chunk--) {",
    ...[
      ...each(rows, vectors, (r, v) => `let s${r}${v} = i16x8.splat(0);`),
      ...partedLoop("groupSteps", step(rows, vectors), ["w += 64;", `x += ${xStep};`]),
      ...range(rows).map((r) => `const start${r} = ${start(r)};`),
      ...addGroup(
        {
          halves,
          sums: (r, v) => `i32x4.add(start${r}, i32x4.dot_i16x8_s(s${r}${v}, ones))`,
          scales: "scales",
        },
        rows,
        vectors,
      ),
    ].map((line) => `  ${line}`),
    "}",
  ];
}

function groupTile(format, rows, vectors) {
  const { name, chunked, halves } = format;
  return `
function ${name}_${rows}x${vectors}${SIGNATURE} {
${indent(
  [
    ...strides("x", "X_STRIDE", rows),
    ...strides("info", "INFO_STRIDE", rows),
    "const groupSteps = load<i32>(params, GROUP_STEPS);",
    ...(halves
      ? []
      : [
          "const offsets = load<i32>(params, OFFSETS);",
          "const scaleBytes: usize = offsets ? 128 : 64;",
        ]),
    ...(chunked
      ? [
          "const chunks = load<i32>(params, CHUNKS);",
          "const mask = v128.load(MASKS);",
          "const ones = v128.load(MASKS + 16);",
        ]
      : []),
    ...zeros("y", rows, vectors),
    "for (let group = load<i32>(params, STEPS); group; group--) {",
    ...(chunked ? chunkedGroup : plainGroup)(format, rows, vectors).map((line) => `  ${line}`),
    "}",
    ...finish(rows, vectors, (r, v) => `y${r}${v}`),
  ],
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
    masks: "const mask = v128.load(MASKS);",
    pair: (u) => [
      `v128.and(i32x4.shr_s(i32x4.shl(${u}, 16), 3), mask)`,
      `v128.and(i32x4.shr_s(${u}, 3), mask)`,
    ],
  },
  bf16: {
    stepBytes: 32,
    masks: "const mask = v128.load(MASKS + 16);",
    pair: (u) => [`i32x4.shl(${u}, 16)`, `v128.and(${u}, mask)`],
  },
};

/** One column of one stream (names of its pointers and sums); halves are unpacked two vectors at a time. */
function floatStep(format, { w, x, sum, tag }, rows, vectors) {
  const { pair, unpack } = unpackers[format];
  const add = (v) =>
    range(rows).map(
      (r) => `${sum}${r}${v} = multiplyAdd(${sum}${r}${v}, v${tag}${v}, x${tag}${r});`,
    );
  const lines = range(rows).map(
    (r) => `const x${tag}${r} = v128.load_splat<f32>(${r ? `${x} + xStride${r}` : x});`,
  );
  for (const v of unpack ? range(vectors) : []) {
    lines.push(`const v${tag}${v} = v128.load(${w}${v ? `, ${v * 16}` : ""});`, ...add(v));
  }
  for (const half of unpack ? [] : range(vectors / 2)) {
    const [low, high] = pair(`u${tag}${half}`);
    lines.push(
      `const u${tag}${half} = v128.load(${w}${half ? ", 16" : ""});`,
      `const v${tag}${half * 2} = ${low};`,
      ...add(half * 2),
      `const v${tag}${half * 2 + 1} = ${high};`,
      ...add(half * 2 + 1),
    );
  }
  return lines;
}

function floatTile(format, rows, vectors) {
  const { stepBytes, masks, pair } = unpackers[format];
  const first = { w: "w", x: "x", sum: "a", tag: "a" };
  const second = { w: "v", x: "z", sum: "b", tag: "b" };
  const step = (stream) => floatStep(format, stream, rows, vectors);
  const loop = (count, streams) => [
    `let i = ${count};`,
    "while (true) {",
    ...streams.flatMap((stream) => [
      ...step(stream).map((line) => `  ${line}`),
      `  ${stream.w} += ${stepBytes};`,
      `  ${stream.x} += 4;`,
    ]),
    "  if (!--i) break;",
    "}",
  ];
  const within = (lines) => lines.map((line) => `  ${line}`);
  const steps = "const steps = load<i32>(params, STEPS);";
  // Halves are bound by their conversion, and their sums by registers: one sum over all columns.
  const body = pair
    ? [masks, steps, ...zeros("a", rows, vectors), ...loop("steps", [first])]
    : [
        steps,
        "const half = steps >> 1;",
        `let v = w + <usize>half * ${stepBytes};`,
        "let z = x + (<usize>half << 2);",
        ...zeros("a", rows, vectors),
        // One row of x reads two streams at once: one alone reaches nine tenths of the memory's speed, two all of it.
        ...(rows === 1
          ? [
              ...zeros("b", rows, vectors),
              "if (half) {",
              ...within(loop("half", [first, second])),
              "}",
              "if (steps & 1) {",
              ...within(step(second)),
              "}",
            ]
          : [
              "if (half) {",
              ...within(loop("half", [first])),
              "}",
              ...zeros("b", rows, vectors),
              ...loop("steps - half", [second]),
            ]),
      ];
  const scale =
    format === "f16"
      ? [
          ...strides("info", "INFO_STRIDE", rows),
          ...range(rows).map((r) => `const p${r} = v128.load_splat<f32>(${of("info", r)});`),
        ]
      : [];
  const sum = (r, v) => {
    if (format === "f16") return `f32x4.mul(a${r}${v}, p${r})`;
    return pair ? `a${r}${v}` : `f32x4.add(a${r}${v}, b${r}${v})`;
  };
  return `
function linear_${format}_${rows}x${vectors}${SIGNATURE} {
${indent([...strides("x", "X_STRIDE", rows), ...body, ...scale, ...finish(rows, vectors, sum)], 2)}
}
`;
}

// ---- The kernels.

/** Rows of x by vectors of 4 rows of weights: two rows take all multipliers that there are. */
const TILES = [
  [2, 4],
  [1, 4],
];

/** Goes through the rows of x in the largest tiles that fit: `tiles` are [rows, vectors], largest first, down to 1. */
function kernel({ name, relaxedOnly }, tiles) {
  const call = (rows, vectors) => [
    `${name}_${rows}x${vectors}(w, x, info, panel << 4, r, params);`,
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

const WORDS =
  'import {\n  CHUNKS, finishLanes, GROUP_STEPS, INFO, INFO_STRIDE, LIFT, N, OFFSETS, PANEL_BYTES, STEPS, W, X, X_STRIDE,\n} from "../language/linear/words";\n';
const HALVES = "// The same with scales in 16 bits and no offsets.";
const LANES = 'import { multiplyAdd } from "../lanes";\n';

export function writeLinearTiles() {
  mkdirSync("assembly/generated", { recursive: true });
  const groups = [
    {
      doc: "// 8 bits, one scale a group of columns. A step is 4 columns: 16 rows by 4 bytes, even columns with 128 added.",
      name: "linear_int8",
      xStep: 8,
      step: telescoping(2, 8),
    },
    {
      doc: "// 4 bits, one scale a group of columns. A step is 8 columns: 16 rows by 4 bytes; the i16 halves of a row hold\n// columns (0, 1), (2, 3), (4, 5), (6, 7) in their nibbles from the lowest up, the highest as signed numbers.",
      name: "linear_int4",
      // Bound by its instructions, not by memory: widening scales would cost up to 5 %.
      wideScales: true,
      xStep: 16,
      step: telescoping(4, 4),
    },
    {
      doc: "// The same for the relaxed build. Bytes of a row: column j low, column j + 4 high. The weights are the dot\n// product's 7-bit operand, so that every engine gives the same sums.",
      name: "linear_int4_dot",
      relaxedOnly: true,
      xStep: 8,
      chunked: true,
      step: dotting,
    },
  ];
  writeFileSync(
    "assembly/generated/linear-groups.ts",
    `${HEADER}${LANES}${WORDS}${groups
      .flatMap((g) =>
        g.wideScales ? [g] : [g, { ...g, name: `${g.name}_half`, doc: HALVES, halves: true }],
      )
      .map(
        (g) => `\n${g.doc}${kernel(g, TILES)}${TILES.map(([r, v]) => groupTile(g, r, v)).join("")}`,
      )
      .join("")}${MASKS}const MASKS = memory.data<u32>([
  0x0f0f0f0f, 0x0f0f0f0f, 0x0f0f0f0f, 0x0f0f0f0f, 0x00010001, 0x00010001, 0x00010001, 0x00010001,
  0x8fffe000, 0x8fffe000, 0x8fffe000, 0x8fffe000,
]);
`,
  );
  const floats = ["f32", "f16", "bf16"];
  writeFileSync(
    "assembly/generated/linear-floats.ts",
    `${HEADER}${LANES}${WORDS}${floats
      .map(
        (format) =>
          `${kernel({ name: `linear_${format}` }, TILES)}${TILES.map(([r, v]) => floatTile(format, r, v)).join("")}`,
      )
      .join("")}${MASKS}const MASKS = memory.data<u32>([
  0x8fffe000, 0x8fffe000, 0x8fffe000, 0x8fffe000, 0xffff0000, 0xffff0000, 0xffff0000, 0xffff0000,
]);
`,
  );
}
