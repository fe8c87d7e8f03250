// Rows of tables with nested codes and binary-coded weights as floats; see ../embed-rows.ts for the common words.
import { loadLanes, storeLanes } from "../../lanes";
import { thread } from "../../thread";
import { planeAt } from "./binary-coded";
import { CHUNK, decodeBlocks } from "./nested-decode";

const TABLE: usize = 0;
const IDS: usize = 4; // i32 [n]
const Y: usize = 8; // f32 [n, columns]
const ROWS: usize = 12;
const COLUMNS: usize = 16;
const STEPS: usize = 20; // blocks of 128 columns, or steps of 8
const BITS: usize = 24;
const SCALES: usize = 28;

const PLANES: usize = 32;
const PLANE_BYTES: usize = 36;
const FACTORS: usize = 40;
const SCRATCH: usize = 44; // 512 bytes a thread

export function embed_nested(params: usize, begin: i32, end: i32): void {
  const columns = load<i32>(params, COLUMNS);
  const blocks = load<i32>(params, STEPS);
  const bits = load<i32>(params, BITS);
  const codes = load<usize>(params, SCRATCH) + (thread << 9);
  for (let unit = begin; unit < end; unit++) {
    const id = load<u32>(load<usize>(params, IDS) + (<usize>unit << 2));
    let y = load<usize>(params, Y) + ((<usize>unit * <usize>columns) << 2);
    if (id >= load<u32>(params, ROWS)) {
      memory.fill(y, 0, <usize>columns << 2);
      continue;
    }
    const factors = load<usize>(params, FACTORS) + (<usize>id << 3);
    const scale = v128.load_splat<f32>(factors);
    const offset = v128.load_splat<f32>(factors, 4);
    let left = columns;
    for (let block = 0; block < blocks; block += CHUNK) {
      const count = min(CHUNK, blocks - block);
      const at = <usize>(id & ~3) * blocks + (block << 2) + (id & 3) * count;
      decodeBlocks(
        load<usize>(params, TABLE) + (at << 5),
        load<usize>(params, PLANES) + (at << 4),
        load<usize>(params, PLANE_BYTES),
        load<usize>(params, SCALES) + (<usize>id << max(4, bits)),
        bits,
        count,
        codes,
      );
      const last = codes + (<usize>count << 7);
      for (let c = codes; c < last && left > 0; c += 4) {
        const v = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(c)));
        storeLanes(y, f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(v), scale), offset), left);
        y += 16;
        left -= 4;
      }
    }
  }
}

const PANELS: usize = 32;
const FIRST: usize = 36;
const GROUP_STEPS: usize = 40;
const GROUPS: usize = 44;
const HALVES: usize = 48; // 1: scales are bfloat16

export function embed_binary_coded(params: usize, begin: i32, end: i32): void {
  const columns = load<i32>(params, COLUMNS);
  const steps = load<i32>(params, STEPS);
  const bits = load<i32>(params, BITS);
  const groups = load<i32>(params, GROUPS);
  const groupSteps = load<i32>(params, GROUP_STEPS);
  for (let unit = begin; unit < end; unit++) {
    const id = load<u32>(load<usize>(params, IDS) + (<usize>unit << 2));
    const y = load<usize>(params, Y) + ((<usize>unit * <usize>columns) << 2);
    if (id >= load<u32>(params, ROWS)) {
      memory.fill(y, 0, <usize>columns << 2);
      continue;
    }
    const panel = <i32>(id >> 6);
    const row = id & 63;
    // Byte of the row among 16: even ones for the first 8 rows, odd ones for the others.
    const lane = (row & 48) + ((row & 7) << 1) + ((row & 8) >> 3);
    const scales = panel * (bits + 1) * groups;
    for (let plane = -1; plane < bits; plane++) {
      const at = max(0, planeAt(panel, plane, load<i32>(params, PANELS), load<i32>(params, FIRST)));
      let w = load<usize>(params, TABLE) + ((<usize>at * <usize>steps) << 6) + lane;
      let to = y;
      let left = columns;
      let scale = scales + (plane + 1) * groups;
      for (let step = 0; step < steps; step++) {
        if (step && step % groupSteps == 0) scale++;
        const s = f32x4.splat(scaleOf(params, scale, row));
        if (plane < 0) {
          storeLanes(to, s, left);
          if (left > 4) storeLanes(to + 16, s, left - 4);
        } else {
          const byte = i32x4.splat(load<u8>(w));
          addSigned(to, byte, v128.load(BITS_OF), s, left);
          if (left > 4) addSigned(to + 16, byte, v128.load(BITS_OF, 16), s, left - 4);
        }
        w += 64;
        to += 32;
        left -= 8;
      }
    }
  }
}

// The scale of a row in the `at`-th 64 of them.
function scaleOf(params: usize, at: i32, row: u32): f32 {
  const scales = load<usize>(params, SCALES);
  if (!load<i32>(params, HALVES)) return load<f32>(scales + (<usize>at << 8) + (<usize>row << 2));
  const lane = (row & 56) | ((row & 3) << 1) | ((row >> 2) & 1);
  return reinterpret<f32>(<u32>load<u16>(scales + (<usize>at << 7) + (<usize>lane << 1)) << 16);
}

// y += or -= s for up to 4 floats, by the bits of a byte.
function addSigned(y: usize, byte: v128, bits: v128, s: v128, count: i32): void {
  const set = i32x4.eq(v128.and(byte, bits), bits);
  const signed = v128.bitselect(s, f32x4.neg(s), set);
  storeLanes(y, f32x4.add(loadLanes(y, count), signed), count);
}

const BITS_OF = memory.data<u32>([1, 2, 4, 8, 16, 32, 64, 128]);
