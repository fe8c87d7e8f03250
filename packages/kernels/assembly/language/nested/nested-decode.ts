// Nested codes of a row to bytes from its table of centroids: blocks of 128 columns, from a piece with the upper two
// bits and planes of one bit each.
//
// Byte j of the first 16 of a piece's 32 holds the upper two bits of columns j, 32 + j, 16 + j, 48 + j from its lowest
// bits up, the others those of columns from 64. A plane's 16 bytes hold in byte j column 16 s + j at the s-th of the
// bits 0, 4, 2, 6, 1, 5, 3, 7: so that bits merge to pairs, and pairs to nibbles, in few steps. A table is numbered by
// the piece (bits 0 and 1), then by the planes from bit 2 up.

/** Blocks that are decoded at once at most. */
export const CHUNK: i32 = 4;

export function decodeBlocks(
  w: usize,
  p: usize,
  planeBytes: usize,
  table: usize,
  bits: i32,
  blocks: i32,
  out: usize,
): void {
  if (bits <= 2) decode2(w, table, blocks, out);
  else if (bits == 3) decode3(w, p, table, blocks, out);
  else if (bits == 4) decode4(w, p, planeBytes, table, blocks, out);
  else if (bits <= 6) decode6(w, p, planeBytes, table, bits, blocks, out);
  else decodeWide(w, p, planeBytes, table, bits, blocks, out);
}

function decode2(w: usize, table: usize, blocks: i32, out: usize): void {
  const entries = v128.load(table);
  const pair = v128.load(MASKS, 48);
  for (let i = blocks << 1; i; i--) {
    const v = v128.load(w);
    v128.store(out, lookUp(entries, v128.and(v, pair)));
    v128.store(out, lookUp(entries, v128.and(i16x8.shr_u(v, 4), pair)), 16);
    v128.store(out, lookUp(entries, v128.and(i16x8.shr_u(v, 2), pair)), 32);
    v128.store(out, lookUp(entries, v128.and(i16x8.shr_u(v, 6), pair)), 48);
    w += 16;
    out += 64;
  }
}

function decode3(w: usize, p: usize, table: usize, blocks: i32, out: usize): void {
  const entries = v128.load(table);
  const even = v128.load(MASKS);
  const pairs = v128.load(MASKS, 16);
  const low = v128.load(MASKS, 32);
  for (let i = blocks; i; i--) {
    const v = v128.load(p);
    let q = v128.and(v, even);
    let c = v128.load(w);
    store32(out, entries, evenNibbles(c, q, pairs), low);
    store32(out + 32, entries, oddNibbles(c, q, pairs), low);
    q = v128.and(i16x8.shr_u(v, 1), even);
    c = v128.load(w, 16);
    store32(out + 64, entries, evenNibbles(c, q, pairs), low);
    store32(out + 96, entries, oddNibbles(c, q, pairs), low);
    w += 32;
    p += 16;
    out += 128;
  }
}

function decode4(
  w: usize,
  p: usize,
  planeBytes: usize,
  table: usize,
  blocks: i32,
  out: usize,
): void {
  const entries = v128.load(table);
  const even = v128.load(MASKS);
  const pairs = v128.load(MASKS, 16);
  const low = v128.load(MASKS, 32);
  for (let i = blocks; i; i--) {
    const v = v128.load(p);
    const u = v128.load(p + planeBytes);
    let q = evenPairs(v, u, even);
    let c = v128.load(w);
    store32(out, entries, evenNibbles(c, q, pairs), low);
    store32(out + 32, entries, oddNibbles(c, q, pairs), low);
    q = oddPairs(v, u, even);
    c = v128.load(w, 16);
    store32(out + 64, entries, evenNibbles(c, q, pairs), low);
    store32(out + 96, entries, oddNibbles(c, q, pairs), low);
    w += 32;
    p += 16;
    out += 128;
  }
}

