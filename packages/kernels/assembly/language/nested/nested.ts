// y = W x for nested codes, whose upper bits are the codes of fewer bits. A product of b bits reads the first b of
// them: two in one piece, then planes of one bit. Lanes are columns, because every row has a table of its own: codes
// become bytes of 8-bit centroids (7-bit ones for the relaxed dot product), which then meet the codes of x.
import { addPair } from "../../generated/nested-pair";
import { multiplyAdd } from "../../lanes";
import { thread } from "../../thread";
import {
  finishLanes,
  GROUP_STEPS,
  INFO,
  INFO_STRIDE,
  N,
  ROWS,
  SCALES,
  STEPS,
  W,
  X,
  X_STRIDE,
} from "../linear/words";
import { CHUNK, decodeBlocks } from "./nested-decode";
import { addProducts, BLOCK_BYTES, LOW_BYTES, STEP_BYTES } from "./nested-rows";

// STEPS: blocks of 128 columns. GROUP_STEPS: bits. SCALES: tables, [row][entries], at least 16 bytes each.
// W: the pieces, [four rows][chunk of 4 blocks][row][block][32 bytes], so that one sequential stream feeds four rows.
const PLANES: usize = 64; // [plane from the third on][four rows][chunk][row][block][16 bytes]
const PLANE_BYTES: usize = 68;
const FACTORS: usize = 72; // [row][f32 value of one centroid's code, f32 value of code 0]
const SCRATCH: usize = 76;
const SCRATCH_BYTES: usize = 80; // of a thread: DECODED, then for each row of x RUNNING and 32 for results

const DECODED: usize = 4 * 512; // four rows of a chunk
const RUNNING: usize = 64; // four rows' sums, four lanes each

// A unit is 8 rows of W, for all rows of x.
export function linear_nested(params: usize, begin: i32, end: i32): void {
  const n = load<i32>(params, N);
  const scratch = load<usize>(params, SCRATCH) + thread * load<usize>(params, SCRATCH_BYTES);
  const results = scratch + DECODED + <usize>n * RUNNING;
  for (let panel = begin; panel < end; panel++) {
    fourRows(panel << 3, n, scratch, results, params);
    fourRows((panel << 3) + 4, n, scratch, results + 16, params);
    for (let r = 0; r < n; r++) {
      const y = results + (<usize>r << 5);
      finishLanes(v128.load(y), v128.load(y, 16), panel << 3, r, params);
    }
  }
}

// Rows of W are packed in eights, so that there are four.
function fourRows(row: i32, n: i32, scratch: usize, results: usize, params: usize): void {
  if (row >= load<i32>(params, ROWS)) return;
  const blocks = load<i32>(params, STEPS);
  const bits = load<i32>(params, GROUP_STEPS);
  const running = scratch + DECODED;
  memory.fill(running, 0, <usize>n * RUNNING);
  for (let block = 0; block < blocks; block += CHUNK) {
    const count = min(CHUNK, blocks - block);
    if (n == 1 && bits == 2) {
      addRows(row, block, count, blocks, running, params);
      continue;
    }
    for (let i = 0; i < 4; i++) {
      const at = row * blocks + (block << 2) + i * count;
      decodeBlocks(
        load<usize>(params, W) + (<usize>at << 5),
        load<usize>(params, PLANES) + (<usize>at << 4),
        load<usize>(params, PLANE_BYTES),
        load<usize>(params, SCALES) + (<usize>(row + i) << max(4, bits)),
        bits,
        count,
        scratch + (<usize>i << 9),
      );
    }
    let x = load<usize>(params, X) + <usize>block * BLOCK_BYTES;
    let info = load<usize>(params, INFO) + 4 + (<usize>block << 2);
    for (let r = 0; r < n; r++) {
      multiplyChunk(scratch, x, info, count, running + <usize>r * RUNNING);
      x += load<usize>(params, X_STRIDE);
      info += load<usize>(params, INFO_STRIDE);
    }
  }
  const factors = load<usize>(params, FACTORS) + (<usize>row << 3);
  const a = v128.load(factors);
  const b = v128.load(factors, 16);
  const scales = v128.shuffle<f32>(a, b, 0, 2, 4, 6);
  const offsets = v128.shuffle<f32>(a, b, 1, 3, 5, 7);
  for (let r = 0; r < n; r++) {
    const info = load<usize>(params, INFO) + <usize>r * load<usize>(params, INFO_STRIDE);
    const offset = f32x4.mul(v128.load_splat<f32>(info), offsets);
    const sums = addAcross(running + <usize>r * RUNNING);
    v128.store(results + (<usize>r << 5), f32x4.add(f32x4.mul(sums, scales), offset));
  }
}

// Adds the products of four rows of 2 bits with the only row of x: what is decoded never goes to memory.
function addRows(row: i32, block: i32, count: i32, blocks: i32, running: usize, params: usize): void {
  const w = load<usize>(params, W) + (<usize>(row * blocks + (block << 2)) << 5);
  const rowBytes = <usize>count << 5;
  const table = load<usize>(params, SCALES) + (<usize>row << 4);
  const x = load<usize>(params, X) + <usize>block * BLOCK_BYTES;
  const info = load<usize>(params, INFO) + 4 + (<usize>block << 2);
  addPair(w, rowBytes, table, x, info, count, running);
  addPair(w + (rowBytes << 1), rowBytes, table + 32, x, info, count, running + 32);
}

// The sums of the lanes of four vectors.
function addAcross(at: usize): v128 {
  const a = v128.load(at);
  const b = v128.load(at, 16);
  const c = v128.load(at, 32);
  const d = v128.load(at, 48);
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

// Adds the products of four decoded rows with one row of x.
function multiplyChunk(c: usize, x: usize, info: usize, blocks: i32, running: usize): void {
  const bytes = v128.load(LOW_BYTES);
  let y0 = v128.load(running);
  let y1 = v128.load(running, 16);
  let y2 = v128.load(running, 32);
  let y3 = v128.load(running, 48);
  for (let block = blocks; block; block--) {
    let s0 = i32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (let i = 8; i; i--) {
      s0 = addProducts(s0, v128.load(c), x, bytes);
      s1 = addProducts(s1, v128.load(c, 512), x, bytes);
      s2 = addProducts(s2, v128.load(c, 1024), x, bytes);
      s3 = addProducts(s3, v128.load(c, 1536), x, bytes);
      c += 16;
      x += STEP_BYTES;
    }
    const value = v128.load_splat<f32>(info);
    y0 = multiplyAdd(y0, f32x4.convert_i32x4_s(s0), value);
    y1 = multiplyAdd(y1, f32x4.convert_i32x4_s(s1), value);
    y2 = multiplyAdd(y2, f32x4.convert_i32x4_s(s2), value);
    y3 = multiplyAdd(y3, f32x4.convert_i32x4_s(s3), value);
    info += 4;
  }
  v128.store(running, y0);
  v128.store(running, y1, 16);
  v128.store(running, y2, 32);
  v128.store(running, y3, 48);
}
