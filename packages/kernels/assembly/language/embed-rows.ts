// Rows of the table of embeddings as floats, from the memory that the product with the tied output weights
// reads, so that the table is there once. A unit is a row of y; an id that is no row gives zeros and reads nothing.
// The layouts are those of assembly/language/linear.

const TABLE: usize = 0;
const IDS: usize = 4; // i32 [n]
const Y: usize = 8; // f32 [n, columns]
const ROWS: usize = 12;
const COLUMNS: usize = 16;
const PANEL_BYTES: usize = 20;
const GROUP: usize = 24; // columns that share a scale
const GROUP_BYTES: usize = 28;
const OFFSETS: usize = 32; // 1: groups have 16 f32 offsets behind their scales
const SCALES: usize = 36; // f32 a row (ternary)
const CODES_AT: usize = 40; // bytes from the beginning of a group to its codes
const SCALES_AT: usize = 44; // and to its scales
const LIFT: usize = 48; // f32: 0, or scales are 16 bits and times this; see linear/words.ts

// Where the panel of the row of a unit begins; 0, and zeros in y, where there is no such row.
function panelOf(params: usize, unit: i32, id: u32, rowsOfPanel: u32): usize {
  if (id < load<u32>(params, ROWS)) {
    const panel = <usize>(id / rowsOfPanel);
    return load<usize>(params, TABLE) + panel * load<usize>(params, PANEL_BYTES);
  }
  memory.fill(rowOfY(params, unit), 0, load<usize>(params, COLUMNS) << 2);
  return 0;
}

// @ts-ignore: decorator
@inline
function idOf(params: usize, unit: i32): u32 {
  return load<u32>(load<usize>(params, IDS) + (<usize>unit << 2));
}

// @ts-ignore: decorator
@inline
function rowOfY(params: usize, unit: i32): usize {
  return load<usize>(params, Y) + ((<usize>unit * load<usize>(params, COLUMNS)) << 2);
}

// Panels of 16 rows: [panel][column][row].
export function embed_f32(params: usize, begin: i32, end: i32): void {
  for (let unit = begin; unit < end; unit++) {
    const id = idOf(params, unit);
    let w = panelOf(params, unit, id, 16);
    if (!w) continue;
    w += <usize>(id & 15) << 2;
    let y = rowOfY(params, unit);
    for (let i = load<i32>(params, COLUMNS); i; i--) {
      store<f32>(y, load<f32>(w));
      w += 64;
      y += 4;
    }
  }
}

// The same in 16 bits, where a 32-bit lane holds rows i (low half) and i + 4 of 8 rows.
export function embed_f16(params: usize, begin: i32, end: i32): void {
  embedHalves(params, begin, end, true);
}

export function embed_bf16(params: usize, begin: i32, end: i32): void {
  embedHalves(params, begin, end, false);
}

// @ts-ignore: decorator
@inline
function embedHalves(params: usize, begin: i32, end: i32, half: bool): void {
  const lift = reinterpret<f32>((127 + 112) << 23);
  for (let unit = begin; unit < end; unit++) {
    const id = idOf(params, unit);
    let w = panelOf(params, unit, id, 16);
    if (!w) continue;
    w += halfAt(id);
    let y = rowOfY(params, unit);
    for (let i = load<i32>(params, COLUMNS); i; i--) {
      if (half) store<f32>(y, float16At(w) * lift);
      else store<f32>(y, reinterpret<f32>(<i32>load<u16>(w) << 16));
      w += 32;
      y += 4;
    }
  }
}

// Where the half of a row lies among those of the 16 rows of its panel.
// @ts-ignore: decorator
@inline
function halfAt(id: u32): usize {
  return <usize>((id & 8) | ((id & 3) << 1) | ((id >> 2) & 1)) << 1;
}

// Moved to their places in an f32, the bits of an f16 are its value times 2^-112.
// @ts-ignore: decorator
@inline
function float16At(w: usize): f32 {
  return reinterpret<f32>(((<i32>load<u16>(w) << 16) >> 3) & 0x8fffe000);
}

