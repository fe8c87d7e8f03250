// The multiply-accumulate tile of ../segment-product.ts with the other way of addressing: A and B are both
// read in place, position after position, and what is summed over is the positions.
//
//   C[r, j] += sum over positions p of A[p + offset(r)] * B[p, j]
//
//   operation                       rows of C              positions               B
//   weight gradient of a product    columns of A           rows of A and B         output gradient
//   ... of a convolution            (tap, input channel)   pixels of the output    output gradient
//
// Rows of C that lie side by side in A (the channels of a pixel, or of all pixels that a kernel's row covers)
// are a run: a tile takes 4 of them (6 with relaxed SIMD) at constant distances from one pointer, times 8
// columns of B. So neither the adder tree nor the layout of the forward pass is needed: features stay as they
// are. This is the weight gradient of EF-Train's unified kernel (Tang et al., ACM TODAES 2022).
//
// Sums are taken block of positions by block, small enough that the block's part of A and B stays in
// the L1 or L2 cache while all tiles go over it; C gathers the blocks' sums, always in the same order.
import { columnTile1, columnTile2, columnTile3, columnTile4, columnTile5, columnTile6 } from "../generated/column-tiles";
import { multiplyAdd } from "../lanes";
import * as W from "./column-words";

const TILE: i32 = RELAXED ? 6 : 4;

// Adds the sums of one block, position by position, where a tile of 8 columns would read behind the memory.
function addScalars(job: usize, a: usize, b: usize, c: usize, rows: i32, columns: i32, images: i32, lines: i32, width: i32): void {
  const cRow = load<usize>(job, W.C_ROW);
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < columns; j++) {
      let sum: f32 = 0;
      for (let i = 0; i < images; i++) {
        for (let y = 0; y < lines; y++) {
          let pa = a + <usize>r * 4 + i * load<usize>(job, W.A_IMAGE) + y * load<usize>(job, W.A_LINE);
          let pb = b + <usize>j * 4 + i * load<usize>(job, W.B_IMAGE) + y * load<usize>(job, W.B_LINE);
          for (let x = 0; x < width; x++) {
            sum += load<f32>(pa) * load<f32>(pb);
            pa += load<usize>(job, W.A_STEP);
            pb += load<usize>(job, W.B_STEP);
          }
        }
      }
      const at = c + <usize>r * cRow + <usize>j * 4;
      store<f32>(at, load<f32>(at) + sum);
    }
  }
}

// Adds the outer products of up to 4 positions, row by row of C: a tile would hardly begin before it ends.
function addOuterProducts(job: usize, a: usize, b: usize, c: usize, rows: i32, columns: i32, width: i32): void {
  const aStep = load<usize>(job, W.A_STEP);
  const bStep = load<usize>(job, W.B_STEP);
  const cRow = load<usize>(job, W.C_ROW);
  const vectors = <usize>(columns & ~3) << 2;
  const bytes = <usize>columns << 2;
  for (; rows > 0; rows--, a += 4, c += cRow) {
    for (let p = 0; p < width; p++) {
      const x = load<f32>(a + p * aStep);
      const from = b + p * bStep;
      const splat = f32x4.splat(x);
      let j: usize = 0;
      for (; j < vectors; j += 16) v128.store(c + j, multiplyAdd(v128.load(c + j), splat, v128.load(from + j)));
      for (; j < bytes; j += 4) store<f32>(c + j, load<f32>(c + j) + x * load<f32>(from + j));
    }
  }
}

function addTiles(job: usize, a: usize, b: usize, c: usize, rows: i32, columns: i32, images: i32, lines: i32, width: i32): void {
  const cRow = load<usize>(job, W.C_ROW);
  if (images == 1 && lines == 1 && width <= 4) {
    addOuterProducts(job, a, b, c, rows, columns, width);
    return;
  }
  const last =
    b + (images - 1) * load<usize>(job, W.B_IMAGE) + (lines - 1) * load<usize>(job, W.B_LINE) +
    (width - 1) * load<usize>(job, W.B_STEP);
  let left = rows;
  while (left > 0) {
    // Two middling tiles rather than a full one and a thin one.
    const tile = left >= 2 * TILE || left == TILE ? TILE : left > TILE ? (left + 1) >> 1 : left;
    for (let column = 0; column < columns; column += 8) {
      const at = <usize>column << 2;
      const count = min(8, columns - column);
      const pb = b + at, pc = c + at;
      // A part of 8 columns is read whole, and what is too much is dropped.
      if (count < 8 && (<u64>(last + at + 32) > (<u64>memory.size() << 16))) addScalars(job, a, pb, pc, tile, count, images, lines, width);
      else if (tile == 4) columnTile4(job, a, pb, pc, count, images, lines, width);
      else if (RELAXED && tile == 6) columnTile6(job, a, pb, pc, count, images, lines, width);
      else if (RELAXED && tile == 5) columnTile5(job, a, pb, pc, count, images, lines, width);
      else if (tile == 3) columnTile3(job, a, pb, pc, count, images, lines, width);
      else if (tile == 2) columnTile2(job, a, pb, pc, count, images, lines, width);
      else columnTile1(job, a, pb, pc, count, images, lines, width);
    }
    left -= tile;
    a += <usize>tile << 2;
    c += tile * cRow;
  }
}

