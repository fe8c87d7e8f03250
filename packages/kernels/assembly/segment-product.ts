// The one multiply-accumulate kernel behind GEMM and every convolution but the depthwise.
//
//   C[i, j] = activation(bias[j] + sum over segments s, positions l of A_i[s][l] * B[s, l, j] + residual[i, j])
//
// A row of A is S segments of L contiguous floats. Where the segments of a row lie is the same for all
// rows but for their start, so a list of S jumps describes it. B is packed in panels of 8 columns,
// [panel][s * L + l][8], which makes every read of B one stream, whatever the operation:
//
//   operation              row of A (start)            segments                        B
//   GEMM                   row i of A                  1 x k                           B
//   pointwise convolution  pixel (any stride)          1 x channels                    weights
//   k x k convolution      pixel of a padded image     kh x (kw * channels)            weights
//   dilated, grouped       pixel of a padded image     (kh * kw) x (channels / group)  weights
//   transposed (a phase)   pixel of a padded image     its taps of the kernel          weights
//   input gradient         = transposed convolution of the output gradient, weights rotated by 180 degrees
//   weight gradient        column of A: segments of 1  positions x 1                   output gradient
//
// The idea is EF-Train's unified kernel (one array of multipliers for forward and both backward passes,
// fed by contiguous tiles): Tang et al., "EF-Train", ACM TODAES 2022. The register tile is 4 rows x 8
// columns (8 accumulators, 2 vectors of B, up to 4 of A), 6 x 8 where one instruction multiplies and adds
// and no product takes a register; more, and V8 spills, which halves the speed. A is read in place by
// load-and-splat. scripts/generate-tiles.mjs writes the tiles.
//
// Units are (product, row block, column block); inside a unit the panels of CACHED_COLUMNS columns stay
// in L1 while the rows go by.
import { activate } from "./activation";
import { tile1, tile2, tile3, tile4, tile4Long, tile5, tile6Long } from "./generated/tiles";
import { setOutputRow } from "./output-rows";
import * as W from "./segment-words";

const TILE: i32 = RELAXED ? 6 : 4;

// Where the next rows of A and C start. Globals belong to an instance, and every thread has its own.
let rowStart: usize = 0;
let rowEnd: usize = 0;
let rowX: i32 = 0;
let rowY: i32 = 0;

function seekRow(job: usize, base: usize, out: usize, row: i32): void {
  const width = load<i32>(job, W.A_WIDTH);
  const height = load<i32>(job, W.A_HEIGHT);
  const line = row / width;
  const image = line / height;
  rowX = row - line * width;
  rowY = line - image * height;
  rowStart =
    base +
    row * load<usize>(job, W.A_COLUMN) +
    line * load<usize>(job, W.A_ROW) +
    image * load<usize>(job, W.A_IMAGE);
  rowEnd =
    out +
    row * load<usize>(job, W.C_COLUMN) +
    line * load<usize>(job, W.C_ROW) +
    image * load<usize>(job, W.C_IMAGE);
}

// Goes on to the next row and answers where this one of A starts.
// @ts-ignore: decorator
@inline
function nextRow(job: usize): usize {
  const start = rowStart;
  let next = start + load<usize>(job, W.A_COLUMN);
  let end = rowEnd + load<usize>(job, W.C_COLUMN);
  if (++rowX == load<i32>(job, W.A_WIDTH)) {
    rowX = 0;
    next += load<usize>(job, W.A_ROW);
    end += load<usize>(job, W.C_ROW);
    if (++rowY == load<i32>(job, W.A_HEIGHT)) {
      rowY = 0;
      next += load<usize>(job, W.A_IMAGE);
      end += load<usize>(job, W.C_IMAGE);
    }
  }
  rowStart = next;
  rowEnd = end;
  return start;
}

// The same, for a tile's row of this number.
// @ts-ignore: decorator
@inline
function takeRow(job: usize, row: i32): usize {
  setOutputRow(row, rowEnd);
  return nextRow(job);
}

