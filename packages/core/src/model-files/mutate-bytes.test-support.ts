import type { Rng } from "../rng.js";

/** Damages a file as disks, networks and attackers do; mostly at its beginning, where its promises stand. */
export function mutateBytes(bytes: Uint8Array, rng: Rng, headerBytes: number): Uint8Array {
  let out: Uint8Array = bytes.slice();
  const changes = 1 + rng.integer(0, 3);
  for (let i = 0; i < changes && out.length > 0; i++) {
    const within = rng.uniform() < 0.8 ? Math.min(headerBytes, out.length) : out.length;
    const at = rng.integer(0, Math.max(1, within));
    const kind = rng.integer(0, 8);
    if (kind === 0) out = out.slice(0, at);
    else if (kind === 1) out[at] = rng.integer(0, 256);
    else if (kind === 2) out[at] = out[at]! ^ (1 << rng.integer(0, 8));
    else if (kind === 3) out = splice(out, at, 0, out.subarray(at, at + rng.integer(1, 64)));
    else if (kind === 4) out = splice(out, at, rng.integer(1, 64), new Uint8Array(0));
    else if (kind === 5) out.copyWithin(at, rng.integer(0, out.length), out.length);
    else out.set(extremes(rng).subarray(0, out.length - at), at);
  }
  return out;
}

// Numbers at which counts and offsets overflow, in 4 or 8 bytes, either way round.
function extremes(rng: Rng): Uint8Array {
  const values = [
    0n,
    1n,
    0xffn,
    0x7fffffffn,
    0x80000000n,
    0xffffffffn,
    2n ** 53n,
    2n ** 63n,
    2n ** 64n - 1n,
  ];
  const bytes = new Uint8Array(8);
  const value = values[rng.integer(0, values.length)]!;
  new DataView(bytes.buffer).setBigUint64(0, value, rng.uniform() < 0.8);
  return rng.uniform() < 0.5 ? bytes : bytes.subarray(0, 4);
}

function splice(bytes: Uint8Array, at: number, drop: number, add: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.max(at, bytes.length - drop) + add.length);
  out.set(bytes.subarray(0, at));
  out.set(add, at);
  out.set(bytes.subarray(Math.min(bytes.length, at + drop)), at + add.length);
  return out.subarray(0, at + add.length + Math.max(0, bytes.length - at - drop));
}

/** The same for a JSON value: another type, another number, a part left out, doubled or nested in itself. */
export function mutateJson(value: unknown, rng: Rng): unknown {
  const copy: unknown = structuredClone(value);
  const changes = 1 + rng.integer(0, 2);
  for (let i = 0; i < changes; i++) mutateOnce(copy, rng);
  return copy;
}

function mutateOnce(root: unknown, rng: Rng): void {
  let parent = root as Record<string, unknown>;
  for (let depth = 0; depth < 12; depth++) {
    const keys = Object.keys(parent);
    if (keys.length === 0) return;
    const key = keys[rng.integer(0, keys.length)]!;
    const child = parent[key];
    if (typeof child === "object" && child !== null && rng.uniform() < 0.75) {
      parent = child as Record<string, unknown>;
      continue;
    }
    const kinds: (() => void)[] = [
      () => delete parent[key],
      () => (parent[key] = null),
      () => (parent[key] = []),
      () => (parent[key] = {}),
      () => (parent[key] = -1),
      () => (parent[key] = 1e12),
      () => (parent[key] = 0.5),
      () => (parent[key] = ""),
      () => (parent[key] = "(a+)+$"),
      () => (parent[key] = "x".repeat(5000)),
      () => (parent[key] = child === undefined ? 1 : [child, child]),
      () => (parent[key] = parent[keys[rng.integer(0, keys.length)]!]),
      () => (parent[key] = structuredClone(root)),
      () => (parent["\ud800"] = child),
    ];
    kinds[rng.integer(0, kinds.length)]!();
    return;
  }
}