export function column_product_f32(job: usize, begin: i32, end: i32): void {
  const runChunks = load<i32>(job, W.RUN_CHUNKS);
  const rowChunks = load<i32>(job, W.ROW_CHUNKS);
  const columnChunks = load<i32>(job, W.COLUMN_CHUNKS);
  const runRows = load<i32>(job, W.RUN_ROWS);
  const cRow = load<usize>(job, W.C_ROW);
  const images = load<i32>(job, W.IMAGES);
  const height = load<i32>(job, W.HEIGHT);
  const width = load<i32>(job, W.WIDTH);
  const blockImages = load<i32>(job, W.BLOCK_IMAGES);
  const blockLines = load<i32>(job, W.BLOCK_LINES);
  const blockWidth = load<i32>(job, W.BLOCK_WIDTH);
  const aStep = load<usize>(job, W.A_STEP);
  const bStep = load<usize>(job, W.B_STEP);
  for (let unit = begin; unit < end; unit++) {
    let rest = unit / columnChunks;
    const column0 = (unit - rest * columnChunks) * load<i32>(job, W.UNIT_COLUMNS);
    const columns = min(load<i32>(job, W.UNIT_COLUMNS), load<i32>(job, W.COLUMNS) - column0);
    let next = rest / rowChunks;
    const row0 = (rest - next * rowChunks) * load<i32>(job, W.UNIT_ROWS);
    const rows = min(load<i32>(job, W.UNIT_ROWS), runRows - row0);
    const product = next / runChunks;
    const run0 = (next - product * runChunks) * load<i32>(job, W.UNIT_RUNS);
    const run1 = min(run0 + load<i32>(job, W.UNIT_RUNS), load<i32>(job, W.RUN_COUNT));
    const a = load<usize>(job, W.A) + product * load<usize>(job, W.PRODUCTS_A) + (<usize>row0 << 2);
    const b = load<usize>(job, W.B) + product * load<usize>(job, W.PRODUCTS_B) + (<usize>column0 << 2);
    const c = load<usize>(job, W.C) + product * load<usize>(job, W.PRODUCTS_C) + row0 * cRow + (<usize>column0 << 2);
    if (!load<i32>(job, W.ACCUMULATES)) {
      for (let run = run0; run < run1; run++) {
        let at = c + (run * runRows) * cRow;
        for (let row = 0; row < rows; row++, at += cRow) memory.fill(at, 0, <usize>columns << 2);
      }
    }
    for (let image = 0; image < images; image += blockImages) {
      const imageCount = min(blockImages, images - image);
      for (let line = 0; line < height; line += blockLines) {
        for (let x = 0; x < width; x += blockWidth) {
          for (let run = run0; run < run1; run++) {
            const at = load<usize>(job, W.RUNS) + run * W.RUN_BYTES;
            const top = max(line, load<i32>(at, W.RUN_TOP));
            const bottom = min(line + blockLines, load<i32>(at, W.RUN_BOTTOM));
            const left = max(x, load<i32>(at, W.RUN_LEFT));
            const right = min(x + blockWidth, load<i32>(at, W.RUN_RIGHT));
            if (top >= bottom || left >= right) continue;
            addTiles(
              job,
              a + load<usize>(at, W.RUN_OFFSET) + image * load<usize>(job, W.A_IMAGE) + top * load<usize>(job, W.A_LINE) + left * aStep,
              b + image * load<usize>(job, W.B_IMAGE) + top * load<usize>(job, W.B_LINE) + left * bStep,
              c + (run * runRows) * cRow,
              rows, columns, imageCount, bottom - top, right - left,
            );
          }
        }
      }
    }
  }
}
