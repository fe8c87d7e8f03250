// Lines that the generated products with weights of language models have in common: see generate-linear.mjs.

export const range = (n) => Array.from({ length: n }, (_, i) => i);
export const indent = (lines, depth) => lines.map((line) => " ".repeat(depth) + line).join("\n");
export const each = (rows, vectors, line) =>
  range(rows).flatMap((r) => range(vectors).map((v) => line(r, v)));
export const zeros = (name, rows, vectors) =>
  each(rows, vectors, (r, v) => `let ${name}${r}${v} = f32x4.splat(0);`);
/** Address of what row r of a tile reads. */
export const of = (name, r) => (r === 0 ? name : `${name} + ${name}Stride${r}`);
export const strides = (name, word, rows) =>
  range(rows)
    .slice(1)
    .map((r) =>
      r === 1
        ? `const ${name}Stride1 = <usize>load<u32>(params, ${word});`
        : `const ${name}Stride${r} = ${name}Stride${r - 1} + ${name}Stride1;`,
    );
/**
 * One row of x reads so little between steps that the prefetcher keeps too short a lead: from memory this brings a
 * tenth. Packed weights have room behind them for it.
 */
export const TOUCH = "load<i32>(w, 256);";
export const SIGNATURE = "(w: usize, x: usize, info: usize, row: i32, r: i32, params: usize): void";

/** Ends a tile whose rows of y are the vectors `sum(r, v)`. */
export const finish = (rows, vectors, sum) =>
  range(rows).flatMap((r) =>
    range(vectors / 2).map(
      (half) =>
        `finishLanes(${sum(r, half * 2)}, ${sum(r, half * 2 + 1)}, row${half ? " + 8" : ""}, r${r ? ` + ${r}` : ""}, params);`,
    ),
  );

export const HEADER = "// Made by scripts/generate-linear.mjs.\n";

/** What stands before the masks of a generated file. */
export const MASKS = `
// In memory rather than v128.const, which V8 13 makes anew at every use in a loop.
`;
