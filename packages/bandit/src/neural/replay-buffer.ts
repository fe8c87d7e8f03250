import { ValidationError } from "@edgewright/core";
import { decodeFloat64, encodeFloat64 } from "../policy/float64-text.js";
import { decodeFloat32, encodeFloat32 } from "./float32-text.js";

/** What {@link ReplayBuffer.state} gives. */
export interface ReplayState {
  readonly count: number;
  readonly next: number;
  readonly inputs: string;
  readonly rewards: string;
  readonly weights: string;
  readonly heads: readonly number[];
}

/** The last examples a network learns from, in memory that is bounded: a new one takes the place of the oldest. */
export class ReplayBuffer {
  readonly capacity: number;
  readonly width: number;
  /** Inputs of the network, [count, width]. */
  inputs: Float32Array;
  rewards: Float32Array;
  weights: Float64Array;
  /** The output that each example is about. */
  heads: Int32Array;
  count = 0;
  #next = 0;

  constructor(capacity: number, width: number) {
    this.capacity = capacity;
    this.width = width;
    const rows = Math.min(capacity, 64);
    this.inputs = new Float32Array(rows * width);
    this.rewards = new Float32Array(rows);
    this.weights = new Float64Array(rows);
    this.heads = new Int32Array(rows);
  }

  /** Adds an example, whose input is the context followed by the features of the arm. */
  add(
    context: ArrayLike<number>,
    armFeatures: ArrayLike<number>,
    head: number,
    reward: number,
    weight: number,
  ): void {
    this.#makeRoom();
    const row = this.#next;
    this.inputs.set(context, row * this.width);
    this.inputs.set(armFeatures, row * this.width + context.length);
    this.rewards[row] = reward;
    this.weights[row] = weight;
    this.heads[row] = head;
    this.count = Math.max(this.count, row + 1);
    this.#next = (row + 1) % this.capacity;
  }

  /** Drops the examples of an output, the others staying in their order. */
  removeHead(head: number): void {
    const { count, width } = this;
    const oldest = count < this.capacity ? 0 : this.#next;
    const order = Array.from({ length: count }, (_, i) => (oldest + i) % count);
    const kept = order.filter((row) => this.heads[row] !== head);
    const pick = (from: Float32Array): Float32Array => {
      const to = new Float32Array(from.length);
      kept.forEach((row, i) => {
        to[i] = from[row]!;
      });
      return to;
    };
    const inputs = new Float32Array(this.inputs.length);
    kept.forEach((row, i) => {
      inputs.set(this.inputs.subarray(row * width, (row + 1) * width), i * width);
    });
    this.inputs = inputs;
    this.rewards = pick(this.rewards);
    this.weights = Float64Array.from(this.weights, (_, i) => this.weights[kept[i] ?? 0]!);
    this.heads = Int32Array.from(this.heads, (_, i) => this.heads[kept[i] ?? 0]!);
    this.count = kept.length;
    this.#next = kept.length % this.capacity;
  }

  state(): ReplayState {
    const { count, width } = this;
    return {
      count,
      next: this.#next,
      inputs: encodeFloat32(this.inputs.subarray(0, count * width)),
      rewards: encodeFloat32(this.rewards.subarray(0, count)),
      weights: encodeFloat64(this.weights.subarray(0, count)),
      heads: [...this.heads.subarray(0, count)],
    };
  }

  /**
   * A buffer that goes on from a state.
   *
   * @throws ValidationError when the state is damaged or of another buffer
   */
  restored(state: unknown, headCount: number, where: string): ReplayBuffer {
    const given = (state ?? {}) as Partial<ReplayState>;
    const { capacity, width } = this;
    const count = given.count as number;
    const next = given.next as number;
    const heads = given.heads as readonly number[];
    const filled = Number.isInteger(count) && count >= 0 && count <= capacity;
    // Before the buffer is full, the next example goes behind the last one.
    const placed =
      count < capacity ? next === count : Number.isInteger(next) && next >= 0 && next < capacity;
    const known =
      Array.isArray(heads) &&
      heads.length === count &&
      heads.every((head) => Number.isInteger(head) && head >= 0 && head < headCount);
    if (!filled || !placed || !known) {
      throw new ValidationError(
        `${where}: up to ${capacity} examples in order were expected; the snapshot is damaged or of another policy`,
      );
    }
    const inputs = decodeFloat32(given.inputs, count * width, `${where}.inputs`);
    const rewards = decodeFloat32(given.rewards, count, `${where}.rewards`);
    const weights = decodeFloat64(given.weights, count, `${where}.weights`);
    if (weights.some((weight) => !(weight > 0))) {
      throw new ValidationError(`${where}: weights above 0 were expected; the snapshot is damaged`);
    }
    const buffer = new ReplayBuffer(capacity, width);
    buffer.inputs = inputs;
    buffer.rewards = rewards;
    buffer.weights = weights;
    buffer.heads = Int32Array.from(heads);
    buffer.count = count;
    buffer.#next = next;
    return buffer;
  }

  #makeRoom(): void {
    const rows = this.rewards.length;
    if (this.#next < rows) return;
    const wider = Math.min(this.capacity, Math.max(64, 2 * rows));
    const grow = <T extends Float32Array | Float64Array | Int32Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.inputs = grow(this.inputs, new Float32Array(wider * this.width));
    this.rewards = grow(this.rewards, new Float32Array(wider));
    this.weights = grow(this.weights, new Float64Array(wider));
    this.heads = grow(this.heads, new Int32Array(wider));
  }
}
