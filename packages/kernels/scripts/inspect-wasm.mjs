// Reads what the build checks from the bytes of a WebAssembly module.

/** Names of the exported functions. */
export function kernelNames(bytes) {
  const exports = WebAssembly.Module.exports(new WebAssembly.Module(bytes));
  return exports.filter(({ kind }) => kind === "function").map(({ name }) => name);
}

const DATA_SECTION = 11;
const I32_CONST = 0x41;

/** The byte behind the last one that a data segment initialises. */
export function staticDataEnd(bytes) {
  let at = 8; // behind the magic number and the version
  const leb = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0; // addresses of the first page: no sign to extend
    }
  };
  while (at < bytes.length) {
    const id = bytes[at++];
    const size = leb();
    if (id !== DATA_SECTION) {
      at += size;
      continue;
    }
    let end = 0;
    for (let left = leb(); left > 0; left--) {
      if (leb() !== 0 || bytes[at++] !== I32_CONST) throw new Error("expected active segments");
      const start = leb();
      at++; // end of the expression
      const length = leb();
      at += length;
      end = Math.max(end, start + length);
    }
    return end;
  }
  return 0;
}