// 8 bits in groups of columns: steps of 4 columns, 16 rows by 4 bytes, even columns with 128 added.
export function embed_int8(params: usize, begin: i32, end: i32): void {
  embedGroups(params, begin, end, false);
}

// 4 bits in groups of columns: steps of 8 columns, 16 rows by 4 bytes.
export function embed_int4(params: usize, begin: i32, end: i32): void {
  embedGroups(params, begin, end, true);
}

// @ts-ignore: decorator
@inline
function embedGroups(params: usize, begin: i32, end: i32, four: bool): void {
  const columns = load<i32>(params, COLUMNS);
  const group = load<i32>(params, GROUP);
  const groupBytes = load<usize>(params, GROUP_BYTES);
  const codesAt = load<usize>(params, CODES_AT);
  const scalesAt = load<usize>(params, SCALES_AT);
  const lift = load<f32>(params, LIFT);
  for (let unit = begin; unit < end; unit++) {
    const id = idOf(params, unit);
    let w = panelOf(params, unit, id, 16);
    if (!w) continue;
    const lane = <usize>(id & 15) << 2;
    const half = halfAt(id);
    let y = rowOfY(params, unit);
    for (let left = columns; left > 0; left -= group) {
      const codes = w + codesAt + lane;
      const scales = w + scalesAt + lane;
      const scale = lift > 0 ? float16At(w + scalesAt + half) * lift : load<f32>(scales);
      const offset: f32 = load<i32>(params, OFFSETS) ? load<f32>(scales, 64) : 0;
      const count = min(left, group);
      for (let col = 0; col < count; col++) {
        const code = four ? int4At(codes, col) : int8At(codes, col);
        store<f32>(y, <f32>code * scale + offset);
        y += 4;
      }
      w += groupBytes;
    }
  }
}

// @ts-ignore: decorator
@inline
function int8At(w: usize, col: i32): i32 {
  const byte = load<u8>(w + (<usize>(col >> 2) << 6) + <usize>(col & 3));
  return col & 1 ? <i32>(<i8>byte) : <i32>byte - 128;
}

// @ts-ignore: decorator
@inline
function int4At(w: usize, col: i32): i32 {
  const step = w + (<usize>(col >> 3) << 6);
  const at = col & 7;
  // The build with the relaxed dot product has columns j and j + 4 in byte j; the other has columns 0, 2, 4, 6 in the
  // nibbles of the first two bytes and 1, 3, 5, 7 in those of the last, the highest of each as signed numbers.
  if (RELAXED) return ((<i32>load<u8>(step + <usize>(at & 3)) >> (at & 4)) & 15) - 8;
  const byte = <i32>load<u8>(step + <usize>(((at & 1) << 1) + (at >> 2)));
  const nibble = (byte >> (((at >> 1) & 1) << 2)) & 15;
  return (at < 6 ? nibble : nibble ^ 8) - 8;
}

// -1, 0 and 1: panels of 64 rows, steps of 4 columns, a byte a row with the numbers 3 (first + 1) + second + 1 of two
// columns in its low nibble and of the next two in its high one.
export function embed_ternary(params: usize, begin: i32, end: i32): void {
  const columns = load<i32>(params, COLUMNS);
  for (let unit = begin; unit < end; unit++) {
    const id = idOf(params, unit);
    let w = panelOf(params, unit, id, 64);
    if (!w) continue;
    w += <usize>((id & 48) + ((id & 7) << 1) + ((id & 8) >> 3));
    const scale = load<f32>(load<usize>(params, SCALES) + (<usize>id << 2));
    let y = rowOfY(params, unit);
    for (let col = 0; col < columns; col++) {
      const byte = load<u8>(w + (<usize>(col >> 2) << 6));
      const pair = col & 2 ? byte >> 4 : byte & 15;
      const trit = (col & 1 ? pair % 3 : pair / 3) as i32;
      store<f32>(y, <f32>(trit - 1) * scale);
      y += 4;
    }
  }
}