// 5 or 6 bits: the further ones choose among tables of 16. Codes first, for all blocks, then what they stand for:
// all at once has more in hand than there are registers.
function decode6(
  w: usize,
  p: usize,
  planeBytes: usize,
  table: usize,
  bits: i32,
  blocks: i32,
  out: usize,
): void {
  const even = v128.load(MASKS);
  const pairs = v128.load(MASKS, 16);
  const low = v128.load(MASKS, 32);
  const further = v128.load(MASKS, 80);
  const third = planeBytes << 1;
  const fourth = third + planeBytes;
  let to = out;
  for (let i = blocks; i; i--) {
    const v = v128.load(p);
    const u = v128.load(p + planeBytes);
    const s = v128.load(p + third);
    const t = bits > 5 ? v128.load(p + fourth) : i8x16.splat(0);
    let q = evenPairs(v, u, even);
    let e = evenPairs(s, t, even);
    let c = v128.load(w);
    storeCodes(to, evenNibbles(c, q, pairs), oddNibbles(c, q, pairs), e, low, further);
    q = oddPairs(v, u, even);
    e = oddPairs(s, t, even);
    c = v128.load(w, 16);
    storeCodes(to + 64, evenNibbles(c, q, pairs), oddNibbles(c, q, pairs), e, low, further);
    w += 32;
    p += 16;
    to += 128;
  }
  if (bits > 5) lookUp64(table, blocks, out);
  else lookUp32(table, blocks, out);
}

// 64 columns, whose pairs of further bits are e.
// @ts-ignore: decorator
@inline
function storeCodes(out: usize, m: v128, k: v128, e: v128, low: v128, further: v128): void {
  v128.store(out, v128.or(v128.and(m, low), v128.and(i16x8.shl(e, 4), further)));
  v128.store(out, v128.or(v128.and(i16x8.shr_u(m, 4), low), v128.and(e, further)), 16);
  v128.store(out, v128.or(v128.and(k, low), v128.and(i16x8.shl(e, 2), further)), 32);
  v128.store(
    out,
    v128.or(v128.and(i16x8.shr_u(k, 4), low), v128.and(i16x8.shr_u(e, 2), further)),
    48,
  );
}

// An index that is not below 16 gives 0.
function lookUp32(table: usize, blocks: i32, out: usize): void {
  const a = v128.load(table);
  const b = v128.load(table, 16);
  const step = v128.load(MASKS, 96);
  for (let i = blocks << 2; i; i--) {
    let at = v128.load(out);
    v128.store(out, v128.or(i8x16.swizzle(a, at), i8x16.swizzle(b, i8x16.sub(at, step))));
    at = v128.load(out, 16);
    v128.store(out, v128.or(i8x16.swizzle(a, at), i8x16.swizzle(b, i8x16.sub(at, step))), 16);
    out += 32;
  }
}

function lookUp64(table: usize, blocks: i32, out: usize): void {
  const a = v128.load(table);
  const b = v128.load(table, 16);
  const c = v128.load(table, 32);
  const d = v128.load(table, 48);
  const step = v128.load(MASKS, 96);
  for (let i = blocks << 3; i; i--) {
    const at = v128.load(out);
    const next = i8x16.sub(at, step);
    const third = i8x16.sub(next, step);
    const fourth = i8x16.sub(third, step);
    v128.store(
      out,
      v128.or(
        v128.or(i8x16.swizzle(a, at), i8x16.swizzle(b, next)),
        v128.or(i8x16.swizzle(c, third), i8x16.swizzle(d, fourth)),
      ),
    );
    out += 16;
  }
}

