import type { Tensor } from "@edgewright/core";
import type { Arena } from "@edgewright/kernels";
import type { Kept } from "../lowering/lowering.js";

/** Memory made from constants once: raw or packed weights, by constant and key. */
export class KeptMemory {
  readonly #byConstant = new Map<Tensor, Map<string, Kept>>();
  #bytes = 0;

  /** Bytes in WebAssembly memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The memory made from `constant` under `key`; made now if it is not there. */
  keep<T extends Kept>(constant: Tensor, key: string, make: () => T): T {
    let byKey = this.#byConstant.get(constant);
    if (byKey === undefined) {
      byKey = new Map();
      this.#byConstant.set(constant, byKey);
    }
    const known = byKey.get(key);
    if (known !== undefined) return known as T;
    const made = make();
    byKey.set(key, made);
    this.#bytes += made.bytes;
    return made;
  }

  /** Address of the constant's elements as they are. */
  upload(arena: Arena, constant: Tensor): number {
    return this.keep(constant, "", () => arena.upload(constant.data)).ptr;
  }

  dispose(): void {
    for (const byKey of this.#byConstant.values()) {
      for (const kept of byKey.values()) kept.dispose();
    }
    this.#byConstant.clear();
    this.#bytes = 0;
  }
}
