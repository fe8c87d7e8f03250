/**
 * The CRC-32 of bytes (IEEE 802.3, as in zip and PNG): tells a damaged tensor from a whole one.
 *
 * @param before the checksum of the bytes before these, to go on from. @default 0
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  const tables = crcTables();
  const [t0, t1, t2, t3] = tables as [Uint32Array, Uint32Array, Uint32Array, Uint32Array];
  let crc = ~before;
  let at = 0;
  // Four bytes at a time, by tables that know what three more zero bytes make of each (slicing-by-4).
  for (; at + 4 <= bytes.length; at += 4) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc = t3[crc & 255]! ^ t2[(crc >>> 8) & 255]! ^ t1[(crc >>> 16) & 255]! ^ t0[crc >>> 24]!;
  }
  for (; at < bytes.length; at++) crc = t0[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

let made: readonly Uint32Array[] | undefined;

function crcTables(): readonly Uint32Array[] {
  if (made) return made;
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
    return crc;
  });
  const tables = [first];
  for (let i = 1; i < 4; i++) {
    tables.push(tables[i - 1]!.map((crc) => first[crc & 255]! ^ (crc >>> 8)));
  }
  made = tables;
  return tables;
}