// Any width above 4, for those that need not be fast.
function decodeWide(
  w: usize,
  p: usize,
  planeBytes: usize,
  table: usize,
  bits: i32,
  blocks: i32,
  out: usize,
): void {
  const even = v128.load(MASKS);
  const pairs = v128.load(MASKS, 16);
  const low = v128.load(MASKS, 32);
  for (let i = blocks << 1; i; i--) {
    const odd = i & 1;
    const v = v128.load(p);
    const u = v128.load(p + planeBytes);
    const q = odd ? oddPairs(v, u, even) : evenPairs(v, u, even);
    const c = v128.load(w);
    for (let s = 0; s < 4; s++) {
      const nibbles = s < 2 ? evenNibbles(c, q, pairs) : oddNibbles(c, q, pairs);
      const at = v128.and(i16x8.shr_u(nibbles, (s & 1) << 2), low);
      const bit = ((s & 1) << 2) + (s & 2) + odd;
      v128.store(out, lookUpWide(at, bit, p, planeBytes, table, bits));
      out += 16;
    }
    w += 16;
    if (odd) p += 16;
  }
}

function lookUpWide(
  at: v128,
  bit: i32,
  p: usize,
  planeBytes: usize,
  table: usize,
  bits: i32,
): v128 {
  const one = v128.load(MASKS, 64);
  for (let plane = 4; plane < bits; plane++) {
    const v = v128.load(p + <usize>(plane - 2) * planeBytes);
    at = v128.or(at, i16x8.shl(v128.and(i16x8.shr_u(v, bit), one), plane));
  }
  let c = i8x16.swizzle(v128.load(table), at);
  const step = i8x16.splat(16);
  for (let part = 1 << (bits - 4); part > 1; part--) {
    table += 16;
    at = i8x16.sub(at, step);
    c = v128.or(c, i8x16.swizzle(v128.load(table), at));
  }
  return c;
}

// @ts-ignore: decorator
@inline
export function lookUp(table: v128, at: v128): v128 {
  return RELAXED ? i8x16.relaxed_swizzle(table, at) : i8x16.swizzle(table, at);
}

// The even bits of two planes as pairs, and the odd ones.
// @ts-ignore: decorator
@inline
function evenPairs(v: v128, u: v128, even: v128): v128 {
  return v128.or(v128.and(v, even), i16x8.shl(v128.and(u, even), 1));
}

// @ts-ignore: decorator
@inline
function oddPairs(v: v128, u: v128, even: v128): v128 {
  return v128.or(v128.and(i16x8.shr_u(v, 1), even), v128.andnot(u, even));
}

// Pairs of w (low) and q (high) as nibbles: the even ones of a byte, and the odd ones.
// @ts-ignore: decorator
@inline
function evenNibbles(w: v128, q: v128, pairs: v128): v128 {
  return v128.or(v128.and(w, pairs), i16x8.shl(v128.and(q, pairs), 2));
}

// @ts-ignore: decorator
@inline
function oddNibbles(w: v128, q: v128, pairs: v128): v128 {
  return v128.or(v128.and(i16x8.shr_u(w, 2), pairs), v128.andnot(q, pairs));
}

// @ts-ignore: decorator
@inline
function store32(out: usize, entries: v128, nibbles: v128, low: v128): void {
  v128.store(out, lookUp(entries, v128.and(nibbles, low)));
  v128.store(out, lookUp(entries, v128.and(i16x8.shr_u(nibbles, 4), low)), 16);
}

// In memory rather than v128.const, which V8 13 makes anew at every use in a loop. From byte 0: even bits, even pairs,
// low nibbles, lowest pairs, lowest bits, the pair above the low nibble, sixteens.
const MASKS = memory.data<u32>([
  0x55555555, 0x55555555, 0x55555555, 0x55555555, 0x33333333, 0x33333333, 0x33333333, 0x33333333,
  0x0f0f0f0f, 0x0f0f0f0f, 0x0f0f0f0f, 0x0f0f0f0f, 0x03030303, 0x03030303, 0x03030303, 0x03030303,
  0x01010101, 0x01010101, 0x01010101, 0x01010101, 0x30303030, 0x30303030, 0x30303030, 0x30303030,
  0x10101010, 0x10101010, 0x10101010, 0x10101010,
]);

export const PAIRS_OF_BYTES: usize = MASKS + 48;