function multiplyBlock(job: usize, product: i32, row0: i32, row1: i32, column0: i32, column1: i32): void {
  const inner = load<i32>(job, W.INNER);
  const o = <usize>(product / inner);
  const i = <usize>(product % inner);
  const a = load<usize>(job, W.A) + i * load<usize>(job, W.A_INNER) + o * load<usize>(job, W.A_OUTER);
  const b = load<usize>(job, W.B) + i * load<usize>(job, W.B_INNER);
  const c = load<usize>(job, W.C) + i * load<usize>(job, W.C_INNER) + o * load<usize>(job, W.C_OUTER);
  let residual = load<usize>(job, W.RESIDUAL);
  if (residual) residual += i * load<usize>(job, W.R_INNER) + o * load<usize>(job, W.R_OUTER);
  let bias = load<usize>(job, W.BIAS);
  if (bias) bias += i * load<usize>(job, W.BIAS_INNER);

  const cached = load<i32>(job, W.CACHED_COLUMNS);
  const panel = load<usize>(job, W.PANEL);
  const ldr = load<usize>(job, W.R_COLUMN);
  for (let column = column0; column < column1; column += cached) {
    const count = min(cached, column1 - column);
    const offset = <usize>column << 2;
    const bAt = b + (<usize>column >> 3) * panel;
    const biasAt = bias ? bias + offset : 0;
    let rAt = residual ? residual + row0 * ldr + offset : 0;
    seekRow(job, a, c, row0);
    let left = row1 - row0;
    while (left > 0) {
      // Two middling tiles rather than a full one and a thin one.
      const rows = left >= 2 * TILE || left == TILE ? TILE : left > TILE ? (left + 1) >> 1 : left;
      const a0 = takeRow(job, 0);
      if (rows == 1) tile1(job, a0, bAt, offset, rAt, biasAt, count);
      else {
        const a1 = takeRow(job, 1);
        if (rows == 2) tile2(job, a0, a1, bAt, offset, rAt, biasAt, count);
        else {
          const a2 = takeRow(job, 2);
          if (rows == 3) tile3(job, a0, a1, a2, bAt, offset, rAt, biasAt, count);
          else {
            const a3 = takeRow(job, 3);
            if (!RELAXED) tile4Long(job, a0, a1, a2, a3, bAt, offset, rAt, biasAt, count);
            else if (rows == 4) tile4(job, a0, a1, a2, a3, bAt, offset, rAt, biasAt, count);
            else {
              const a4 = takeRow(job, 4);
              if (rows == 5) tile5(job, a0, a1, a2, a3, a4, bAt, offset, rAt, biasAt, count);
              else tile6Long(job, a0, a1, a2, a3, a4, takeRow(job, 5), bAt, offset, rAt, biasAt, count);
            }
          }
        }
      }
      left -= rows;
      if (residual) rAt += rows * ldr;
    }
  }
  if (load<i32>(job, W.ACTIVATES)) {
    seekRow(job, a, c, row0);
    for (let row = row0; row < row1; row++) {
      activate(rowEnd + (<usize>column0 << 2), column1 - column0, job + W.ACTIVATION);
      nextRow(job);
    }
  }
}

export function segment_product_f32(job: usize, begin: i32, end: i32): void {
  const rows = load<i32>(job, W.ROWS);
  const columns = load<i32>(job, W.COLUMNS);
  const blockRows = load<i32>(job, W.BLOCK_ROWS);
  const rowBlocks = load<i32>(job, W.ROW_BLOCKS);
  const blockColumns = load<i32>(job, W.BLOCK_COLUMNS);
  const columnBlocks = load<i32>(job, W.COLUMN_BLOCKS);
  for (let unit = begin; unit < end; unit++) {
    const product = unit / (rowBlocks * columnBlocks);
    const block = unit % (rowBlocks * columnBlocks);
    const row = (block / columnBlocks) * blockRows;
    const column = (block % columnBlocks) * blockColumns;
    multiplyBlock(job, product, row, min(rows, row + blockRows), column, min(columns, column + blockColumns));
  }
}
