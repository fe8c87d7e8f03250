// Rows of the table of embeddings as floats, from the memory that the product with the tied output weights
// reads, so that the table is there once. A unit is a row of y; an id that is no row gives zeros and reads nothing.

const TABLE: usize = 0;
const IDS: usize = 4; // i32 [n]
const Y: usize = 8; // f32 [n, columns]
const ROWS: usize = 12;
const COLUMNS: usize = 16;
const PANEL_BYTES: usize = 20;

// Panels of 16 rows: [panel][column][row].
export function embed_f32(params: usize, begin: i32, end: i32): void {
  const columns = load<i32>(params, COLUMNS);
  const bytes = <usize>columns << 2;
  for (let unit = begin; unit < end; unit++) {
    const id = load<u32>(load<usize>(params, IDS) + (<usize>unit << 2));
    let y = load<usize>(params, Y) + <usize>unit * bytes;
    if (id >= load<u32>(params, ROWS)) {
      memory.fill(y, 0, bytes);
      continue;
    }
    let w = load<usize>(params, TABLE) + <usize>(id >> 4) * load<usize>(params, PANEL_BYTES);
    w += <usize>(id & 15) << 2;
    for (let i = columns; i; i--) {
      store<f32>(y, load<f32>(w));
      w += 64;
      y += 4;
    }
  }
}
