import { EdgewrightError } from "@edgewright/core";

const ALIGNMENT = 64; // a cache line: panels and vectors never straddle one
const PAGE = 65536;

/** A piece of WebAssembly memory; give it back with `dispose()` or a `using` declaration. */
export interface Allocation {
  /** Byte address, a multiple of 64. */
  readonly ptr: number;
  /** Usable bytes. */
  readonly bytes: number;
  /** Gives the memory back. A second call does nothing. */
  dispose(): void;
  /** `dispose` for a `using` declaration. */
  [Symbol.dispose](): void;
}

/**
 * Hands out pieces of one `WebAssembly.Memory`: first fit over a sorted free list, neighbours merged
 * on release, so that a long run of allocations and releases stays flat.
 *
 * Growing an unshared memory detaches every typed array over it: take views after allocating, by
 * {@link Arena.f32} and its like, and do not keep them.
 */
export class Arena {
  readonly memory: WebAssembly.Memory;
  #free: { ptr: number; bytes: number }[] = [];
  #end: number;
  #used = 0;
  #peak = 0;
  #live = true;
  /** Behind the last byte that was ever handed out: from there on memory is as the system gave it, all zeros. */
  #touched: number;

  /** @param base first byte that the arena may use; from there on all is zero */
  constructor(memory: WebAssembly.Memory, base: number) {
    this.memory = memory;
    const start = roundUp(base, ALIGNMENT);
    this.#touched = start;
    this.#end = memory.buffer.byteLength;
    if (this.#end > start) this.#free.push({ ptr: start, bytes: this.#end - start });
  }

  /** Bytes handed out now. */
  get used(): number {
    return this.#used;
  }

  /** The largest value that {@link Arena.used} has had. */
  get peak(): number {
    return this.#peak;
  }

  /** Bytes of the underlying memory. */
  get capacity(): number {
    return this.#end;
  }

  /**
   * Takes `bytes` bytes; their content is whatever was there before.
   *
   * @throws EdgewrightError `out-of-memory` when the memory cannot grow that far, `invalid-argument` when
   * `bytes` is not a whole number from 0, and `disposed` after {@link Arena.dispose}.
   */
  allocate(bytes: number): Allocation {
    if (!this.#live) {
      throw new EdgewrightError(
        "disposed",
        "Arena.allocate: the kernels that this memory belongs to were disposed of",
      );
    }
    if (!Number.isSafeInteger(bytes) || bytes < 0) {
      throw new EdgewrightError(
        "invalid-argument",
        `Arena.allocate: expected a whole number of bytes, got ${bytes}`,
      );
    }
    const size = Math.max(roundUp(bytes, ALIGNMENT), ALIGNMENT);
    let index = this.#free.findIndex((block) => block.bytes >= size);
    if (index < 0) {
      this.#grow(size);
      index = this.#free.length - 1;
    }
    const block = this.#free[index]!;
    const ptr = block.ptr;
    if (block.bytes === size) this.#free.splice(index, 1);
    else {
      block.ptr += size;
      block.bytes -= size;
    }
    this.#used += size;
    this.#peak = Math.max(this.#peak, this.#used);
    this.#touched = Math.max(this.#touched, ptr + size);
    let live = true;
    const dispose = (): void => {
      if (!live) return;
      live = false;
      this.#used -= size;
      this.#release(ptr, size);
    };
    return { ptr, bytes, dispose, [Symbol.dispose]: dispose };
  }

  /**
   * Takes `bytes` bytes that are zero. What was never handed out before is not written: systems give memory page by page
   * as it is touched, so that a large piece takes none until it is used.
   *
   * @throws as {@link Arena.allocate}.
   */
  allocateZeroed(bytes: number): Allocation {
    const touched = this.#touched;
    const allocation = this.allocate(bytes);
    const dirty = Math.min(bytes, touched - allocation.ptr);
    if (dirty > 0) this.u8(allocation.ptr, dirty).fill(0);
    return allocation;
  }

  /** A view of `length` floats at byte address `ptr`. */
  f32(ptr: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, ptr, length);
  }

  /** A view of `length` 32-bit integers at byte address `ptr`. */
  i32(ptr: number, length: number): Int32Array {
    return new Int32Array(this.memory.buffer, ptr, length);
  }

  /** A view of `length` bytes at byte address `ptr`. */
  u8(ptr: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, ptr, length);
  }

  /** A view of `length` signed bytes at byte address `ptr`. */
  i8(ptr: number, length: number): Int8Array {
    return new Int8Array(this.memory.buffer, ptr, length);
  }

  /** Copies a typed array into new memory. */
  upload(data: ArrayBufferView): Allocation {
    const allocation = this.allocate(data.byteLength);
    this.u8(allocation.ptr, data.byteLength).set(
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    );
    return allocation;
  }

  /** Ends the arena: it hands out nothing more. Disposing of its allocations remains allowed. */
  dispose(): void {
    this.#live = false;
  }

  #grow(size: number): void {
    const last = this.#free.at(-1);
    const tail = last && last.ptr + last.bytes === this.#end ? last.bytes : 0;
    // Growing costs 0.1 ms and more a step, so take an eighth on top where it can be had.
    const needed = Math.ceil((size - tail) / PAGE);
    const generous = Math.max(needed, Math.ceil(this.#end / 8 / PAGE));
    if (!this.#tryGrow(generous) && !this.#tryGrow(needed)) {
      throw new EdgewrightError(
        "out-of-memory",
        `Arena.allocate: no room for ${size} bytes beside the ${this.#used} in use; ` +
          "dispose of what is no longer needed or raise maximumBytes",
      );
    }
    const end = this.memory.buffer.byteLength;
    this.#release(this.#end, end - this.#end);
    this.#end = end;
  }

  #tryGrow(pages: number): boolean {
    try {
      this.memory.grow(pages);
      return true;
    } catch {
      return false;
    }
  }

  #release(ptr: number, bytes: number): void {
    let low = 0;
    let high = this.#free.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#free[middle]!.ptr < ptr) low = middle + 1;
      else high = middle;
    }
    const before = this.#free[low - 1];
    const after = this.#free[low];
    const joinsBefore = before !== undefined && before.ptr + before.bytes === ptr;
    const joinsAfter = after !== undefined && ptr + bytes === after.ptr;
    if (joinsBefore && joinsAfter) {
      before.bytes += bytes + after.bytes;
      this.#free.splice(low, 1);
    } else if (joinsBefore) before.bytes += bytes;
    else if (joinsAfter) {
      after.ptr = ptr;
      after.bytes += bytes;
    } else this.#free.splice(low, 0, { ptr, bytes });
  }
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
