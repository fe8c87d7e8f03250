// Argument words of `column_product_f32`, as byte offsets; src/training/product/column-product.ts writes
// them. Positions are what the product sums over: [images, height, width] of an output gradient.
export const A: usize = 0;
export const B: usize = 4;
export const C: usize = 8;
export const PRODUCTS_A: usize = 12; // bytes from one product of many to the next
export const PRODUCTS_B: usize = 16;
export const PRODUCTS_C: usize = 20;
export const RUNS: usize = 24; // table of runs: rows of C whose values in A lie side by side
export const RUN_COUNT: usize = 28;
export const RUN_ROWS: usize = 32; // rows of C in a run
export const COLUMNS: usize = 36;
export const C_ROW: usize = 40; // bytes from one row of C to the next
export const IMAGES: usize = 44;
export const HEIGHT: usize = 48;
export const WIDTH: usize = 52;
export const A_IMAGE: usize = 56; // bytes from one position to the next along each axis
export const A_LINE: usize = 60;
export const A_STEP: usize = 64;
export const B_IMAGE: usize = 68;
export const B_LINE: usize = 72;
export const B_STEP: usize = 76;
export const BLOCK_IMAGES: usize = 80; // positions summed in registers before C is touched
export const BLOCK_LINES: usize = 84;
export const BLOCK_WIDTH: usize = 88;
export const UNIT_RUNS: usize = 92; // a unit: runs x rows of each x columns
export const UNIT_ROWS: usize = 96;
export const UNIT_COLUMNS: usize = 100; // a multiple of 8
export const RUN_CHUNKS: usize = 104;
export const ROW_CHUNKS: usize = 108;
export const COLUMN_CHUNKS: usize = 112;
export const ACCUMULATES: usize = 116;

// A run: where its values lie relative to a position, and the positions that have them (others fall on
// padding and add nothing).
export const RUN_BYTES: usize = 20;
export const RUN_OFFSET: usize = 0;
export const RUN_TOP: usize = 4;
export const RUN_BOTTOM: usize = 8;
export const RUN_LEFT: usize = 12;
export const RUN_RIGHT: usize = 16;
