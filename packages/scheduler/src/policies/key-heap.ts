/**
 * A binary heap of values by a numeric key, the smallest first; equal keys by a second number. Keys lie in arrays
 * of their own, so that comparing them touches no object.
 */
export class KeyHeap<Value> {
  readonly #keys: number[] = [];
  readonly #orders: number[] = [];
  readonly #values: Value[] = [];

  get size(): number {
    return this.#keys.length;
  }

  /** Key of the first value; `Infinity` when empty. */
  get firstKey(): number {
    return this.#keys.length > 0 ? this.#keys[0]! : Infinity;
  }

  /** The value with the smallest key; undefined when empty. */
  get first(): Value | undefined {
    return this.#values[0];
  }

  push(key: number, order: number, value: Value): void {
    this.#keys.push(key);
    this.#orders.push(order);
    this.#values.push(value);
    this.#rise(this.#keys.length - 1, key, order, value);
  }

  pop(): Value | undefined {
    const value = this.#values[0];
    if (this.#values.length > 0) this.#removeAt(0);
    return value;
  }

  /** Takes out one value wherever it lies, in time linear in the size. @returns whether it was there */
  remove(value: Value): boolean {
    const at = this.#values.indexOf(value);
    if (at >= 0) this.#removeAt(at);
    return at >= 0;
  }

  #removeAt(at: number): void {
    const key = this.#keys.pop()!;
    const order = this.#orders.pop()!;
    const value = this.#values.pop()!;
    if (at === this.#keys.length) return;
    // The last one fills the gap: it may belong above it or below it.
    const hole = this.#sink(at, key, order, value);
    if (hole === at) this.#rise(at, key, order, value);
  }

  #rise(from: number, key: number, order: number, value: Value): void {
    const keys = this.#keys;
    const orders = this.#orders;
    const values = this.#values;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = keys[parent]!;
      if (above < key || (above === key && orders[parent]! <= order)) break;
      keys[at] = above;
      orders[at] = orders[parent]!;
      values[at] = values[parent]!;
      at = parent;
    }
    keys[at] = key;
    orders[at] = order;
    values[at] = value;
  }

  #sink(from: number, key: number, order: number, value: Value): number {
    const keys = this.#keys;
    const orders = this.#orders;
    const values = this.#values;
    const size = keys.length;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      const right = child + 1;
      if (right < size) {
        const one = keys[child]!;
        const other = keys[right]!;
        if (other < one || (other === one && orders[right]! < orders[child]!)) child = right;
      }
      const below = keys[child]!;
      if (below > key || (below === key && orders[child]! >= order)) break;
      keys[at] = below;
      orders[at] = orders[child]!;
      values[at] = values[child]!;
      at = child;
    }
    keys[at] = key;
    orders[at] = order;
    values[at] = value;
    return at;
  }
}
